"""Find windows of one series among sequences, to leave out neighbors together."""

from collections import Counter
from functools import partial

import numpy as np

from sklearn_seqattn.sequences.array_list import steps_of
from sklearn_seqattn.training.fingerprint import digest

#: Folds that predict each other.
N_FOLDS = 5

#: Stretches of time in which predictors of windows are compared.
N_STRETCHES = 8

#: Sequences that are looked at to see whether they are windows at all.
_N_LOOKED_AT = 20

#: So many first steps tell most sequences apart.
_FEW_STEPS = 16


def folds(dataset, n_folds, seed):
    """Split sequences into folds, windows that overlap into the same one if possible.

    A window shares most of its steps with the next one. A model that has seen the
    neighbors of a window predicts it better than any window of a later time. So
    windows are brought into the order of time first, and folds are whole stretches of
    it. Other sequences are shuffled.

    Parameters
    ----------
    dataset : SequenceDataset
        n sequences, in one or several rounds.
    n_folds : int
        How many folds, at most.
    seed : int
        Decides the folds of sequences that are no windows.

    Returns
    -------
    folds : list of ndarray of int64
        The rows of each fold.
    """
    found = stretches(dataset, n_folds)
    if found is not None:
        return found
    n = len(dataset) // dataset.n_rounds
    order = np.random.RandomState(seed).permutation(n)
    return np.array_split(order, min(n_folds, n))


def stretches(dataset, n_stretches):
    """Split windows that overlap into stretches of time.

    Parameters
    ----------
    dataset : SequenceDataset
        n sequences, in one or several rounds.
    n_stretches : int
        How many stretches, at most.

    Returns
    -------
    stretches : list of ndarray of int64, or None
        The rows of each. None for sequences that are no windows, or that are cut to
        many lengths.
    """
    if dataset.n_rounds > 1:
        return None
    order = time_order(dataset.values, dataset.starts, dataset.lengths)
    if order is None:
        return None
    return np.array_split(order, min(n_stretches, len(order)))


def time_order(values, starts, lengths):
    """Return the order in which windows follow each other.

    Parameters
    ----------
    values : array of shape (S, D) or (S,)
        The steps of all sequences.
    starts, lengths : ndarray of shape (n,), int64
        Where each sequence is.

    Returns
    -------
    order : ndarray of shape (n,), int64, or None
        The rows, in the order of time within each series. None where most sequences
        do not overlap with another one by at least half.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.overlaps import time_order
    >>> windows = np.array([[2.5, 3.0, 1.0], [0.0, 2.5, 3.0], [3.0, 1.0, 7.0]])
    >>> time_order(windows.reshape(9, 1), np.array([0, 3, 6]), np.array([3, 3, 3]))
    array([1, 0, 2])
    """
    n_steps = int(lengths[0])
    if n_steps < 2 or (lengths != n_steps).any():
        return None
    windows = partial(_read_windows, values, starts, n_steps)
    shift = _common_shift(windows, len(starts))
    if shift is None:
        return None
    begins, ends = [], []
    for window in windows():
        begins.append(digest(window[:-shift]))
        ends.append(digest(window[shift:]))
    first_row = {begin: row for row, begin in enumerate(begins)}
    return _chained(np.array([first_row.get(end, -1) for end in ends]))


def _read_windows(values, starts, n_steps, rows=slice(None)):
    """Read sequences one at a time, from a file for example: arrays (T, D)."""
    for steps in steps_of(values, starts[rows], starts[rows] + n_steps):
        yield steps.reshape(n_steps, -1) + 0.0  # there is one zero


def _common_shift(windows, n):
    """Return by how many steps the next window begins later, or None.

    A window may begin in the first half of another one. So first halves are compared,
    and their first steps before, which takes less time.
    """
    looked_at = np.unique(np.linspace(0, n - 1, _N_LOOKED_AT).astype(int))
    firsts, halves = set(), []
    for window in windows():
        half = len(window) - len(window) // 2
        few = min(half, _FEW_STEPS)
        firsts.add(window[:few].tobytes())
        halves.append(digest(window[:half]))
    n_alike, found = Counter(halves), []
    for row, window in zip(looked_at, windows(looked_at), strict=True):
        for shift in range(1, len(window) // 2 + 1):
            if window[shift : shift + few].tobytes() not in firsts:
                continue
            begin = digest(window[shift : shift + half])
            if n_alike[begin] > (begin == halves[row]):  # others than itself
                found.append(shift)
                break
    if len(found) < len(looked_at) / 2:
        return None
    return int(np.bincount(found).argmax())


def _chained(following):
    """Return rows in an order in which each is followed by its next one, -1 is none."""
    has_previous = np.zeros(len(following), bool)
    has_previous[following[following >= 0]] = True
    order, seen = [], np.zeros(len(following), bool)
    for first in (*np.flatnonzero(~has_previous), *range(len(following))):
        row = first
        while row >= 0 and not seen[row]:
            seen[row] = True
            order.append(row)
            row = following[row]
    return np.array(order)
