"""Decide what a container is by its type, and read it into flat storage.

`open_container` says which of the layouts of `Container` the user's object has;
`read_container` returns ``(values, lengths, columns)``: the steps of all sequences end
to end (numeric arrays of a list are not copied, see `ArrayList`), the number of steps
of each sequence, and the column names of event frames (None for anything else).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.arrays import (
    has_array,
    is_array_like,
    is_number_type,
    to_numpy,
)
from sklearn_seqattn.sequences.checks import (
    NUMBERS,
    check_dtype,
    holds_text,
    objects_to_float,
)
from sklearn_seqattn.sequences.event_columns import numeric_columns
from sklearn_seqattn.sequences.frames import is_frame, to_pandas
from sklearn_seqattn.sequences.lists import read_list
from sklearn_seqattn.sequences.nested import (
    has_nested_columns,
    holds_sequences,
    read_nested,
)
from sklearn_seqattn.sequences.padded import read_padded
from sklearn_seqattn.sequences.store import SequenceStore
from sklearn_seqattn.sequences.tables import (
    has_instances,
    is_column_of_texts,
    read_table,
    refuse_kinds,
    split_instances,
)
from sklearn_seqattn.sequences.unreadable import name_value, refuse_unreadable

_EXPECTED = (
    "expected a list of sequences, a 3-D array (n_sequences, n_steps, n_channels) or "
    "a 2-D table (n_sequences, n_steps)"
)


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Container:
    """What the user's object is, decided by its type.

    Parameters
    ----------
    items : list, SequenceStore or ndarray
        One element a sequence; or a table (n, T) or a padded array (n, T, D).
    table : DataFrame, ndarray of shape (n, D) or None, default=None
        What has the columns that an estimator remembers.
    nested : Index or None, default=None
        The columns of a table whose cells hold the sequences; None for others.
    static : DataFrame or None, default=None
        The columns beside them, of single values, as they are.
    """

    items: list | SequenceStore | np.ndarray
    table: pd.DataFrame | np.ndarray | None = None
    nested: pd.Index | None = None
    static: pd.DataFrame | None = None

    @property
    def ndim(self):
        """2 for a table of numbers or tokens, 3 for a padded array, 1 for a list."""
        return self.items.ndim if isinstance(self.items, np.ndarray) else 1

    @property
    def is_list(self):
        """Whether the sequences are the elements of a list."""
        return isinstance(self.items, list)

    @property
    def is_texts(self):
        """Whether each sequence is one string."""
        return self.is_list and all(
            issubclass(kind, str) for kind in set(map(type, self.items))
        )

    @property
    def has_named_channels(self):
        """Whether the channels are columns of a DataFrame, and have their names."""
        is_frame = self.nested is not None and isinstance(self.table, pd.DataFrame)
        return is_frame and len(self.nested) > 1

    @property
    def n_columns_by_hand(self):
        """Columns of a list of equally long lists of scalars; None for others.

        Such a list is a table written by hand; a list of arrays never is.
        """
        rows = self.items
        if self.ndim != 1 or not all(isinstance(row, list | tuple) for row in rows):
            return None
        n_columns = len(rows[0])
        is_table = n_columns and all(len(row) == n_columns for row in rows)
        return n_columns if is_table and np.ndim(rows[0][0]) == 0 else None


def open_container(X, *, channels_first=False, name="X"):
    """Decide what a container is.

    Parameters
    ----------
    X : object
        What the user passed, or a container that is opened already.
    channels_first : bool, default=False
        As in `check_sequences`.
    name : str, default="X"
        What the user calls it.

    Returns
    -------
    Container
        Its values are not looked at, except those of object arrays and columns, of
        which the type says nothing.

    Raises
    ------
    TypeError, ValueError
        If it is none, with what to pass instead.
    """
    if isinstance(X, Container):
        return X
    if isinstance(X, SequenceStore):
        return Container(X)
    refuse_unreadable(X, name)
    if isinstance(X, str):
        raise TypeError(
            f"{name} is one text (of type str), but a list of texts is expected: for "
            f"one text pass [{name}]."
        )
    if is_frame(X):
        return _open_frame(to_pandas(X, name), channels_first, name)
    if isinstance(X, pd.Series) and has_instances(X):
        return Container(split_instances(X, name))
    if is_array_like(X) and has_array(X):
        return _open_array(to_numpy(X, name), channels_first, name)
    if isinstance(X, Sequence):
        _check_items(X, name)
        return Container(list(X))
    raise TypeError(f"{name} is {name_value(X)}; {_EXPECTED}.")


def _open_frame(frame, channels_first, name):
    """Open a DataFrame: a long table, texts, nested sequences or a table (n, T)."""
    if has_instances(frame):
        return Container(split_instances(frame, name))
    if has_nested_columns(frame):
        return _open_nested(frame, frame, channels_first, name)
    array = to_numpy(frame, name)
    if array.dtype.kind == "O" and is_column_of_texts(array):
        return Container(array[:, 0].tolist(), frame)
    check_dtype(array.dtype, name)
    return Container(array, frame)


def _open_nested(frame, table, channels_first, name):
    """Open a table whose cells hold sequences."""
    items, nested, static = read_nested(frame, name, channels_first=channels_first)
    return Container(items, table, nested, static)


def _open_array(array, channels_first, name):
    """Open an array: those of objects are lists, whatever shape they happen to have."""
    if array.ndim not in (1, 2, 3):
        raise ValueError(f"{name} has {array.ndim} dimensions; {_EXPECTED}.")
    check_dtype(array.dtype, name)
    if array.ndim == 1:
        if array.dtype.kind in NUMBERS and len(array):
            _refuse_one_sequence(name)
        items = array.tolist() if array.dtype.kind in "UT" else list(array)
        _check_items(items, name)
        return Container(items)
    if array.ndim == 2 and array.dtype.kind in "OUT" and is_column_of_texts(array):
        return Container(array[:, 0].tolist(), array)
    if array.dtype.kind != "O" or array.size == 0:
        return Container(array, array if array.ndim == 2 else None)
    if array.ndim == 2 and holds_sequences(array.reshape(-1)):
        return _open_nested(pd.DataFrame(array), array, channels_first, name)
    if array.ndim == 3 and not holds_text(array):
        return Container(_floats(array, channels_first, name))
    return Container(array.tolist())


def _floats(array, channels_first, name):
    """Return a 3-D object array of numbers as float64."""
    steps = array.swapaxes(1, 2) if channels_first else array  # (n, T, D)
    n, n_steps, n_channels = steps.shape
    flat = steps.reshape(-1, n_channels)
    values = objects_to_float(flat, np.full(n, n_steps), name).reshape(steps.shape)
    return values.swapaxes(1, 2) if channels_first else values


def _check_items(items, name):
    """Raise for a list without elements, or of numbers instead of sequences."""
    if len(items) == 0:
        raise ValueError(
            f"{name} has 0 sample(s) while a minimum of 1 is required; {_EXPECTED}."
        )
    is_scalar = all(is_number_type(kind) for kind in set(map(type, items)))
    if is_scalar or all(
        getattr(item, "ndim", None) == 0 and not isinstance(item, str) for item in items
    ):
        _refuse_one_sequence(name)


def _refuse_one_sequence(name):
    """Raise for numbers instead of sequences."""
    raise ValueError(
        f"{name} is one sequence of numbers, but several are expected: for one "
        f"sequence pass [{name}]. Reshape your data by numpy.reshape({name}, (-1, 1)) "
        "if each number is a sequence of one step."
    )


def read_container(container, *, tokens, channels_first, allow_empty, allow_nan, name):
    """Read a container.

    Parameters
    ----------
    container : Container
        What `open_container` returned.
    tokens, channels_first, allow_empty, allow_nan, name
        As in `check_sequences`.

    Returns
    -------
    values : ndarray of shape (S, D) or (S,), ArrayList, or DataFrame of S rows
        The steps of all sequences, end to end.
    lengths : ndarray of shape (n,), int64
        Steps of each.
    columns : Index or None
        The column names of events.
    """
    if container.ndim == 1:
        read = read_list(
            container.items,
            tokens=tokens,
            channels_first=channels_first,
            allow_empty=allow_empty,
            allow_nan=allow_nan,
            name=name,
        )
    elif container.ndim == 2:
        if isinstance(container.table, pd.DataFrame):
            refuse_kinds(container.table, name)
        read = read_table(
            container.items, tokens=tokens, allow_nan=allow_nan, name=name
        )
    else:
        read = read_padded(
            container.items,
            channels_first=channels_first,
            allow_nan=allow_nan,
            name=name,
        )
    check_wanted_kind(read[0], tokens, name)
    return read


def check_wanted_kind(values, tokens, name):
    """Raise if the kind that was read is not the kind that was asked for.

    Parameters
    ----------
    values : array or DataFrame
        As from `read_container`.
    tokens : bool or None
        As in `check_sequences`.
    name : str
        What the user calls it.
    """
    is_frame = isinstance(values, pd.DataFrame)
    if tokens is True and values.ndim == 2:
        raise TypeError(
            f"{name} has channels or columns, but sequences of tokens are expected: "
            "1-D sequences of strings or integers; select one column."
        )
    if tokens is False and is_frame:
        columns = list(values.columns[~numeric_columns(values)])
        raise TypeError(
            f"{name} has columns that are not numeric, {columns}, but numbers are "
            "expected; encode them first, for example with EventEncoder."
        )
    if tokens is False and values.ndim == 1:
        raise TypeError(
            f"{name} holds tokens (strings), but numbers are expected; put an "
            "'embedding' first in front_end, or encode the tokens as numbers."
        )
