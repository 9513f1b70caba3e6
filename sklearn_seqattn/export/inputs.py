"""What comes before a network: masks, and the transformers of numbers as operators."""

import numpy as np

from sklearn_seqattn.export.columns import one_hot, split_columns, standardized
from sklearn_seqattn.export.imputing import add_imputer
from sklearn_seqattn.preprocessing import SequenceImputer, SequenceScaler
from sklearn_seqattn.preprocessing.gain import (
    COMPRESSION,
    LOW_AMPLITUDE,
    SMALLEST_AMPLITUDE,
)


def checked_lengths(graph, values, lengths, least=1):
    """Return the lengths (B,); a session refuses those outside of `least` to T.

    ONNX has no operator for an error. Here it is an index that a table does not have.
    """
    end = graph.Add(graph.size(values, 1), np.int64(1))  # (1,)
    table = graph.Range(np.int64(least), graph.Squeeze(end, [0]), np.int64(1))
    place = graph.Sub(lengths, np.int64(least))
    # Negative indices count from the end and would be found.
    place = graph.Where(graph.Less(place, np.int64(0)), end, place)
    return graph.Gather(table, place, name=f"lengths must be {least} to T")


def step_mask(graph, values, lengths):
    """Return the mask (B, T) of padded values and their lengths."""
    return graph.Less(graph.steps(values, 1), graph.Unsqueeze(lengths, [1]))


def add_transformers(transformers, graph, x, mask):
    """Add the steps of a Pipeline before its estimator.

    Parameters
    ----------
    transformers : list of estimators
        Fitted.
    graph : Graph
        Where their operators go.
    x, mask : str
        Names of the numbers (B, T, D), float64, and their mask (B, T).

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
        is_numeric = hasattr(transformer, "input_size_")
        if isinstance(transformer, SequenceScaler):
            x = standardized(graph, x, transformer.center_, transformer.scale_)
        elif isinstance(transformer, SequenceImputer) and is_numeric:
            x = add_imputer(transformer, graph, x, mask)
        else:
            of_events = "" if is_numeric else " of events"
            raise ValueError(
                f"{type(transformer).__name__}{of_events} in the Pipeline has no form "
                "in ONNX. "
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
        scaler = encoder.steps_[0]
        x = standardized(graph, x, scaler.center_, scaler.scale_)
        if encoder.controls_gain:
            x = _amplified(graph, x, mask)
    return graph.zero_padding(graph.cast(x, np.float32), mask)


def add_events(encoder, graph, x, mask, columns):
    """Add the encoding and the scaling of events, as channels of every step.

    Parameters
    ----------
    encoder : InputEncoder
        Fitted on events without dates.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the columns (B, T, F), float64, and of the mask (B, T).
    columns : list of dict
        As `describe_columns` returns them.

    Returns
    -------
    values : str
        Name of the input of the network, (B, T, D) float32, zero where padded.
    """
    numbers, codes = split_columns(graph, x, columns)
    parts = [one_hot(graph, *one) for one in codes]
    if numbers is not None:
        for scaler in encoder.steps_[1:]:
            numbers = standardized(graph, numbers, scaler.center_, scaler.scale_)
        parts.insert(0, numbers)
    values = graph.cast(graph.Concat(*parts, axis=2), np.float32)
    return graph.zero_padding(values, mask)


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
