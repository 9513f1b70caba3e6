"""The linear model of windows beside a tagger as operators."""

import numpy as np

from sklearn_seqattn.export.chain import add_chain


def add_windows(partner, blend, graph, logits, values, mask):
    """Average the logits of a tagger's network with those of its partner.

    Parameters
    ----------
    partner : LinearWindows
        Of numbers.
    blend : Blend
        The weight of the partner, and the scales of both.
    graph : Graph
        Where its operators go.
    logits, values, mask : str
        Names of the logits of the network (B, T, K), of the scaled numbers (B, T, D),
        and of their mask (B, T).

    Returns
    -------
    logits : str
        Name of the logarithms of the mean probabilities, (B, T, K) float64.
    """
    window = partner.features
    values = graph.cast(values, np.float64)
    steps = graph.steps(mask, 1)  # (T,)
    last = graph.Sub(graph.counts(mask), np.int64(1))  # (B, 1)
    parts = []
    for shift in window.shifts:
        places = graph.Min(graph.Add(steps, np.int64(shift)), last)  # (B, T)
        places = graph.Unsqueeze(graph.Max(places, np.int64(0)), [2])
        parts.append(graph.GatherND(values, places, batch_dims=1))
    features = graph.Concat(*parts, _spread(graph, parts), axis=2)
    outputs = graph.Add(graph.MatMul(features, partner.coef.T), partner.intercept)
    if partner.chain is not None:
        outputs = add_chain(partner.chain, graph, outputs, mask)
    scales = (
        (1 - blend.weight, blend.network_scale),
        (blend.weight, blend.partner_scale),
    )
    found = [
        graph.Mul(_softmax(graph, one, scale), np.float64(weight))
        for one, (weight, scale) in zip((logits, outputs), scales, strict=True)
    ]
    return graph.Log(graph.Add(*found))


def _softmax(graph, logits, scale):
    """Return the probabilities of scaled logits, (B, T, K) float64."""
    logits = graph.Mul(graph.cast(logits, np.float64), np.float64(scale))
    return graph.Softmax(logits, axis=-1)


def _spread(graph, parts):
    """Return the standard deviation over the steps of each window, (B, T, D)."""
    stacked = graph.Concat(*(graph.Unsqueeze(one, [0]) for one in parts), axis=0)
    centered = graph.Sub(stacked, graph.ReduceMean(stacked, [0], keepdims=1))
    squares = graph.Mul(centered, centered)
    return graph.Sqrt(graph.ReduceMean(squares, [0], keepdims=0))
