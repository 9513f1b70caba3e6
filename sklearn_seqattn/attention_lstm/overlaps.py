"""Find windows of one series among sequences, to leave out neighbors together."""

import numpy as np

from sklearn_seqattn.sequences.array_list import steps_of

#: Folds that predict each other.
N_FOLDS = 5

#: Stretches of time in which predictors of windows are compared.
N_STRETCHES = 8

#: Sequences that are looked at to see whether they are windows at all.
_N_LOOKED_AT = 20

#: With more values, sequences are not looked at: they would be copied.
_MOST_VALUES = 2**26


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
    is_large = n_steps * len(lengths) * np.prod(values.shape[1:]) > _MOST_VALUES
    if is_large or n_steps < 2 or (lengths != n_steps).any():
        return None
    windows = np.stack(list(steps_of(values, starts, starts + n_steps)))
    windows = windows.reshape(len(windows), n_steps, -1) + 0.0  # there is one zero
    shift = _common_shift(windows)
    if shift is None:
        return None
    first_row = {window[:-shift].tobytes(): row for row, window in enumerate(windows)}
    following = [first_row.get(window[shift:].tobytes(), -1) for window in windows]
    return _chained(np.array(following))


def _common_shift(windows):
    """Return by how many steps the next window begins later, or None."""
    n, n_steps = windows.shape[:2]
    looked_at = np.unique(np.linspace(0, n - 1, _N_LOOKED_AT).astype(int))
    found = []
    for row in looked_at:
        for shift in range(1, n_steps // 2 + 1):
            begins_alike = (windows[:, 0] == windows[row, shift]).all(1)
            begins_alike[row] = False  # a constant sequence follows itself
            alike = windows[begins_alike, :-shift] == windows[row, shift:]
            if alike.all(axis=(1, 2)).any():
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
