"""Recurrent and Transformer encoders as operators."""

import numpy as np

from sklearn_seqattn.export.attention import angles, attend
from sklearn_seqattn.export.graph import as_float32
from sklearn_seqattn.export.layers import activation
from sklearn_seqattn.nn.positions import SinusoidalPositions
from sklearn_seqattn.nn.recurrent import RecurrentEncoder, ResidualRecurrentLayer
from sklearn_seqattn.nn.transformer import TransformerEncoder

#: For each operator the places of torch's gates (i f g o, and r z n) in its order.
_GATES = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2]}


def add_encoder(encoder, graph, x, mask):
    """Add an encoder.

    Parameters
    ----------
    encoder : nn.Module
        The module.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the values (B, T, C) and their mask (B, T).

    Returns
    -------
    h : str
        Name of the hidden states, (B, T, output_size).

    Raises
    ------
    TypeError
        If the encoder is not one of the library.
    """
    if isinstance(encoder, TransformerEncoder):
        return _transformer(encoder, graph, x, mask)
    if not isinstance(encoder, RecurrentEncoder):
        raise TypeError(
            f"The encoder {type(encoder).__name__} has no form in ONNX; fit with "
            "encoder='lstm', 'gru' or 'transformer'."
        )
    lengths = graph.cast(graph.Squeeze(graph.counts(mask), [1]), np.int32)
    for layer in encoder.layers:
        h = _recurrent(layer.recurrent, graph, x, lengths)
        if isinstance(layer, ResidualRecurrentLayer):
            h = graph.layer_norm(
                layer.norm, graph.Add(graph.linear(layer.shortcut, x), h)
            )
        x = h
    return x


def _recurrent(layer, graph, x, lengths):
    """Add one LSTM or GRU layer, in one direction or both."""
    cells = [layer.forward_cell]
    if layer.backward_cell is not None:
        cells.append(layer.backward_cell)
    kind = type(cells[0]).__name__
    options = {"hidden_size": cells[0].hidden_size}
    if kind == "GRU":
        options["linear_before_reset"] = 1
    weights = [_cell_weights(cell, kind) for cell in cells]
    weights = [np.stack(parts) for parts in zip(*weights, strict=True)]
    h, _ = graph.add(
        kind,
        graph.Transpose(x, perm=[1, 0, 2]),
        *weights,
        lengths,
        n_outputs=2,
        direction="bidirectional" if len(cells) == 2 else "forward",
        **options,
    )  # (T, directions, B, H)
    return graph.Reshape(graph.Transpose(h, perm=[2, 0, 1, 3]), [0, 0, -1])


def _cell_weights(cell, kind):
    """Return W, R and B of one direction, the gates in the order of ONNX."""
    order = _GATES[kind]

    def gates(name):
        array = as_float32(getattr(cell, name))
        return np.concatenate([np.split(array, len(order))[i] for i in order])

    biases = np.concatenate([gates("bias_ih_l0"), gates("bias_hh_l0")])
    return gates("weight_ih_l0"), gates("weight_hh_l0"), biases


def _transformer(encoder, graph, x, mask):
    """Add Transformer layers."""
    x = graph.linear(encoder.project, x)
    if isinstance(encoder.positions, SinusoidalPositions):
        size = encoder.positions.size
        turn = angles(graph, x, 1, size + size % 2)
        waves = graph.Concat(graph.Sin(turn), graph.Cos(turn), axis=-1)
        x = graph.Add(x, graph.slice(waves, 0, size, axis=1))
    for layer in encoder.layers:
        h = graph.layer_norm(layer.attention_norm, x)
        h = attend(layer.attention, graph, h, mask, causal=layer.causal)
        x = graph.Add(x, h)
        norm, widen, function, narrow = layer.feed_forward
        h = activation(function, graph, graph.linear(widen, graph.layer_norm(norm, x)))
        x = graph.Add(x, graph.linear(narrow, h))
    return graph.layer_norm(encoder.norm, x)
