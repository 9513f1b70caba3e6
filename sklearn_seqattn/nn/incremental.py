"""A next-state network run on from where it stopped, one step at a time.

To run it over a sequence again for each state that is added costs the square of the
length. What a later step needs of the earlier ones is little: the last hidden state of
a recurrence, the keys and values of an attention. `advance` takes and returns just
that, for each kind of layer, and gives what the layer itself would give.

A memory is a tensor (B, ...) or a tuple of memories; keys, values and their mask have
the steps as their second dimension.
"""

from functools import singledispatch

import torch
from torch.nn.functional import pad, scaled_dot_product_attention

from sklearn_seqattn.nn.attention import MultiHeadAttention, ScoredAttention
from sklearn_seqattn.nn.encoders import (
    PlainRecurrentLayer,
    RecurrentEncoder,
    RecurrentLayer,
    ResidualRecurrentLayer,
    TransformerEncoder,
    TransformerLayer,
)
from sklearn_seqattn.nn.masking import masked_softmax
from sklearn_seqattn.nn.positions import SinusoidalPositions


def take_rows(memory, rows):
    """Give the memories of some sequences.

    Parameters
    ----------
    memory : Tensor or tuple
        Of B sequences.
    rows : Tensor of shape (m,), int64
        Which of them, any number of times.

    Returns
    -------
    memory : Tensor or tuple
        Of m sequences.
    """
    if isinstance(memory, torch.Tensor):
        return memory[rows]
    return tuple(take_rows(part, rows) for part in memory)


def join_rows(memories):
    """Put the memories of several batches into one, those of more steps among them.

    Parameters
    ----------
    memories : sequence
        Of one network.

    Returns
    -------
    memory : Tensor or tuple
        Of all sequences, in their order. Steps that a shorter one does not have are
        masked.
    """
    if not isinstance(memories[0], torch.Tensor):
        return tuple(join_rows(parts) for parts in zip(*memories, strict=True))
    longest = max(memory.shape[1] for memory in memories)
    return torch.cat([_lengthened(memory, longest) for memory in memories])


def _lengthened(memory, n_steps):
    """Pad the second dimension with zeros, or False."""
    missing = n_steps - memory.shape[1]
    return pad(memory, (0, 0) * (memory.dim() - 2) + (0, missing))


@singledispatch
def advance(layer, x, memory):
    """Run a layer over the next steps of sequences.

    Parameters
    ----------
    layer : nn.Module
        In evaluation mode.
    x : Tensor of shape (B, T, C)
        The first steps, as many of each sequence; or one more, T = 1.
    memory : Tensor, tuple or None
        Of the steps before; None at first.

    Returns
    -------
    y : Tensor of shape (B, T, output_size)
        The rows of these steps.
    memory : Tensor or tuple
        Of all steps so far.
    """
    raise TypeError(f"{type(layer).__name__} cannot go on from a memory.")


@advance.register
def _(layer: RecurrentLayer, x, memory):
    if layer.backward_cell is not None:
        raise TypeError("A layer that also runs backward cannot go on from a memory.")
    state = None
    if memory is not None:
        state = tuple(part[None] for part in memory)  # torch wants (1, B, H)
        state = state if len(state) > 1 else state[0]
    h, state = layer.forward_cell(x, state)
    parts = state if isinstance(state, tuple) else (state,)
    return h, tuple(part[0] for part in parts)


@advance.register
def _(layer: ResidualRecurrentLayer, x, memory):
    h, memory = advance(layer.recurrent, x, memory)
    return layer.norm(layer.shortcut(x) + h), memory


@advance.register
def _(layer: PlainRecurrentLayer, x, memory):
    return advance(layer.recurrent, x, memory)


@advance.register
def _(layer: RecurrentEncoder, x, memory):
    return _through(layer.layers, x, memory)


@advance.register
def _(layer: TransformerLayer, x, memory):
    h, memory = advance(layer.attention, layer.attention_norm(x), memory)
    x = x + h
    return x + layer.feed_forward(x), memory


@advance.register
def _(layer: TransformerEncoder, x, memory):
    x = layer.project(x)
    if isinstance(layer.positions, SinusoidalPositions):
        x = layer.positions(x, _places(x, None if memory is None else memory[0]))
    x, memory = _through(layer.layers, x, memory)
    return layer.norm(x), memory


def _through(layers, x, memories):
    """Run layers one after the other, each with its own memory."""
    after = []
    for layer, memory in zip(layers, memories or [None] * len(layers), strict=True):
        x, memory = advance(layer, x, memory)
        after.append(memory)
    return x, tuple(after)


@advance.register
def _(layer: MultiHeadAttention, x, memory):
    query, key = layer.projected(x, x, _places(x, memory))
    value = layer.projected_value(x)
    past = _remembered(key.transpose(1, 2), value.transpose(1, 2), memory)
    if memory is None:
        return layer(x, x, x, past[2], causal=True), past
    key, value = (part.transpose(1, 2) for part in past[:2])  # (B, N, T, d)
    seen = past[2][:, None, None, :]
    context = scaled_dot_product_attention(query, key, value, seen)
    return layer.joined_heads(context), past


@advance.register
def _(layer: ScoredAttention, x, memory):
    query, key = layer.score.projected(x, x)
    past = _remembered(key, x, memory)
    if memory is None:
        return layer(x, x, x, past[2], causal=True), past
    key, value, seen = past
    weights = masked_softmax(layer.score.scores(query, key), seen[:, None, :])
    return weights @ value, past


def _remembered(key, value, memory):
    """Add the keys (B, T, ...) and values of new steps to those of an attention."""
    new = key, value, key.new_ones(key.shape[:2], dtype=torch.bool)
    if memory is None:
        return new
    return tuple(torch.cat(parts, dim=1) for parts in zip(memory, new, strict=True))


def _places(x, memory):
    """Give the places (B, T) of new steps: behind those that were seen."""
    steps = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
    return steps if memory is None else steps + memory[2].sum(dim=1, keepdim=True)


def advance_network(network, memory, values, **features):
    """Run a next-state network over the next steps of sequences.

    Parameters
    ----------
    network : NextStateNetwork
        In evaluation mode.
    memory : tuple or None
        Of the steps before; None at first.
    values : Tensor of shape (B, T), int64
        Ids of the first states, as many of each sequence; or of one more, T = 1.
    **features : Tensor
        As `NextStateNetwork` takes them.

    Returns
    -------
    logits : Tensor of shape (B, K)
        Of what follows the last of these steps.
    memory : tuple
        Of all steps so far.
    """
    encoder_memory, attention_memory = (None, None) if memory is None else memory
    mask = torch.ones_like(values, dtype=torch.bool)
    x = network.embedding(values, mask, **features)
    h, encoder_memory = advance(network.encoder, x, encoder_memory)
    if network.attention is None:
        return network.head(h[:, -1]), (encoder_memory, ())
    context, attention_memory = advance(network.attention, h, attention_memory)
    z = torch.cat([context[:, -1], h[:, -1]], dim=-1)
    return network.head(z), (encoder_memory, attention_memory)
