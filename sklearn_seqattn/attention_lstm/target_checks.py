"""Check the y of a user: one label or number, or several, for each sequence."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklearn_seqattn.sequences.arrays import (
    array_or_sequence,
    is_number_type,
    to_numpy,
)
from sklearn_seqattn.sequences.wording import number_of

_LABELS_OF_STEPS = "AttentionLSTMTagger predicts a label for each step"


def check_labels(y, lengths):
    """Check the labels of a classifier.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n,) or (n, n_labels)
        As the user gave it.
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    y : ndarray of shape (n,), or (n, n_labels) float32

    Raises
    ------
    ValueError, TypeError
        If there is not one class, or one 0 or 1 a label, for each sequence.
    """
    y = _read(y.toarray() if sparse.issparse(y) else y, "label")
    _check_one_each(y, lengths, "label")
    # As objects first: numpy turns a missing label among strings into a string.
    y = np.asarray(y, dtype=object) if isinstance(y, list) else y
    _check_label_types(y)
    if y.dtype.kind in "TO":
        y = np.array(y.tolist())
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    kind = type_of_target(y)
    if kind == "multilabel-indicator":
        return check_array(y, dtype=np.float32, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y has several columns with more than two values; give a 0/1 column for "
            f"each label, or fit one classifier a column. {_LABELS_OF_STEPS}."
        )
    return column_or_1d(y, warn=True)


def check_same_classes(classes, known):
    """Raise if a later call of partial_fit names other classes than the first.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        The classes that the call names.
    known : ndarray of shape (n_classes,)
        The classes of the first call.

    Raises
    ------
    ValueError
        If they differ.
    """
    classes = np.unique(column_or_1d(classes))
    if not np.array_equal(classes, known):
        raise ValueError(
            f"classes={classes.tolist()} is not the same as on the first call to "
            f"partial_fit, which was {known.tolist()}."
        )


def check_numbers(y, lengths):
    """Check the targets of a regressor.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_targets)
        As the user gave it.
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    y : ndarray of shape (n,) or (n, n_targets), float64

    Raises
    ------
    ValueError, TypeError
        If the sequences do not have the same number of finite numbers.
    """
    y = _read(y, "target")
    _check_one_each(y, lengths, "target")
    array = np.asarray(y, dtype=object) if isinstance(y, list) else y
    _check_number_types(array)
    try:
        array = check_array(
            array, ensure_2d=False, dtype=np.float64, ensure_all_finite=False
        )
    except OverflowError as error:  # an int of Python may be beyond any float
        raise ValueError(f"y: {error}; scale the targets first.") from error
    is_wrong = ~np.isfinite(array)
    if is_wrong.any():
        place = np.argwhere(is_wrong)[0].tolist()
        found = "NaN" if np.isnan(array[tuple(place)]) else "infinity"
        raise ValueError(
            f"Input y contains {found} at y{place}: give every sequence a finite "
            "target, or leave out the sequences without one."
        )
    return array


def _read(y, noun):
    """Return y as an array, or as a list if it is a sequence of Python."""
    y = array_or_sequence(
        y, "y", f"expected an array or a list of one {noun} for each sequence"
    )
    if not isinstance(y, np.ndarray):
        return [to_numpy(one, "y")[()] if hasattr(one, "detach") else one for one in y]
    if y.ndim not in (1, 2):
        raise ValueError(
            f"y has shape {y.shape}; expected one {noun} for each sequence, of shape "
            "(n,) or (n, n_columns)."
        )
    return y


def _check_one_each(y, lengths, noun):
    """Raise unless y has one entry for each sequence, all of one size."""
    if len(y) != len(lengths):
        raise ValueError(
            f"X has {number_of(len(lengths), 'sequence')}, but y has "
            f"{number_of(len(y), noun)}; each sequence needs one."
        )
    if isinstance(y, list) or y.dtype.kind == "O":
        sizes = [_size(one) for one in y]
        different = [i for i, size in enumerate(sizes) if size != sizes[0]]
        if sizes == lengths.tolist() and different:
            raise ValueError(
                f"y has one entry for each step, but one {noun} a sequence is "
                f"expected; {_LABELS_OF_STEPS}, or reduce the entries of each "
                f"sequence to one {noun}."
            )
        if different:
            i = different[0]
            raise ValueError(
                f"y[{i}] {_described(sizes[i])}, but y[0] {_described(sizes[0])}; "
                f"give one {noun} a sequence, or an array of shape (n, n_columns)."
            )


def _size(target):
    """Return the number of entries of a target; None for a single value."""
    is_single = isinstance(target, str) or not hasattr(target, "__len__")
    return None if is_single or np.ndim(target) == 0 else len(target)


def _described(size):
    """Say how many entries a target has."""
    return "is a single value" if size is None else f"has {number_of(size, 'value')}"


def _check_label_types(y):
    """Name the first label that is missing, no label, or of another kind."""
    if y.dtype.kind == "S":
        raise TypeError("y holds bytes; decode the labels to strings first.")
    missing = pd.isna(y)
    if missing.any():
        place = tuple(int(i) for i in np.argwhere(missing)[0])
        found = y[place]
        raise ValueError(
            f"y{list(place)} is {found!r}, and input y contains NaN or None: give "
            "every sequence a label, or leave out the sequences without one."
        )
    if y.dtype.kind != "O":
        return
    _name_first(
        y,
        lambda label: isinstance(label, str) or is_number_type(type(label)),
        "labels are strings, integers or booleans; convert them, for example with "
        "astype(str)",
    )
    is_text = [isinstance(label, str) for label in y.flat]
    if len(set(is_text)) > 1:
        place = is_text.index(not is_text[0])
        raise TypeError(
            f"y[{place}] is {y.flat[place]!r}, but y[0] is {y.flat[0]!r}; labels are "
            "all strings or all numbers."
        )


def _check_number_types(y):
    """Name the first target that is text, a date or a duration."""
    remedy = "targets are numbers; convert them first"
    if y.dtype.kind in "MmSUT":
        raise TypeError(f"y has dtype {y.dtype}, but {remedy}.")
    if y.dtype.kind == "O":
        dates = str | bytes | date | timedelta | np.datetime64 | np.timedelta64
        _name_first(y, lambda target: not isinstance(target, dates), remedy)


def _name_first(y, is_right, remedy):
    """Raise at the first entry of an object array that is not right."""
    for place, found in np.ndenumerate(y):
        if not is_right(found):
            kind = type(found).__name__
            raise TypeError(f"y{list(place)} is {found!r} of type {kind}; {remedy}.")
