"""Incremental decoding: run a causal network over new steps alone.

Running it over the whole sequence for each added state costs the square of the length.
`advance` keeps what later steps need of the earlier ones instead: the last hidden state
of a recurrence, the keys and values of an attention. It returns the outputs that the
layer itself returns.

A cache is a tensor (B, ...) or a tuple of caches; keys, values and their mask have the
steps as their second dimension.
"""

from functools import singledispatch

import torch
from torch.nn.functional import pad, scaled_dot_product_attention

from sklearn_seqattn.nn.attention import MultiHeadAttention, ScoredAttention
from sklearn_seqattn.nn.masking import causal_mask, masked_softmax
from sklearn_seqattn.nn.positions import SinusoidalPositions
from sklearn_seqattn.nn.recurrent import (
    PlainRecurrentLayer,
    RecurrentEncoder,
    RecurrentLayer,
    ResidualRecurrentLayer,
    run_cell,
)
from sklearn_seqattn.nn.transformer import TransformerEncoder, TransformerLayer


def take_rows(cache, rows):
    """Return the caches of some sequences.

    Parameters
    ----------
    cache : Tensor or tuple
        Of B sequences.
    rows : Tensor of shape (m,), int64
        Which of them, any number of times.

    Returns
    -------
    cache : Tensor or tuple
        Of m sequences.
    """
    if isinstance(cache, torch.Tensor):
        return cache[rows]
    return tuple(take_rows(part, rows) for part in cache)


def join_rows(caches):
    """Join the caches of several batches, which may differ in their numbers of steps.

    Parameters
    ----------
    caches : sequence
        Of one network.

    Returns
    -------
    cache : Tensor or tuple
        Of all sequences, in their order. Steps that a shorter one does not have are
        masked.
    """
    if not isinstance(caches[0], torch.Tensor):
        return tuple(join_rows(parts) for parts in zip(*caches, strict=True))
    longest = max(cache.shape[1] for cache in caches)
    return torch.cat([_lengthened(cache, longest) for cache in caches])


def _lengthened(cache, n_steps):
    """Pad the second dimension with zeros, or False."""
    missing = n_steps - cache.shape[1]
    return pad(cache, (0, 0) * (cache.dim() - 2) + (0, missing))


@singledispatch
def advance(layer, x, cache):
    """Run a layer over the next steps of sequences.

    Parameters
    ----------
    layer : nn.Module
        In evaluation mode.
    x : Tensor of shape (B, T, C)
        The next steps, as many of each sequence, at least one.
    cache : Tensor, tuple or None
        Of the steps before; None at first.

    Returns
    -------
    y : Tensor of shape (B, T, output_size)
        The outputs of these steps.
    cache : Tensor or tuple
        Of all steps so far.
    """
    raise TypeError(f"{type(layer).__name__} has no incremental decoding.")


@advance.register
def _(layer: RecurrentLayer, x, cache):
    if layer.backward_cell is not None:
        raise TypeError("A layer that also runs backward has no incremental decoding.")
    before = [part[None] for part in cache or ()]  # torch wants (1, B, H)
    h, *state = run_cell(layer.forward_cell, x, *before)
    return h, tuple(part[0] for part in state)


@advance.register
def _(layer: ResidualRecurrentLayer, x, cache):
    h, cache = advance(layer.recurrent, x, cache)
    return layer.norm(layer.shortcut(x) + h), cache


@advance.register
def _(layer: PlainRecurrentLayer, x, cache):
    return advance(layer.recurrent, x, cache)


@advance.register
def _(layer: RecurrentEncoder, x, cache):
    return _through(layer.layers, x, cache)


@advance.register
def _(layer: TransformerLayer, x, cache):
    h, cache = advance(layer.attention, layer.attention_norm(x), cache)
    x = x + h
    return x + layer.feed_forward(x), cache


@advance.register
def _(layer: TransformerEncoder, x, cache):
    x = layer.project(x)
    if isinstance(layer.positions, SinusoidalPositions):
        x = layer.positions(x, _places(x, None if cache is None else cache[0]))
    x, cache = _through(layer.layers, x, cache)
    return layer.norm(x), cache


def _through(layers, x, caches):
    """Run layers one after the other, each with its own cache."""
    after = []
    for layer, cache in zip(layers, caches or [None] * len(layers), strict=True):
        x, cache = advance(layer, x, cache)
        after.append(cache)
    return x, tuple(after)


@advance.register
def _(layer: MultiHeadAttention, x, cache):
    query, key = layer.projected(x, x, _places(x, cache))
    value = layer.projected_value(x)
    past = _extended(key.transpose(1, 2), value.transpose(1, 2), cache)
    if cache is None:
        return layer(x, x, x, past[2], causal=True), past
    key, value = (part.transpose(1, 2) for part in past[:2])  # (B, N, T, d)
    seen = _seen(x, past[2])[:, None]
    context = scaled_dot_product_attention(query, key, value, seen)
    return layer.joined_heads(context), past


@advance.register
def _(layer: ScoredAttention, x, cache):
    query, key = layer.score.projected(x, x)
    past = _extended(key, x, cache)
    if cache is None:
        return layer(x, x, x, past[2], causal=True), past
    key, value, mask = past
    weights = masked_softmax(layer.score.scores(query, key), _seen(x, mask))
    return weights @ value, past


def _extended(key, value, cache):
    """Add the keys (B, T, ...) and values of new steps to those of the cache."""
    new = key, value, key.new_ones(key.shape[:2], dtype=torch.bool)
    if cache is None:
        return new
    return tuple(torch.cat(parts, dim=1) for parts in zip(cache, new, strict=True))


def _seen(x, mask):
    """Mark what new steps see of all real steps, their own and earlier: (B, T, T_k)."""
    n_steps = mask.shape[1]
    queries = range(n_steps - x.shape[1], n_steps)
    return mask[:, None, :] & causal_mask(queries, n_steps, device=mask.device)


def _places(x, cache):
    """Return the places (B, T) of new steps, which follow those of the cache."""
    steps = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
    return steps if cache is None else steps + cache[2].sum(dim=1, keepdim=True)


def advance_network(network, cache, values, **features):
    """Run a next-state network over the next steps of sequences.

    Parameters
    ----------
    network : NextStateNetwork
        In evaluation mode.
    cache : tuple or None
        Of the steps before; None at first.
    values : Tensor of shape (B, T), int64
        Ids of the first states, as many of each sequence; or of one more, T = 1.
    **features : Tensor
        As `NextStateNetwork` takes them.

    Returns
    -------
    logits : Tensor of shape (B, K)
        Of what follows the last of these steps.
    cache : tuple
        Of all steps so far.
    """
    encoder_cache, attention_cache = (None, None) if cache is None else cache
    mask = torch.ones_like(values, dtype=torch.bool)
    x = network.embedding(values, mask, **features)
    h, encoder_cache = advance(network.encoder, x, encoder_cache)
    if network.attention is None:
        return network.head(h[:, -1]), (encoder_cache, ())
    context, attention_cache = advance(network.attention, h, attention_cache)
    z = torch.cat([context[:, -1], h[:, -1]], dim=-1)
    return network.head(z), (encoder_cache, attention_cache)
