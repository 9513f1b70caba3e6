"""The weights that a user gives: one a sequence, or one a step."""

import numpy as np
import pandas as pd

from sklearn_seqattn._estimator import check_sample_weight
from sklearn_seqattn.attention_lstm.step_labels import join_steps, read_rows
from sklearn_seqattn.sequences.arrays import has_array, is_array_like, to_numpy
from sklearn_seqattn.sequences.checks import locate
from sklearn_seqattn.sequences.frames import is_frame, to_pandas
from sklearn_seqattn.sequences.nested import has_nested_columns, holds_sequences
from sklearn_seqattn.sequences.tables import has_instances
from sklearn_seqattn.sequences.unreadable import name_value, refuse_unreadable


def check_weights(sample_weight, y):
    """Return the weight of each sequence.

    Parameters
    ----------
    sample_weight : array-like of shape (n,) or None
        As the user gave it; None weighs all alike.
    y : ndarray of shape (n, ...)
        The targets.

    Returns
    -------
    weights : ndarray of shape (n,), float64

    Raises
    ------
    TypeError
        If the weights are no array-like, or masked.
    ValueError
        If a weight is negative or all are zero.
    """
    if sample_weight is not None:
        refuse_unreadable(sample_weight, "sample_weight")
        if isinstance(sample_weight, str):
            raise TypeError(
                f"sample_weight is {name_value(sample_weight)}; pass one number for "
                "each sequence."
            )
        if is_array_like(sample_weight) and has_array(sample_weight):
            sample_weight = to_numpy(sample_weight, "sample_weight")
        # As objects: a missing weight is not a weight of zero.
        if np.all(np.asarray(sample_weight, object) == 0):
            raise ValueError(
                "sample_weight is zero for every sequence; at least one must count."
            )
    return check_sample_weight(
        sample_weight, y, dtype=np.float64, ensure_non_negative=True
    )


def read_weights(sample_weight, lengths):
    """Return the weights of sequences and of steps.

    Parameters
    ----------
    sample_weight : array-like of shape (n,), list of arrays of shape (T_i,) or None
        As the user gave it; None weighs all alike.
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    weights : ndarray of shape (n,), float64
        Where the user weighs steps, the mean over them.
    of_steps : ndarray of shape (S,), float64

    Raises
    ------
    ValueError, TypeError
        If a weight is wrong.
    """
    of_steps = check_step_weights(sample_weight, lengths)
    if of_steps is None:
        weights = check_weights(sample_weight, lengths)
        return weights, np.repeat(weights, lengths)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.bincount(rows, of_steps, minlength=len(lengths))
    return sums / np.maximum(lengths, 1), of_steps


def check_step_weights(sample_weight, lengths):
    """Check the weights of a tagger: one a sequence, or one a step.

    Parameters
    ----------
    sample_weight : array-like of shape (n,), or list of arrays of shape (T_i,)
        As the user gave it.
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    weights : ndarray of shape (S,), float64, or None
        The weights of the steps; None for weights of sequences, which are not checked.

    Raises
    ------
    ValueError, TypeError
        If a sequence has other than one weight for each step, or one of them is no
        finite number from 0.
    """
    if not _is_nested(sample_weight):
        return None
    names = "sample_weight", "weight"
    flat = join_steps(read_rows(sample_weight, *names), lengths, *names)
    try:
        flat = flat.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"sample_weight must hold numbers: {error}.") from None
    is_wrong = ~((flat >= 0) & (flat < np.inf))
    if is_wrong.any():
        index, step = locate(int(is_wrong.argmax()), lengths)
        raise ValueError(
            f"sample_weight of sequence {index} is {flat[is_wrong][0]} at step {step}; "
            "weights are finite numbers from 0."
        )
    return flat


def _is_nested(weights):
    """Return whether weights are one array a sequence."""
    if isinstance(weights, pd.Series) and has_instances(weights):
        return True
    if is_frame(weights):
        return has_nested_columns(to_pandas(weights))
    if weights is None or not is_array_like(weights):
        return False
    if has_array(weights):
        weights = to_numpy(weights, "sample_weight")
        return weights.dtype == object and holds_sequences(weights.ravel())
    return any(map(is_array_like, weights))
