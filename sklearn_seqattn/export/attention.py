"""Attention as operators, with masks and positions of any length."""

import math

import numpy as np

from sklearn_seqattn.export.graph import as_float32
from sklearn_seqattn.nn.alignment import AdditiveScore, GeneralScore
from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.pooling import (
    AttentionPooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
)


def attend(attention, graph, x, mask, *, causal=False):
    """Add self-attention over hidden states.

    Parameters
    ----------
    attention : MultiHeadAttention or ScoredAttention
        The module.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the hidden states (B, T, H) and their mask (B, T).
    causal : bool, default=False
        Whether a step sees only itself and what came before.

    Returns
    -------
    contexts : str
        Name of the contexts, (B, T, output_size).
    """
    if isinstance(attention, MultiHeadAttention):
        return multi_head(attention, graph, x, mask, causal=causal)
    scores = _scores(attention.score, graph, x)
    allowed = _allowed(graph, mask, causal, [1])
    return graph.MatMul(graph.softmax(scores, allowed), x)


def multi_head(attention, graph, x, mask, *, causal=False):
    """Add self-attention by several heads; parameters as of `attend`."""
    n_heads = attention.num_heads

    def heads(layer):
        y = graph.Reshape(graph.linear(layer, x), [0, 0, n_heads, -1])
        return graph.Transpose(y, perm=[0, 2, 1, 3])  # (B, N, T, d)

    query, key = heads(attention.project_query), heads(attention.project_key)
    if attention.rotary is not None:
        query, key = (_rotated(attention.rotary, graph, y) for y in (query, key))
    size = attention.project_query.out_features // n_heads
    scores = graph.MatMul(query, graph.Transpose(key, perm=[0, 1, 3, 2]))
    scores = graph.Mul(scores, np.float32(1 / math.sqrt(size)))
    weights = graph.softmax(scores, _allowed(graph, mask, causal, [1, 2]))
    context = graph.MatMul(weights, heads(attention.project_value))
    context = graph.Transpose(context, perm=[0, 2, 1, 3])
    context = graph.Reshape(context, [0, 0, -1])
    return graph.linear(attention.project_context, context)


def _allowed(graph, mask, causal, axes):
    """Return which keys each query sees, of the rank of the scores."""
    if not causal:
        return graph.Unsqueeze(mask, axes)
    # Padding follows every real step: what is earlier than a real one is real.
    steps = graph.steps(mask, 1)
    later = graph.Unsqueeze(steps, [1])
    return graph.LessOrEqual(steps, later)  # (T, T)


def _scores(score, graph, x):
    """Return the alignment scores of each step with each other, (B, T, T)."""
    if isinstance(score, AdditiveScore):
        query = graph.Unsqueeze(graph.linear(score.project_query, x), [2])
        key = graph.Unsqueeze(graph.linear(score.project_key, x), [1])
        hidden = graph.Tanh(graph.Add(query, key))  # (B, T, T, d)
        return graph.Squeeze(graph.linear(score.project_hidden, hidden), [-1])
    key, dot = x, score
    if isinstance(score, GeneralScore):
        key, dot = graph.linear(score.project, x), score.dot
    scores = graph.MatMul(x, graph.Transpose(key, perm=[0, 2, 1]))
    return graph.Mul(scores, np.float32(dot.scale))


def angles(graph, x, axis, size):
    """Return the angle of each step and frequency, (T, size / 2) float32."""
    pairs = np.arange(size // 2, dtype=np.float32)
    frequencies = (10_000.0 ** (-2.0 * pairs / size)).astype(np.float32)
    places = graph.cast(graph.steps(x, axis), np.float32)
    return graph.Mul(graph.Unsqueeze(places, [1]), frequencies)


def _rotated(rotary, graph, x):
    """Rotate (B, N, T, d) by the angles of the positions."""
    half, odd = rotary.size // 2, rotary.size % 2
    turn = angles(graph, x, 2, rotary.size)
    sin, cos = graph.Sin(turn), graph.Cos(turn)
    first = graph.slice(x, 0, half, axis=3)
    second = graph.slice(x, half, 2 * half, axis=3)
    parts = [
        graph.Sub(graph.Mul(first, cos), graph.Mul(second, sin)),
        graph.Add(graph.Mul(first, sin), graph.Mul(second, cos)),
    ]
    if odd:
        parts.append(graph.slice(x, 2 * half, rotary.size, axis=3))
    return graph.Concat(*parts, axis=-1)


def _max(pooling, graph, x, mask):
    """Return the largest value over the real steps."""
    x = graph.where(graph.Unsqueeze(mask, [2]), x, -np.inf)
    return graph.ReduceMax(x, [1], keepdims=0)


def _mean(pooling, graph, x, mask):
    """Return the mean over the real steps."""
    total = graph.ReduceSum(graph.zero_padding(x, mask), [1], keepdims=0)
    return graph.Div(total, graph.cast(graph.counts(mask), np.float32))


def last_step(graph, x, mask):
    """Return the last real step of (B, T, C), (B, C)."""
    last = graph.Sub(graph.counts(mask), np.int64(1))  # (B, 1)
    return graph.GatherND(x, last, batch_dims=1)


def _last(pooling, graph, x, mask):
    """Return the last real step, of the backward channels the first one."""
    found, n_forward = last_step(graph, x, mask), pooling.output_size
    n_forward -= pooling.n_backward
    if pooling.n_backward == 0:
        return found
    first = graph.Squeeze(graph.slice(x, 0, 1, axis=1), [1])
    return graph.Concat(
        graph.slice(found, 0, n_forward, axis=1),
        graph.slice(first, n_forward, pooling.output_size, axis=1),
        axis=1,
    )


def _attention(pooling, graph, x, mask):
    """Return the mean over the real steps, weighted by a learned query."""
    hidden = graph.Tanh(graph.linear(pooling.project, x))
    scores = graph.MatMul(hidden, as_float32(pooling.query.weight).T.copy())
    scores = graph.Transpose(scores, perm=[0, 2, 1])  # (B, 1, T)
    weights = graph.softmax(scores, graph.Unsqueeze(mask, [1]))
    return graph.Squeeze(graph.MatMul(weights, x), [1])


#: Functions of the poolings, from (B, T, C) to (B, C), by their classes.
POOLINGS = {
    MaxPooling: _max,
    MeanPooling: _mean,
    LastPooling: _last,
    AttentionPooling: _attention,
}
