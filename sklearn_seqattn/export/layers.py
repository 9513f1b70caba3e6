"""Layers of the front end as operators: one function for each class of module."""

from functools import singledispatch

import numpy as np
from torch import nn

from sklearn_seqattn.export.attention import multi_head
from sklearn_seqattn.export.graph import as_float32
from sklearn_seqattn.nn import layers
from sklearn_seqattn.nn.convolutions import Convolution, TimeDistributedConvolution
from sklearn_seqattn.nn.normalization import BatchNorm, Differences, LayerNorm
from sklearn_seqattn.nn.own_modules import OwnLayer, OwnPool


@singledispatch
def add_layer(layer, graph, x, mask):
    """Add a layer of the front end.

    Parameters
    ----------
    layer : nn.Module
        As it is in a network in evaluation mode.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the values (B, T, C), float32, or (B, T), int64; and of their mask
        (B, T), bool.

    Returns
    -------
    x, mask : str
        Names of the output and its mask.

    Raises
    ------
    TypeError
        If no function is registered for the class of the layer.
    """
    name = type(layer).__name__
    raise TypeError(
        f"{name} has no form in ONNX. Register a function that adds its operators: "
        f"sklearn_seqattn.export.register_layer({name})."
    )


def register_layer(layer_class):
    """Return a decorator that says how a class of layers is exported.

    Parameters
    ----------
    layer_class : type
        A class of modules, such as that of a block or a pooling of your own.

    Returns
    -------
    decorator : callable
        Takes a function of ``(layer, graph, x, mask)`` that adds the operators of the
        layer to the graph, and returns the names of its output (B, T', C') and mask,
        or of a pooling the name of its output (B, C').

    Raises
    ------
    TypeError
        If it is no class of modules.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from sklearn_seqattn.export import register_layer
    >>> class HalfLayer(nn.Module):
    ...     def forward(self, x, mask):
    ...         return x / 2, mask
    >>> @register_layer(HalfLayer)
    ... def add_half(layer, graph, x, mask):
    ...     return graph.Div(x, np.float32(2)), mask
    """
    if not (isinstance(layer_class, type) and issubclass(layer_class, nn.Module)):
        raise TypeError(
            f"register_layer got {layer_class!r:.80}; pass the class of a module, such "
            "as register_layer(HalfLayer)."
        )
    return add_layer.register(layer_class)


@register_layer(layers.BlockSequence)
def _(layer, graph, x, mask):
    for block in layer.blocks:
        found = add_layer(block, graph, x, mask)
        if not (isinstance(found, tuple) and [*map(type, found)] == [str, str]):
            _refuse_names(block, found, "a pair (x, mask) of names")
        x, mask = found
    return x, mask


def add_pooling(pooling, graph, x, mask):
    """Add a pooling of the user: as a layer that returns no mask."""
    found = add_layer(pooling, graph, x, mask)
    if not isinstance(found, str):
        _refuse_names(pooling, found, "the name of its output")
    return found


def _refuse_names(layer, found, wanted):
    """Raise for what a function of `register_layer` returns."""
    name = type(getattr(layer, "own", layer)).__name__
    raise TypeError(
        f"The function that register_layer has for {name} returns {found!r:.60}, but "
        f"{wanted} is needed, as the methods of the graph return them."
    )


@register_layer(layers.ResidualGroup)
def _(layer, graph, x, mask):
    y, mask = add_layer(layer.blocks, graph, x, mask)
    return graph.Add(graph.linear(layer.shortcut, x), y), mask


@register_layer(OwnLayer)
@register_layer(OwnPool)
def _(layer, graph, x, mask):
    return add_layer(layer.own, graph, x, mask)


@register_layer(layers.Embedding)
def _(layer, graph, x, mask):
    return graph.Gather(as_float32(layer.table.weight), x), mask


@register_layer(layers.Dense)
def _(layer, graph, x, mask):
    return graph.linear(layer.linear, x), mask


@register_layer(layers.SelfAttention)
def _(layer, graph, x, mask):
    return multi_head(layer.attention, graph, x, mask), mask


@register_layer(layers.Dropout)
def _(layer, graph, x, mask):
    return x, mask


@register_layer(layers.Activation)
def _(layer, graph, x, mask):
    kinds = {"gelu": graph.Gelu, "relu": graph.Relu, "tanh": graph.Tanh}
    return kinds[layer.name](x), mask


def activation(function, graph, x):
    """Add an activation function of torch."""
    kinds = {nn.GELU: graph.Gelu, nn.ReLU: graph.Relu, nn.Tanh: graph.Tanh}
    return kinds[type(function)](x)


@register_layer(LayerNorm)
def _(layer, graph, x, mask):
    return graph.layer_norm(layer.norm, x), mask


@register_layer(BatchNorm)
def _(layer, graph, x, mask):
    norm = layer.norm
    factor = 1 / np.sqrt(norm.running_var.double().cpu().numpy() + norm.eps)
    shift = 0.0
    if norm.weight is not None:
        factor = factor * norm.weight.detach().double().cpu().numpy()
        shift = norm.bias.detach().double().cpu().numpy()
    shift = shift - norm.running_mean.double().cpu().numpy() * factor
    x = graph.Mul(x, factor.astype(np.float32))
    return graph.zero_padding(graph.Add(x, shift.astype(np.float32)), mask), mask


@register_layer(Differences)
def _(layer, graph, x, mask):
    before = graph.Pad(x, [0, layer.lag, 0, 0, 0, 0])
    before = graph.slice(before, 0, graph.size(x, 1), axis=1)
    has_earlier = graph.GreaterOrEqual(graph.steps(x, 1), np.int64(layer.lag))
    has_earlier = graph.Unsqueeze(has_earlier, [0, 2])  # (1, T, 1)
    differences = graph.where(has_earlier, graph.Sub(x, before), 0.0)
    differences, _ = add_layer(layer.norm, graph, differences, mask)
    return graph.Concat(x, differences, axis=-1), mask


@register_layer(Convolution)
def _(layer, graph, x, mask):
    convolution, left = layer.convolution, layer.reach // 2
    x = graph.Transpose(graph.zero_padding(x, mask), perm=[0, 2, 1])
    x = graph.Conv(
        x,
        as_float32(convolution.weight),
        as_float32(convolution.bias),
        dilations=list(convolution.dilation),
        strides=list(convolution.stride),
        pads=[left, layer.reach - left],
    )
    if layer.stride > 1:
        every = graph.size(mask, 1)
        mask = graph.slice(mask, 0, every, axis=1, step=layer.stride)
    return graph.Transpose(x, perm=[0, 2, 1]), mask


@register_layer(TimeDistributedConvolution)
def _(layer, graph, x, mask):
    convolution, left = layer.convolution, layer.reach // 2
    n_values = layer.output_size // convolution.out_channels
    frames = graph.Reshape(x, [-1, 1, n_values])
    frames = graph.Conv(
        frames,
        as_float32(convolution.weight),
        as_float32(convolution.bias),
        pads=[left, layer.reach - left],
    )
    shape = graph.Concat(graph.Shape(mask), [layer.output_size], axis=0)
    return graph.Reshape(frames, shape), mask
