"""The linear model of windows beside a tagger as operators."""

import numpy as np

from sklearn_seqattn.export.chain import add_chain

#: Indicators of a token, at most; see `describe_token`.
MOST_INDICATORS = 12


def indicators_of(partner):
    """Return the indicators of tokens that a model of windows knows.

    Parameters
    ----------
    partner : LinearWindows
        Of tokens.

    Returns
    -------
    indicators : list of str
    """
    return partner.features.counter_.get_feature_names_out().tolist()


def add_windows(partner, graph, inputs):
    """Add the linear model of windows, with its chain of labels.

    Parameters
    ----------
    partner : LinearWindows
        Fitted.
    graph : Graph
        Where its operators go.
    inputs : NetworkInputs
        What it reads.

    Returns
    -------
    outputs : str
        Name of the logits of all steps, (B, T, K) float64.
    """
    mask, static = inputs.mask, inputs.static
    if inputs.indicators is not None:
        found = add_token_windows(partner, graph, inputs.indicators, mask, static)
    else:
        found = add_number_windows(partner, graph, inputs.values, mask, static)
    chain = partner.chain
    return found if chain is None else add_chain(chain, graph, found, mask)


def add_number_windows(partner, graph, values, mask, static):
    """Add the linear model of windows of numbers.

    Parameters
    ----------
    partner : LinearWindows
        Of numbers.
    graph : Graph
        Where its operators go.
    values, mask : str
        Names of the scaled numbers (B, T, D) and of their mask (B, T).
    static : str or None
        Name of the static numbers, (B, P).

    Returns
    -------
    outputs : str
        Name of the logits of all steps, (B, T, K) float64.
    """
    values = graph.cast(values, np.float64)
    parts = []
    for shift in partner.features.shifts:
        places, _ = _shifted(graph, mask, shift)
        parts.append(graph.GatherND(values, places, batch_dims=1))
    features = graph.Concat(*parts, _spread(graph, parts), axis=2)
    if static is not None:
        features = graph.Concat(features, _at_steps(graph, static, mask), axis=2)
    outputs = graph.MatMul(features, partner.coef.T.copy())
    return graph.Add(outputs, partner.intercept)


def add_token_windows(partner, graph, indicators, mask, static):
    """Add the linear model of windows of tokens.

    Parameters
    ----------
    partner : LinearWindows
        Of tokens.
    graph : Graph
        Where its operators go.
    indicators, mask : str
        Names of the indicators of each token, (B, T, J) int64: 0 for none, and 1 for
        the first one of `indicators_of`; and of the mask (B, T).
    static : str or None
        Name of the static numbers, (B, P).

    Returns
    -------
    outputs : str
        Name of the logits of all steps, (B, T, K) float64.
    """
    n_kept = len(partner.features.kept_)
    coef, of_static = np.split(partner.coef, [n_kept], axis=1)
    of_tokens, beyond = _weights(partner, coef)
    indicators = graph.Where(graph.Unsqueeze(mask, [2]), indicators, np.int64(0))
    found = graph.Gather(of_tokens, indicators)  # (B, T, J, windows * K)
    found = graph.ReduceSum(found, [2], keepdims=0)
    n_outputs, parts = len(coef), []
    for i, shift in enumerate(partner.features.shifts):
        places, exists = _shifted(graph, mask, shift)
        one = graph.slice(found, i * n_outputs, (i + 1) * n_outputs, axis=2)
        one = graph.GatherND(one, places, batch_dims=1)
        parts.append(graph.Where(exists, one, beyond[i]))
    if static is not None:
        x = _at_steps(graph, static, mask)
        parts.append(graph.MatMul(x, of_static.T.copy()))
    return graph.Add(graph.Sum(*parts), partner.intercept)


def _weights(partner, coef):
    """Return weights of indicators, (1 + n, windows * K), and of places beyond an end.

    Row 0 is no indicator.
    """
    features, n = partner.features, len(indicators_of(partner))
    n_shifts = len(features.shifts)
    weights = np.zeros((n_shifts * (n + 1), len(coef)))
    weights[features.kept_] = coef.T
    weights = weights.reshape(n_shifts, n + 1, len(coef))
    of_tokens = weights[:, :n].transpose(1, 0, 2).reshape(n, -1)
    return np.pad(of_tokens, ((1, 0), (0, 0))), weights[:, n]


def _at_steps(graph, static, mask):
    """Return static numbers at every step, (B, T, P) float64."""
    static = graph.Unsqueeze(graph.cast(static, np.float64), [1])
    shape = graph.Concat(graph.Shape(mask), graph.size(static, 2), axis=0)
    return graph.Expand(static, shape)


def _shifted(graph, mask, shift):
    """Return the places of steps after a shift, and which exist, (B, T, 1) each."""
    last = graph.Sub(graph.counts(mask), np.int64(1))  # (B, 1)
    wanted = graph.Add(graph.steps(mask, 1), np.int64(shift))  # (T,)
    places = graph.Max(graph.Min(wanted, last), np.int64(0))  # (B, T)
    exists = graph.Equal(places, wanted)
    return graph.Unsqueeze(places, [2]), graph.Unsqueeze(exists, [2])


def _spread(graph, parts):
    """Return the standard deviation over the steps of each window, (B, T, D)."""
    stacked = graph.Concat(*(graph.Unsqueeze(one, [0]) for one in parts), axis=0)
    centered = graph.Sub(stacked, graph.ReduceMean(stacked, [0], keepdims=1))
    squares = graph.Mul(centered, centered)
    return graph.Sqrt(graph.ReduceMean(squares, [0], keepdims=0))
