"""What comes before a network: masks, scaling and imputing as operators."""

import numpy as np

from sklearn_seqattn.preprocessing import SequenceImputer, SequenceScaler
from sklearn_seqattn.preprocessing.gain import (
    COMPRESSION,
    LOW_AMPLITUDE,
    SMALLEST_AMPLITUDE,
)

_CONSTANTS = ("mean", "median", "constant")


def step_mask(graph, values, lengths):
    """Return the mask (B, T) of padded values and their lengths."""
    return graph.Less(graph.steps(values, 1), graph.Unsqueeze(lengths, [1]))


def add_transformers(transformers, graph, x):
    """Add the steps of a Pipeline before its estimator.

    Parameters
    ----------
    transformers : list of estimators
        Fitted.
    graph : Graph
        Where their operators go.
    x : str
        Name of the numbers, (B, T, D) float64.

    Returns
    -------
    x : str
        Name of what the estimator reads.

    Raises
    ------
    ValueError
        If a transformer cannot be expressed.
    """
    for transformer in transformers:
        if isinstance(transformer, SequenceScaler):
            x = _scaled(graph, x, transformer)
        elif isinstance(transformer, SequenceImputer):
            x = _imputed(graph, x, transformer)
        else:
            raise ValueError(
                f"{type(transformer).__name__} in the Pipeline has no form in ONNX. "
                "Export what follows it (pipeline[-1]), and transform the sequences "
                "before they go into the session."
            )
    return x


def add_scaling(encoder, graph, x, mask):
    """Add the scaling of an estimator: channels to unit variance, then the gain.

    Parameters
    ----------
    encoder : InputEncoder
        Fitted on numbers.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the numbers (B, T, D), float64, and their mask (B, T).

    Returns
    -------
    values : str
        Name of the input of the network, (B, T, D) float32, zero where padded.
    """
    if encoder.steps_:
        x = _scaled(graph, x, encoder.steps_[0])
        if encoder.amplify:
            x = _amplified(graph, x, mask)
    return graph.zero_padding(graph.cast(x, np.float32), mask)


def _scaled(graph, x, scaler):
    """Return numbers with the center subtracted, divided by the scale."""
    center, scale = (np.asarray(a, np.float64) for a in (scaler.center_, scaler.scale_))
    return graph.Div(graph.Sub(x, center), scale)


def _imputed(graph, x, imputer):
    """Return numbers without gaps, and indicators after them where wanted."""
    if imputer.strategy not in _CONSTANTS or imputer.add_elapsed:
        raise ValueError(
            f"{imputer!r} looks at other steps, which has no form in ONNX. Use the "
            "strategy 'mean', 'median' or 'constant' without elapsed times, or export "
            "what follows it (pipeline[-1]) and impute before the session."
        )
    is_missing = graph.IsNaN(x)
    filled = graph.Where(is_missing, np.asarray(imputer.statistics_, np.float64), x)
    if not (imputer.add_indicator and imputer.has_missing_.any()):
        return filled
    indicators = graph.Gather(
        graph.cast(is_missing, np.float64),
        np.flatnonzero(imputer.has_missing_).tolist(),
        axis=2,
    )
    return graph.Concat(filled, indicators, axis=2)


def _amplified(graph, x, mask):
    """Return numbers after the gain control; see `control_gain`."""
    real = graph.Unsqueeze(mask, [2])
    n_steps = graph.Unsqueeze(graph.cast(graph.counts(mask), np.float64), [2])
    zero = np.float64(0)

    def mean(values):
        total = graph.ReduceSum(graph.Where(real, values, zero), [1], keepdims=1)
        return graph.Div(total, n_steps)  # (B, 1, D)

    center = mean(x)
    deviations = graph.Sub(x, center)
    variances = mean(graph.Mul(deviations, deviations))
    amplitude = graph.Sqrt(graph.ReduceMax(variances, [2], keepdims=1))  # (B, 1, 1)
    ratio = graph.Div(
        np.float64(LOW_AMPLITUDE), graph.Max(amplitude, np.float64(SMALLEST_AMPLITUDE))
    )
    compression = graph.Mul(np.float64(COMPRESSION), graph.Log(ratio))
    gain = graph.Div(ratio, graph.Add(np.float64(1), compression))
    amplified = graph.Add(center, graph.Mul(deviations, gain))
    is_low = graph.Less(amplitude, np.float64(LOW_AMPLITUDE))
    return graph.Where(is_low, amplified, x)
