"""Check the y of a user: one label or number, or several, for each sequence."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target


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
    y = y.toarray() if sparse.issparse(y) else y
    _check_one_each(y, lengths, "label")
    # As objects first: numpy turns a missing label among strings into a string.
    is_list = isinstance(y, list | tuple)
    array = np.asarray(y, dtype=object) if is_list else np.asarray(y)
    if array.dtype.kind in "TO":
        _check_label_types(array)
        y = np.array(array.tolist())
    assert_all_finite(np.asarray(y), input_name="y")
    check_classification_targets(y)
    kind = type_of_target(y)
    if kind == "multilabel-indicator":
        return check_array(y, dtype=np.float32, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y has several columns with more than two values; give a 0/1 column for "
            "each label, or fit one classifier a column."
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
    _check_one_each(y, lengths, "target")
    return check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")


def _check_one_each(y, lengths, noun):
    """Raise unless y has one entry for each sequence, all of one size."""
    n = len(y if hasattr(y, "__len__") else np.asarray(y))
    if n != len(lengths):
        raise ValueError(
            f"X has {len(lengths)} sequences, but y has {n} {noun}s; each sequence "
            "needs one."
        )
    if isinstance(y, list | tuple | pd.Series) or _holds_objects(y):
        sizes = [_size(one) for one in y]
        different = [i for i, size in enumerate(sizes) if size != sizes[0]]
        if sizes == lengths.tolist() and different:
            raise ValueError(
                f"y has one entry for each step, but one {noun} a sequence is "
                f"expected; reduce the entries of each sequence to one {noun}."
            )
        if different:
            i = different[0]
            raise ValueError(
                f"y[{i}] has {sizes[i] or 'no'} entries, but y[0] has "
                f"{sizes[0] or 'none'}; give one {noun} a sequence, or an array of "
                "shape (n, n_columns)."
            )


def _holds_objects(y):
    """Return whether y is an array of Python objects."""
    return isinstance(y, np.ndarray) and y.dtype.kind == "O"


def _size(target):
    """Return the number of entries of a target; None for a single value."""
    is_single = isinstance(target, str) or not hasattr(target, "__len__")
    return None if is_single or np.ndim(target) == 0 else len(target)


def _check_label_types(y):
    """Name the first label that is missing, or of another kind than the others."""
    missing = pd.isna(y)
    if missing.any():
        place = tuple(int(i) for i in np.argwhere(missing)[0])
        found = y[place]
        raise ValueError(
            f"y{list(place)} is {found!r}, and input y contains NaN or None: give "
            "every sequence a label, or leave out the sequences without one."
        )
    kinds = {isinstance(label, str) for label in y.flat}
    if len(kinds) > 1:
        is_text = [isinstance(label, str) for label in y.flat]
        place = is_text.index(not is_text[0])
        raise TypeError(
            f"y[{place}] is {y.flat[place]!r}, but y[0] is {y.flat[0]!r}; labels are "
            "all strings or all numbers."
        )
