"""The cache: what followed the same states earlier in the same sequence.

Sequences repeat themselves: a chorus, a loop of a process. Each earlier step of a
sequence is an observation of what follows. Its weight grows with the number of states
that it and the steps before it have in common with the present step.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import minimize

from sklearn_seqattn.next_state.streams import rows_of
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID

MAX_COMMON = 6  # states in common; more do not raise the weight
_PAIRS = 2**18  # pairs of steps that are compared at once, about
_LEAST = -700.0  # log-probability; exp of far less is zero, which has no logarithm
_START = (-7.0, -3.5, 0.7)  # logarithms: no state in common, one, and its growth
_BOUNDS = ((-12.0, 3.0), (-12.0, 3.0), (0.0, 3.0))


def earlier_steps(streams, rows):
    """Compare steps with all earlier ones of their sequences.

    Parameters
    ----------
    streams : StateStreams
        The sequences.
    rows : ndarray of shape (N,)
        The steps to compare.

    Yields
    ------
    part : slice
        The part of `rows` that is compared, so that memory is bounded.
    present : ndarray of shape (M,)
        Index in that part of the later step of each pair.
    followed : ndarray of shape (M,)
        Column of the state that followed the earlier step; negative if unknown.
    common : ndarray of shape (M,)
        Number of states in common, counted back from both steps: 0 if the states of
        the two steps differ, `MAX_COMMON` at most.
    """
    ids = streams.ids
    starts = np.repeat(streams.starts, streams.lengths)[rows]
    chunk = np.cumsum(rows - starts) // _PAIRS
    bounds = [0, *(np.flatnonzero(np.diff(chunk)) + 1), len(rows)]
    for begin, end in pairwise(bounds):
        first, counts = starts[begin:end], (rows - starts)[begin:end]
        earlier = rows_of(first, counts)
        present = np.repeat(np.arange(end - begin), counts)
        lag = rows[begin:end][present] - earlier
        common = np.zeros(len(earlier), dtype=np.int64)
        alike = np.arange(len(earlier))
        for back in range(MAX_COMMON):
            then = earlier[alike] - back
            same = ids[then] == ids[then + lag[alike]]
            alike = alike[same & (then >= first[present[alike]])]
            common[alike] += 1
        yield slice(begin, end), present, ids[earlier + 1] - FIRST_ID, common


def find_cache_weights(log_proba, streams, rows, columns, weights=None):
    """Return the weights of earlier steps under which the columns are most probable.

    Parameters
    ----------
    log_proba : ndarray of shape (N,)
        Log-probability of each column without the cache.
    streams : StateStreams
        The sequences.
    rows : ndarray of shape (N,)
        The steps whose following states are predicted.
    columns : ndarray of shape (N,)
        The column of what followed each.
    weights : ndarray of shape (N,) or None, default=None
        Weight of each of the steps in the choice.

    Returns
    -------
    ndarray of shape (1 + MAX_COMMON,)
        The weight of an earlier step by the number of states in common. From one on
        it grows by a constant factor.
    """
    counts = np.zeros((2, len(rows), 1 + MAX_COMMON))  # right ones, all
    for part, present, followed, common in earlier_steps(streams, rows):
        right, known = followed == columns[part][present], followed >= 0
        np.add.at(counts[0, part], (present[right], common[right]), 1)
        np.add.at(counts[1, part], (present[known], common[known]), 1)
    proba = np.exp(np.maximum(log_proba, _LEAST))

    def loss(logarithms):
        right, every = counts @ _cache_weights(logarithms)
        return np.average(np.log1p(every) - np.log(proba + right), weights=weights)

    found = minimize(loss, _START, method="L-BFGS-B", bounds=_BOUNDS)
    return _cache_weights(found.x)


def _cache_weights(logarithms):
    """Return the weights by the number of states in common, (1 + MAX_COMMON,)."""
    none, one, growth = logarithms
    return np.exp([none, *(one + growth * np.arange(MAX_COMMON))])


def with_cache(log_proba, streams, rows, weights):
    """Return distributions to which the earlier steps of each sequence are added.

    The distribution given has weight 1, and each earlier step adds its weight to the
    state that followed it. The result is divided by the sum of all weights.

    Parameters
    ----------
    log_proba : ndarray of shape (N, K)
        Log-probabilities of what follows each step.
    streams : StateStreams
        The sequences.
    rows : ndarray of shape (N,)
        The steps.
    weights : ndarray of shape (1 + MAX_COMMON,)
        As `find_cache_weights` returns them.

    Returns
    -------
    ndarray of shape (N, K)
        Log-probabilities.

    References
    ----------
    R. Kuhn and R. De Mori, "A cache-based natural language model for speech
    recognition", IEEE Transactions on Pattern Analysis and Machine Intelligence 12
    (1990).
    """
    log_proba = log_proba.copy()
    for part, present, followed, common in earlier_steps(streams, rows):
        mixture = log_proba[part]
        known = followed >= 0
        cells = present[known] * mixture.shape[1] + followed[known]
        gain = np.bincount(cells, weights[common[known]], mixture.size)
        gain = gain.reshape(mixture.shape)
        gains = np.nonzero(gain)
        mixture[gains] = np.logaddexp(mixture[gains], np.log(gain[gains]))
        mixture -= np.log1p(gain.sum(axis=1, keepdims=True))
    return log_proba
