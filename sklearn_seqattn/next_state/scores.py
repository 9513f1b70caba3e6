"""Scores of predicted states, position by position."""

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d

from sklearn_seqattn._estimator import check_sample_weight
from sklearn_seqattn.attention_lstm.step_scores import mean_over_classes
from sklearn_seqattn.next_state.streams import rows_of


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


def share_of_hits(y, predicted, sample_weight=None):
    """Return the share of predicted states that are right.

    Parameters
    ----------
    y : array-like of shape (n,)
        The state that follows each sequence.
    predicted : ndarray of shape (n,)
        What is predicted: known states, strings or integers.
    sample_weight : array-like of shape (n,) or None, default=None
        Weights of the sequences.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If y is of another kind or length.
    """
    y = column_or_1d(y, dtype=object)  # a long string widens no other
    check_consistent_length(predicted, y, sample_weight)
    is_text = isinstance(predicted[0], str)
    for i, one in enumerate(y):
        if isinstance(one, str) != is_text:
            raise TypeError(
                f"y[{i}] is {one!r:.40}, but the states are "
                f"{'strings' if is_text else 'integers'}; pass states of that kind."
            )
    return float(np.average(predicted.astype(object) == y, weights=sample_weight))


def following_states(streams, states, y):
    """Return the state that follows each id of streams, as it is in X or y.

    Parameters
    ----------
    streams : StateStreams
        The sequences, S ids in all.
    states : ndarray of shape (sum of the numbers of states,)
        The states of X, one sequence after the other.
    y : array-like of shape (n,) or None
        The state that follows each sequence.

    Returns
    -------
    ndarray of shape (S,), dtype object
        None where nothing follows.
    """
    following = np.full(len(streams.ids), None, dtype=object)
    n_states = streams.lengths - int(streams.has_start)
    rows = rows_of(streams.starts + int(streams.has_start), n_states)
    is_first = rows == np.repeat(streams.starts, n_states)  # nothing is before it
    following[rows[~is_first] - 1] = states[~is_first]
    if y is not None:
        following[np.cumsum(streams.lengths) - 1] = column_or_1d(y, dtype=object)
    return following


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


def mean_over_states(metric, found, n, sample_weight=None):
    """Return the mean over the states of their recall or of their F1.

    Parameters
    ----------
    metric : {"balanced_accuracy", "f1_macro"}
        Recall of the states that occur, or F1 of all that occur or are predicted, as
        scikit-learn defines them.
    found : DataFrame
        As `compare_positions` returns it, of n sequences.
    n : int
        The number of sequences.
    sample_weight : array-like of shape (n,) or None, default=None
        Weight of each sequence.

    Returns
    -------
    float
        The mean.

    Raises
    ------
    ValueError
        If there is no position.
    """
    weights = check_sample_weight(sample_weight, np.empty(n))[found["sequence"]]
    found, weights = found[weights != 0], weights[weights != 0]
    check_scored(len(found))
    states = pd.concat([found["true"], found["predicted"]])
    true, predicted = np.split(pd.factorize(states)[0], 2)
    return mean_over_classes(metric, true, predicted, weights)
