"""Incremental computation of front ends and poolings.

Most layers know their output for a step when they have read it. A convolution also
reads some steps after it, so that its last outputs change with the next steps. It has
two kinds of outputs: `advance` returns those that are settled, and `finish` those that
follow if the sequence ends here. Where only the last ones are computed again, a step
costs the same however long the sequence is.

A pooling advances to the pooled vector of each prefix.
"""

from functools import singledispatch

import torch
from torch.nn.functional import pad

from sklearn_seqattn.nn.convolutions import Convolution, TimeDistributedConvolution
from sklearn_seqattn.nn.incremental import advance
from sklearn_seqattn.nn.layers import (
    Activation,
    BlockSequence,
    Dense,
    Dropout,
    Embedding,
    ResidualGroup,
)
from sklearn_seqattn.nn.normalization import BatchNorm, Differences, LayerNorm
from sklearn_seqattn.nn.pooling import (
    AttentionPooling,
    ConcatenatedPooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
)


@singledispatch
def finish(layer, x, cache):
    """Return the outputs of a layer that follow if the sequences end here.

    Parameters
    ----------
    layer : nn.Module
        In evaluation mode.
    x : Tensor of shape (B, T, C)
        The last steps, which are not settled; T may be 0, and C anything then.
    cache : Tensor, tuple or None
        Of the settled steps before, as `advance` returns it; not changed.

    Returns
    -------
    y : Tensor of shape (B, T', output_size)
        The outputs after the settled ones.
    """
    return advance(layer, x, cache)[0] if x.shape[1] else x


@advance.register(Activation)
@advance.register(BatchNorm)
@advance.register(Dense)
@advance.register(Dropout)
@advance.register(Embedding)
@advance.register(LayerNorm)
@advance.register(TimeDistributedConvolution)
def _(layer, x, cache):
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    return layer(x, mask)[0], ()


@advance.register
def _(layer: Differences, x, cache):
    past = x[:, :0] if cache is None else cache
    steps = torch.cat([past, x], dim=1)
    n_known = max(steps.shape[1] - layer.lag, 0)  # steps with an earlier one
    later = x[:, x.shape[1] - n_known :] - steps[:, :n_known]
    differences = pad(later, (0, 0, x.shape[1] - n_known, 0))
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    normalized = layer.norm(differences, mask)[0]
    return torch.cat([x, normalized], dim=-1), steps[:, -layer.lag :]


@advance.register
def _(layer: Convolution, x, cache):
    steps = _with_past(layer, x, cache)
    # The next output starts at the stride, which may be beyond the kernel.
    needed = max(layer.reach + 1, layer.stride)
    n_outputs = max(0, (steps.shape[1] - needed) // layer.stride + 1)
    return _convolve(layer, steps, n_outputs), steps[:, n_outputs * layer.stride :]


@finish.register
def _(layer: Convolution, x, cache):
    steps, left = _with_past(layer, x, cache), layer.reach // 2
    n_outputs = max(0, -(-(steps.shape[1] - left) // layer.stride))
    padded = pad(steps, (0, 0, 0, layer.reach - left))
    return _convolve(layer, padded, n_outputs)


def _with_past(layer, x, cache):
    """Return the steps under the kernel of the next output, and all after them."""
    if cache is None:
        return pad(x, (0, 0, layer.reach // 2, 0))
    return torch.cat([cache, x], dim=1) if x.shape[1] else cache


def _convolve(layer, steps, n_outputs):
    """Return the first outputs (B, n_outputs, channels) of a convolution of steps."""
    if n_outputs == 0:
        return steps.new_zeros(len(steps), 0, layer.output_size)
    n_steps = (n_outputs - 1) * layer.stride + layer.reach + 1
    return layer.convolution(steps[:, :n_steps].transpose(1, 2)).transpose(1, 2)


@advance.register
def _(layer: BlockSequence, x, cache):
    caches = list(cache or [None] * len(layer.blocks))
    for i, block in enumerate(layer.blocks):
        if x.shape[1] == 0:
            break
        x, caches[i] = advance(block, x, caches[i])
    return x, tuple(caches)


@finish.register
def _(layer: BlockSequence, x, cache):
    caches = cache or [None] * len(layer.blocks)
    for block, one in zip(layer.blocks, caches, strict=True):
        x = finish(block, x, one)
    return x


@advance.register
def _(layer: ResidualGroup, x, cache):
    inner, waiting = cache or (None, x[:, :0])  # inputs whose outputs are not settled
    y, inner = advance(layer.blocks, x, inner)
    waiting, n_outputs = torch.cat([waiting, x], dim=1), y.shape[1]
    after = inner, waiting[:, n_outputs:]
    if n_outputs == 0:
        return x.new_zeros(len(x), 0, layer.output_size), after
    return layer.shortcut(waiting[:, :n_outputs]) + y, after


@finish.register
def _(layer: ResidualGroup, x, cache):
    inner, waiting = cache or (None, x[:, :0])
    if x.shape[1]:
        waiting = torch.cat([waiting, x], dim=1)
    if waiting.shape[1] == 0:
        return x
    return layer.shortcut(waiting) + finish(layer.blocks, x, inner)


@advance.register
def _(layer: LastPooling, x, cache):
    return x, ()


@advance.register
def _(layer: MaxPooling, x, cache):
    steps = x if cache is None else torch.cat([cache, x], dim=1)
    largest = torch.cummax(steps, dim=1).values[:, -x.shape[1] :]
    return largest, largest[:, -1:]


@advance.register
def _(layer: MeanPooling, x, cache):
    return _running_mean(x, x.new_zeros(x.shape[:2]), cache)


@advance.register
def _(layer: AttentionPooling, x, cache):
    scores = layer.query(torch.tanh(layer.project(x))).squeeze(-1)
    return _running_mean(x, scores, cache)


def _running_mean(x, scores, cache):
    """Return the means of the steps so far, weighted by exponentials of scores.

    The cache holds a largest score, and the sums of weights and of weighted steps that
    are divided by its exponential.
    """
    # The scores of attention are bounded: no exponential vanishes in double precision.
    dtype = x.dtype if x.device.type == "mps" else torch.float64
    x, scores = x.to(dtype), scores.to(dtype)[..., None]
    top = scores.amax(dim=1, keepdim=True)
    if cache is not None:
        top = torch.maximum(top, cache[0])
    weights = torch.exp(scores - top)
    totals, sums = weights.cumsum(dim=1), (weights * x).cumsum(dim=1)
    if cache is not None:
        decay = torch.exp(cache[0] - top)
        totals, sums = totals + decay * cache[1], sums + decay * cache[2]
    after = top, totals[:, -1:], sums[:, -1:]
    return sums / totals, after


@advance.register
def _(layer: ConcatenatedPooling, x, cache):
    caches = cache or [None] * len(layer.poolings)
    found = [
        advance(pooling, x, one)
        for pooling, one in zip(layer.poolings, caches, strict=True)
    ]
    parts, caches = zip(*found, strict=True)
    return torch.cat([part.to(x.dtype) for part in parts], dim=-1), caches
