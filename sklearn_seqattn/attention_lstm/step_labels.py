"""Read the y of a tagger: a label for each step of each sequence."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.arrays import has_array, is_array_like, to_numpy
from sklearn_seqattn.sequences.checks import locate
from sklearn_seqattn.sequences.frames import is_frame, to_pandas
from sklearn_seqattn.sequences.nested import has_nested_columns
from sklearn_seqattn.sequences.tables import split_instances
from sklearn_seqattn.sequences.unreadable import name_value, refuse_unreadable
from sklearn_seqattn.sequences.wording import number_of

_NOT_COUNTED = "missing labels (None, NaN, and -1 among integers) do not count"
_NUMBERS = {"integer", "floating", "mixed-integer-float", "boolean"}


@dataclass(frozen=True)
class StepLabels:
    """The labels of all steps, end to end.

    Parameters
    ----------
    values : ndarray of shape (S,)
        Strings, integers or booleans; anything where there is no label.
    known : ndarray of shape (S,), bool
        Whether the step has a label.
    """

    values: np.ndarray
    known: np.ndarray

    def counted(self, weights):
        """Return the labels of the steps that have a positive weight, (S,)."""
        known = self.known & (weights > 0)
        if not known.any():
            raise ValueError(
                "sample_weight is zero for every step that has a label; at least one "
                "must count."
            )
        return replace(self, known=known)

    def distinct(self):
        """Return the distinct labels, of which there are at least two."""
        found = np.unique(self.values[self.known])
        if len(found) < 2:
            raise ValueError(
                "A tagger needs at least 2 classes, but y has 1 class: "
                f"{found.tolist()[0]!r}; {_NOT_COUNTED}."
            )
        return found

    def encode(self, targets):
        """Return the code of each label by the encoder of classes, -1 without one."""
        codes = np.full(len(self.values), -1)
        codes[self.known] = targets.encode(self.values[self.known])
        return codes


def split_steps(flat, lengths):
    """Return values of steps as an object array of one array a sequence.

    Parameters
    ----------
    flat : ndarray of shape (S, ...)
        The values, one sequence after the other.
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    ndarray of shape (n,), object
    """
    parts = np.empty(len(lengths), dtype=object)
    for i, part in enumerate(np.split(flat, np.cumsum(lengths)[:-1])):
        parts[i] = part
    return parts


def check_step_labels(y, lengths):
    """Check the labels of a tagger.

    Parameters
    ----------
    y : list, array-like or DataFrame
        An array of labels for each sequence: a list, object array or Series of them; a
        table (n, T) whose rows end with missing labels; a frame of one column that
        holds them; or a Series whose row index is (instance, time).
    lengths : ndarray of shape (n,)
        The steps of each sequence.

    Returns
    -------
    labels : StepLabels
        None, NaN, and -1 among integers are no labels.

    Raises
    ------
    ValueError, TypeError
        If a sequence has other than one label for each step, or no step has a label.
    """
    flat = join_steps(read_rows(y, "y", "label"), lengths, "y", "label")
    known = ~pd.isna(flat)
    values = flat
    if flat.dtype.kind in "OUT":
        kind = pd.api.types.infer_dtype(flat[known], skipna=False)
        if kind == "string":
            values = np.where(known, flat, "").astype(str)
        elif kind in _NUMBERS:
            values = np.where(known, flat, -1)
            values = values.astype(bool if kind == "boolean" else np.float64)
        elif known.any():
            _refuse(flat, known, lengths)
    elif flat.dtype.kind not in "biuf":
        _refuse(flat, known, lengths)
    if values.dtype.kind == "f":
        values = _as_integers(values, known, lengths)
    if values.dtype.kind in "iu":
        known &= values != -1
    if not known.any():
        raise ValueError(f"No step of y has a label; {_NOT_COUNTED}.")
    return StepLabels(values, known)


def read_rows(y, name, noun):
    """Return one array a sequence.

    Parameters
    ----------
    y : list, array-like or DataFrame
        As in `check_step_labels`.
    name, noun : str
        What the user calls it, and what one value is.

    Returns
    -------
    rows : list of ndarray of shape (m_i,)

    Raises
    ------
    ValueError, TypeError
        If it holds something else.
    """
    refuse_unreadable(y, name)
    expected = (
        f"expected one array of {noun}s for each sequence, one {noun} for each step"
    )
    if is_frame(y):
        frame = to_pandas(y, name)
        is_column = frame.shape[1] == 1
        if not is_column and has_nested_columns(frame):
            raise ValueError(
                f"{name} is a table of {frame.shape[1]} columns of sequences; "
                f"{expected}."
            )
        y = frame.iloc[:, 0] if is_column else frame.to_numpy(object)
    is_long = isinstance(y, pd.Series) and isinstance(y.index, pd.MultiIndex)
    if is_long and not any(map(is_array_like, y)):
        return [row.to_numpy() for row in split_instances(y, name)]
    if not is_array_like(y):
        raise TypeError(f"{name} is {name_value(y)}; {expected}.")
    if has_array(y):
        y = to_numpy(y, name)
        if y.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {y.shape}; {expected}.")
    return [_row(row, f"{name}[{i}]", noun, expected) for i, row in enumerate(y)]


def _row(row, where, noun, expected):
    """Return the values of one sequence as an array."""
    if isinstance(row, str):
        raise TypeError(
            f"{where} is the text {str(row)!r:.40}; pass a list of one {noun} for each "
            f"step, such as {where}.split(), for each sequence."
        )
    if not is_array_like(row):
        raise TypeError(f"{where} is {row!r:.40}; {expected}.")
    if has_array(row):
        array = to_numpy(row, where)
    else:
        array = np.empty(len(row), dtype=object)
        array[:] = row
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{where} has shape {array.shape}; expected (n_steps,).")
    return array


def join_steps(rows, lengths, name, noun):
    """Return the values of all steps end to end; missing ones at ends are padding.

    Parameters
    ----------
    rows : list of ndarray of shape (m_i,)
        The values of each sequence.
    lengths : ndarray of shape (n,)
        The steps of each sequence.
    name, noun : str
        What the user calls them, and what one of them is.

    Returns
    -------
    flat : ndarray of shape (S,)

    Raises
    ------
    ValueError
        If a sequence has other than one value for each step.
    """
    if len(rows) != len(lengths):
        raise ValueError(
            f"X has {number_of(len(lengths), 'sequence')}, but {name} has {noun}s for "
            f"{len(rows)}."
        )
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        if len(row) > length and _is_missing(row[length:]):
            rows[i] = row[:length]
        elif len(row) != length:
            raise ValueError(
                f"sequence {i} has {number_of(length, 'step')} but "
                f"{number_of(len(row), noun)}; {name} needs one for each step."
            )
    kinds = {row.dtype.kind for row in rows}
    if kinds <= set("biuf") and not ("b" in kinds and len(kinds) > 1):
        return np.concatenate(rows)
    return np.concatenate([row.astype(object) for row in rows])


def _is_missing(labels):
    """Return whether all of some labels are missing."""
    return all(pd.isna(label) or label == -1 for label in labels.tolist())


def _as_integers(values, known, lengths):
    """Return labels that are whole numbers as integers."""
    is_wrong = known & ~(np.isfinite(values) & (values == np.floor(values)))
    if is_wrong.any():
        index, step = locate(int(is_wrong.argmax()), lengths)
        raise ValueError(
            f"y of sequence {index} is {values[is_wrong][0]} at step {step}, but "
            "labels are strings, integers or booleans; round or bin the numbers first."
        )
    return np.where(known, values, -1).astype(np.int64)


def _refuse(flat, known, lengths):
    """Name the first value that is no label, or of another kind than the first."""
    first = flat[known][0]
    usual = str if isinstance(first, str) else type(first)
    is_wrong = known & [not isinstance(value, usual) for value in flat]
    position = int(is_wrong.argmax() if is_wrong.any() else known.argmax())
    index, step = locate(position, lengths)
    found = flat[position]
    raise TypeError(
        f"y of sequence {index} is {found!r:.40} of type {type(found).__name__} at "
        f"step {step}; labels are all strings, all integers or all booleans."
    )
