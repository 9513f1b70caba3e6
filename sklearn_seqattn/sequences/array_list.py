"""Steps read as one flat array, without copying; and blocks of steps."""

import math
from operator import getitem

import numpy as np

from sklearn_seqattn.sequences.checks import check_finite

_VALUES_AT_ONCE = 2**18


class LazySteps:
    """Numbers of sequences that are read when they are needed, as one flat array.

    A subclass has the `shape` (S, D) and the `dtype` of an array, returns the steps
    ``start:stop`` of one sequence, and has `sequences_at`.
    """

    ndim = 2

    def __len__(self):
        return self.shape[0]

    def sequences_at(self, starts, stops):
        """Return an iterator over the steps of sequences, of any dtype."""
        raise NotImplementedError

    def check_finite(self, starts, lengths, name, **options):
        """Raise at the first NaN or infinity, as the function of that name does."""
        first = 0
        for steps in blocks_of(self, starts, starts + lengths):
            check_finite(steps, lengths, name, first=first, **options)
            first += len(steps)


class ArrayList(LazySteps):
    """A list of arrays read as one flat array, without copying.

    Parameters
    ----------
    arrays : list of ndarray of shape (T_i, D)
        Numbers.
    lengths : ndarray of shape (n,), int64
        Steps of each array.
    dtype : numpy.dtype
        The dtype in which steps are returned.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.sequences.array_list import ArrayList
    >>> arrays = [np.array([[1], [2]]), np.array([[3.5]])]
    >>> values = ArrayList(arrays, np.array([2, 1]), np.dtype(np.float64))
    >>> values.shape, values[1:2]
    ((3, 1), array([[2.]]))
    """

    def __init__(self, arrays, lengths, dtype):
        self.arrays = arrays
        self.starts = np.cumsum(lengths) - lengths
        self.shape = int(lengths.sum()), arrays[0].shape[1]
        self.dtype = dtype

    def __getitem__(self, places):
        """Return the steps of a slice ``start:stop`` inside one of the arrays."""
        index = self.starts.searchsorted(places.start, side="right") - 1
        start = self.starts[index]
        steps = self.arrays[index][places.start - start : places.stop - start]
        return np.asarray(steps, dtype=self.dtype)

    def sequences_at(self, starts, stops):
        """Return an iterator over arrays from their start to the given steps."""
        indices = self.starts.searchsorted(starts).tolist()
        arrays = map(self.arrays.__getitem__, indices)
        return map(getitem, arrays, map(slice, (stops - starts).tolist()))


def steps_of(values, starts, stops):
    """Return an iterator over the steps of each of some sequences.

    Parameters
    ----------
    values : ndarray of shape (S, ...) or LazySteps
        The steps of all sequences.
    starts, stops : ndarray of shape (n,), int64
        First step of each sequence, and the step after its last one.

    Returns
    -------
    steps : iterator of ndarray
        Views; those of `LazySteps` are of any dtype.
    """
    if isinstance(values, LazySteps):
        return values.sequences_at(starts, stops)
    slices = map(slice, starts.tolist(), stops.tolist())
    return map(values.__getitem__, slices)


def steps_at_once(values):
    """Return how many steps may be copied at once.

    Parameters
    ----------
    values : array of shape (S, ...)
        The steps of all sequences.

    Returns
    -------
    n_steps : int
        The number of steps that hold 2**18 values in all.
    """
    return max(1, _VALUES_AT_ONCE // max(1, math.prod(values.shape[1:])))


def blocks_of(values, starts, stops, n_steps=None):
    """Yield the steps of sequences in their order, in blocks.

    Parameters
    ----------
    values : ndarray of shape (S, ...) or LazySteps
        The steps of all sequences.
    starts, stops : ndarray of shape (n,), int64
        First step of each sequence, and the step after its last one.
    n_steps : int or None, default=None
        Steps of a block; the last one may have less. None takes `steps_at_once`.

    Yields
    ------
    steps : ndarray of shape (n_steps, ...)
        A copy only if a block is made of several sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.sequences.array_list import blocks_of
    >>> list(blocks_of(np.arange(9), np.array([5, 0]), np.array([9, 2]), n_steps=4))
    [array([5, 6, 7, 8]), array([0, 1])]
    """
    n_steps = steps_at_once(values) if n_steps is None else n_steps
    parts, missing = [], n_steps
    for steps in steps_of(values, starts, stops):
        while len(steps) >= missing:
            yield _joined([*parts, steps[:missing]], values.dtype)
            steps = steps[missing:]
            parts, missing = [], n_steps
        if len(steps):
            parts.append(steps)
            missing -= len(steps)
    if parts:
        yield _joined(parts, values.dtype)


def channel_ranges(values, starts, stops):
    """Return the least and the largest number of each channel.

    Parameters
    ----------
    values : ndarray of shape (S, D) or LazySteps
        The steps of all sequences.
    starts, stops : ndarray of shape (n,), int64
        First step of each sequence, and the step after its last one.

    Returns
    -------
    lowest, highest : ndarray of shape (D,)
        NaN where a number is missing.
    """
    blocks = blocks_of(values, starts, stops)
    ranges = [(steps.min(axis=0), steps.max(axis=0)) for steps in blocks]
    lowest, highest = np.stack(ranges, axis=1)
    return lowest.min(axis=0), highest.max(axis=0)


def joined_steps(values, starts, stops):
    """Return the steps of sequences in their order, as one array.

    Parameters
    ----------
    values : ndarray of shape (S, ...) or LazySteps
        The steps of all sequences.
    starts, stops : ndarray of shape (n,), int64
        First step of each sequence, and the step after its last one.

    Returns
    -------
    steps : ndarray of shape (S', ...)
        A copy only of several sequences.
    """
    return _joined(list(steps_of(values, starts, stops)), values.dtype)


def _joined(parts, dtype):
    """Join arrays; a single one of the right dtype is not copied."""
    if len(parts) == 1:
        return np.asarray(parts[0], dtype=dtype)
    return np.concatenate(parts, dtype=dtype)
