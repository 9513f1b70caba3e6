"""Scores of predicted states, position by position."""

import numpy as np

from sklearn_seqattn._estimator import check_sample_weight


def scored_rows(streams, *, last=False):
    """Return the positions to score.

    Parameters
    ----------
    streams : StateStreams
        The sequences.
    last : bool, default=False
        Whether only the last position of each sequence is scored.

    Returns
    -------
    rows : ndarray of shape (M,)
        The flat rows.
    sequence : ndarray of shape (M,)
        The index of the sequence of each.
    following : ndarray of shape (M,)
        The column of what follows each, or `UNSEEN`.
    """
    rows = np.flatnonzero(streams.scored)
    sequence = np.repeat(np.arange(len(streams)), streams.lengths)[rows]
    if last:
        ends = np.diff(sequence, append=-1) != 0
        rows, sequence = rows[ends], sequence[ends]
    return rows, sequence, streams.following[rows]


def score_rows(log_proba, following, *, k, unknown_mass):
    """Score what follows each of some positions.

    Parameters
    ----------
    log_proba : ndarray of shape (M, K)
        Predicted log-probabilities.
    following : ndarray of shape (M,)
        The column of what followed, negative for an unknown state.
    k : int
        A state among the k most probable is a hit; the first of equal ones counts as
        more probable.
    unknown_mass : float
        The probability of an unknown state.

    Returns
    -------
    log_likelihood : ndarray of shape (M,)
        The log-probability of what followed.
    hit : ndarray of shape (M,), bool
        Whether it is a hit. An unknown state is none, and neither is a state whose
        probability is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> log_proba = np.log([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    >>> found, hit = score_rows(log_proba, np.array([1, -2]), k=2, unknown_mass=0.01)
    >>> np.exp(found).round(2), hit
    (array([0.3 , 0.01]), array([ True, False]))
    """
    column = np.maximum(following, 0)
    found = np.take_along_axis(log_proba, column[:, None], axis=1)
    tied = (log_proba == found) & (np.arange(log_proba.shape[1]) < column[:, None])
    rank = ((log_proba > found) | tied).sum(axis=1)
    found, known = found[:, 0], following >= 0
    hit = known & (rank < k) & ~np.isnan(found)  # NaN compares as false: rank 0
    return np.where(known, found, np.log(unknown_mass)), hit


def mean_over_positions(totals, positions, sample_weight=None):
    """Return the mean over all positions of all sequences.

    Parameters
    ----------
    totals : array-like of shape (n,)
        The sum over the positions of each sequence.
    positions : array-like of shape (n,)
        The number of positions of each sequence.
    sample_weight : array-like of shape (n,) or None, default=None
        Weight of each sequence.

    Returns
    -------
    float
        The mean, in which each position has the weight of its sequence.

    Raises
    ------
    ValueError
        If there is no position.

    Examples
    --------
    >>> mean_over_positions([1, 6], [2, 4], sample_weight=[3, 1])
    0.9
    """
    totals, positions = np.asarray(totals), np.asarray(positions)
    weights = check_sample_weight(sample_weight, totals)
    count = weights @ positions
    check_scored(count)
    return float((weights @ totals) / count)


def check_scored(count):
    """Raise if there is no position to score.

    Parameters
    ----------
    count : float
        The number of positions, or the sum of their weights.
    """
    if not count:
        raise ValueError(
            "X has no state to score: scores over all positions take the states "
            "from the second on, so give sequences of two states or more, or y."
        )
