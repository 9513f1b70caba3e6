"""Whole networks as operators, from scaled values to logits or numbers."""

import numpy as np
from torch import nn

from sklearn_seqattn._ids import FIRST_ID
from sklearn_seqattn.export.attention import POOLINGS, attend, last_step
from sklearn_seqattn.export.encoders import add_encoder
from sklearn_seqattn.export.graph import as_float32
from sklearn_seqattn.export.kernels import add_partner
from sklearn_seqattn.export.layers import activation, add_layer, add_pooling
from sklearn_seqattn.nn.next_state_network import TiedHead


def add_sequence_network(network, graph, values, mask, static=None):
    """Add the network of a classifier or a regressor, its partner included.

    Parameters
    ----------
    network : SequenceNetwork
        In evaluation mode.
    graph : Graph
        Where its operators go.
    values, mask : str
        Names of the input (B, T, D), float32, or (B, T), int64; and of its mask.
    static : str or None, default=None
        Name of the static numbers, (B, P) float32.

    Returns
    -------
    outputs : str
        Name of the outputs (B, K): float32, or float64 with a partner.
    """
    x, real = _add_body(network, graph, values, mask)
    pooled = [_pool(one, graph, x, real) for one in network.pooling.poolings]
    pooled += [] if static is None else [static]
    outputs = _head(network.head, graph, graph.Concat(*pooled, axis=1))
    if network.kernel_partner is None:
        return outputs
    share, partner_share, constant = as_float32(network.mixture).astype(np.float64)
    partner = add_partner(network.kernel_partner, graph, values, mask, static)
    outputs = graph.Mul(graph.cast(outputs, np.float64), share)
    blended = graph.Add(outputs, graph.Mul(partner, partner_share))
    return graph.Add(blended, constant)


def _pool(pooling, graph, x, mask):
    """Add a pooling of the library or of the user."""
    return POOLINGS.get(type(pooling), add_pooling)(pooling, graph, x, mask)


def _add_body(network, graph, values, mask):
    """Add front end, encoder and attention: hidden states and their mask."""
    x, real = add_layer(network.front_end, graph, values, mask)
    x = add_encoder(network.encoder, graph, x, real)
    if network.attention is not None:
        layer = network.attention
        context = attend(layer.attention, graph, x, real)
        x = graph.layer_norm(
            layer.norm, graph.Add(x, context) if layer.residual else context
        )
    return x, real


def add_tagging_network(network, graph, values, mask, static=None):
    """Add the network of a tagger.

    Parameters
    ----------
    network : TaggingNetwork
        In evaluation mode.
    graph : Graph
        Where its operators go.
    values, mask, static : str
        As in `add_sequence_network`.

    Returns
    -------
    logits : str
        Name of the logits of all steps, (B, T, K) float32.
    """
    x, real = _add_body(network, graph, values, mask)
    if static is not None:
        shape = graph.Concat(graph.Shape(real), graph.size(static, 1), axis=0)
        x = graph.Concat(x, graph.Expand(graph.Unsqueeze(static, [1]), shape), axis=2)
    logits = _head(network.head, graph, x)
    if network.stride == 1:
        return logits
    steps, stride = graph.steps(mask, 1), np.int64(network.stride)
    last = graph.Sub(graph.counts(real), np.int64(1))  # (B, 1)
    before = graph.Min(graph.Div(steps, stride), last)  # (B, T)
    after = graph.Min(graph.Add(before, np.int64(1)), last)
    first, second = (
        graph.GatherND(logits, graph.Unsqueeze(rows, [2]), batch_dims=1)
        for rows in (before, after)
    )
    share = graph.cast(graph.Mod(steps, stride), np.float32)
    share = graph.Unsqueeze(graph.Div(share, np.float32(stride)), [1])
    return graph.Add(first, graph.Mul(graph.Sub(second, first), share))


def _head(head, graph, x):
    """Add the dense head."""
    for layer in head:
        if isinstance(layer, nn.Linear):
            x = graph.linear(layer, x)
        elif isinstance(layer, nn.LayerNorm):
            x = graph.layer_norm(layer, x)
        elif not isinstance(layer, nn.Dropout):
            x = activation(layer, graph, x)
    return x


def add_state_network(network, graph, ids, mask, features=()):
    """Add the network of a next-state estimator.

    Parameters
    ----------
    network : NextStateNetwork
        In evaluation mode.
    graph : Graph
        Where its operators go.
    ids, mask : str
        Names of the ids (B, T), int64, and their mask (B, T).
    features : sequence of str, default=()
        Names of the ids of each further category, (B, T) int64, and of numbers
        (B, T, D) float32, where the network reads any.

    Returns
    -------
    logits : list of str
        Names of the logits of all steps, (B, T, K), and of the last one, (B, K).
    """
    tables = [network.embedding.states, *network.embedding.categories]
    parts, numbers = [ids, *features][: len(tables)], features[len(tables) - 1 :]
    parts = [
        graph.Gather(as_float32(one.table.weight), name)
        for one, name in zip(tables, parts, strict=True)
    ]
    x = graph.Concat(*parts, *numbers, axis=2)
    z = add_encoder(network.encoder, graph, x, mask)
    if network.attention is not None:
        context = attend(network.attention, graph, z, mask, causal=True)
        z = graph.Concat(context, z, axis=-1)
    return [_state_head(network.head, graph, y) for y in (z, last_step(graph, z, mask))]


def _state_head(head, graph, z):
    """Add the logits of the states."""
    if not isinstance(head, TiedHead):
        return graph.linear(head, z)
    vectors = as_float32(head.states.table.weight)[FIRST_ID:]
    logits = graph.MatMul(graph.linear(head.project, z), vectors.T.copy())
    return graph.Add(logits, as_float32(head.bias))
