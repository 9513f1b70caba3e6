"""The weighted mean of a network and the partner beside it as operators."""

import numpy as np


def add_blend(blend, graph, network, partner):
    """Average the predictions of a network with those of its partner.

    Parameters
    ----------
    blend : Blend
        The weight of the partner, and the scales of both.
    graph : Graph
        Where its operators go.
    network, partner : str
        Names of the outputs of both, (..., K).

    Returns
    -------
    outputs : str
        Name of the outputs whose prediction is the mean, (..., K) float64.
    """
    mix = _MIXTURES[blend.activation]
    parts = (
        (1 - blend.weight, blend.network_scale, network),
        (blend.weight, blend.partner_scale, partner),
    )
    return mix(
        graph,
        [
            (
                np.float64(weight),
                graph.Mul(graph.cast(outputs, np.float64), np.float64(scale)),
            )
            for weight, scale, outputs in parts
        ],
    )


def _mean(graph, parts):
    """Return the weighted sum of values."""
    return graph.Add(*(graph.Mul(values, weight) for weight, values in parts))


def _classes(graph, parts):
    """Return the logarithms of the mean of softmax probabilities."""
    found = [(weight, graph.Softmax(values, axis=-1)) for weight, values in parts]
    return graph.Log(_mean(graph, found))


def _labels(graph, parts):
    """Return the logits of the mean of sigmoid probabilities."""
    yes, no = (
        _mean(graph, [(w, graph.Sigmoid(turn(values))) for w, values in parts])
        for turn in (lambda values: values, graph.Neg)
    )
    return graph.Sub(graph.Log(yes), graph.Log(no))


_MIXTURES = {"softmax": _classes, "sigmoid": _labels, "identity": _mean}
