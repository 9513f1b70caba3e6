"""The center and the scale of each channel over the steps of all sequences."""

import numpy as np

from sklearn_seqattn.sequences import Sequences
from sklearn_seqattn.sequences.array_list import LazySteps, blocks_of


def center_and_scale(sequences, weights, method):
    """Return what is subtracted from each channel, and what it is divided by.

    Parameters
    ----------
    sequences : Sequences
        Numbers, NaN where they are missing.
    weights : ndarray of shape (n,), float64
        The weight of each sequence, above zero.
    method : {"standard", "robust", "minmax"}
        As in `SequenceScaler`.

    Returns
    -------
    center, scale : ndarray of shape (D,), float64
        The scale of a constant channel is 1. Of a channel without any observed value
        the center is 0 and the scale 1.
    """
    ranges = sequences.channel_ranges()
    if not np.isnan(ranges).any():
        return _statistics(method, sequences, weights, ranges)
    pairs = [
        _statistics(method, steps, counts, steps.channel_ranges())
        for steps, counts in _observed_channels(sequences, weights)
    ]
    center, scale = np.hstack(pairs)
    return center, scale


def _observed_channels(sequences, weights):
    """Yield each channel as sequences of its observed steps, with their weights.

    A channel without any becomes one step of value 0, whose scale is 1.
    """
    rows = np.repeat(np.arange(len(sequences)), sequences.lengths)
    for channel in _channels(sequences):
        is_observed = ~np.isnan(channel)
        lengths = np.bincount(rows[is_observed], minlength=len(sequences))
        kept = lengths > 0
        if not kept.any():
            yield Sequences(np.zeros((1, 1)), np.array([1])), np.ones(1)
            continue
        steps = channel[is_observed][:, np.newaxis]
        yield Sequences(steps, lengths[kept]), weights[kept]


def _channels(sequences):
    """Yield all steps of one channel after the other, (S,), read block by block."""
    values, starts = sequences.values, sequences.starts
    if not isinstance(values, LazySteps):
        yield from sequences.joined().values.T
        return
    for channel in range(values.shape[1]):
        blocks = blocks_of(values, starts, starts + sequences.lengths)
        yield np.concatenate([steps[:, channel] for steps in blocks])


def _statistics(method, sequences, weights, ranges):
    """Return what is subtracted from each channel, and what it is divided by."""
    lowest, highest = ranges
    center, scale = _STATISTICS[method](sequences, weights, lowest, highest)
    largest = np.maximum(highest, -lowest)
    # float64 whatever the dtype of X: the same numbers are scaled in the same way.
    eps = np.finfo(np.float64).eps
    is_constant = (lowest == highest) | (scale <= 10 * eps * largest)
    return center, np.where(is_constant, 1.0, scale)


# Each of the following takes Sequences, weights (n,), and the least and the largest
# number of each channel, (D,) each. It returns center and scale, (D,) each.


def _standard(sequences, weights, lowest, highest):
    """Return means and standard deviations, in float64."""
    # Deviations from the middle are summed, not the numbers: the sum is exact far from
    # zero, and zero for a constant channel.
    middle = lowest.astype(np.float64) / 2 + highest.astype(np.float64) / 2
    center = middle + _mean_power(sequences, weights, middle, 1)
    return center, np.sqrt(_mean_power(sequences, weights, center, 2))


def _mean_power(sequences, weights, center, power):
    """Average a power of the deviations from a center, channel by channel."""
    total = np.zeros(len(center))
    for steps, rows in sequences.blocks():
        # NumPy sums contiguous channels pairwise, whatever the memory order of X.
        channels = np.array(steps.T, dtype=np.float64, order="C")
        channels -= center[:, np.newaxis]
        total += (channels**power * weights[rows]).sum(axis=1)
    return total / (weights @ sequences.lengths)


def _robust(sequences, weights, lowest, highest):
    """Return medians and interquartile ranges."""
    weights = np.repeat(weights, sequences.lengths)  # (S,)
    columns = _channels(sequences)
    quartiles = [_weighted_quartiles(column, weights) for column in columns]
    lower, median, upper = np.array(quartiles, dtype=np.float64).T
    return median, upper - lower


def _weighted_quartiles(column, weights):
    """Return the quartiles of a sample in which value i occurs weights[i] times.

    If a quartile falls between two values, it is their mean.
    """
    order = np.argsort(column)
    column, total = column[order], np.cumsum(weights[order])
    wanted = np.array([0.25, 0.5, 0.75]) * total[-1]
    below = np.searchsorted(total, wanted, side="left")
    above = np.searchsorted(total, wanted, side="right")
    return (column[below].astype(np.float64) + column[above]) / 2


def _minmax(sequences, weights, lowest, highest):
    """Return minima and ranges; weights only have to be positive."""
    lowest = lowest.astype(np.float64)
    return lowest, highest - lowest


_STATISTICS = {"standard": _standard, "robust": _robust, "minmax": _minmax}
