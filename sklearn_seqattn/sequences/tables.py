"""Read tables: one sequence a row, or one step a row."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sklearn_seqattn.sequences.checks import (
    as_float,
    check_finite,
    check_integers,
    check_shape,
    check_text,
    holds_text,
    objects_to_float,
)
from sklearn_seqattn.sequences.column_kinds import kind_of_dtype, kind_of_type
from sklearn_seqattn.sequences.wording import number_of


def read_table(array, *, tokens, allow_nan, name):
    """Read a table of n univariate sequences of T steps, or of T tokens.

    Parameters
    ----------
    array : ndarray of shape (n, T)
        Numbers or strings.
    tokens : bool or None
        Whether integers are tokens.
    allow_nan : bool
        Whether numbers may be NaN.
    name : str
        What the user calls it.

    Returns
    -------
    values : ndarray of shape (n * T, 1), or (n * T,) of tokens
        The steps, row after row.
    lengths : ndarray of shape (n,)
        T for each sequence.
    columns : None

    Raises
    ------
    TypeError, ValueError
        If a value is neither a finite number nor a string among strings.
    """
    check_shape(array, ["sample(s)", "feature(s)"], name)
    n_sequences, n_steps = array.shape
    lengths = np.full(n_sequences, n_steps)
    flat = array.reshape(-1)  # (n * T,)
    if holds_text(flat):
        return check_text(flat, lengths, name), lengths, None
    if flat.dtype.kind == "O":
        flat = objects_to_float(flat, lengths, name)
    if tokens:
        return check_integers(flat, lengths, name), lengths, None
    values = as_float(flat[:, np.newaxis])
    check_finite(values, lengths, name, allow_nan=allow_nan)
    return values, lengths, None


def refuse_kinds(frame, name):
    """Raise for a table whose columns hold values of different kinds.

    Parameters
    ----------
    frame : DataFrame of shape (n, T)
        Read as one sequence a row.
    name : str
        What the user calls it.

    Raises
    ------
    TypeError
        With what such a table may be instead.
    """
    kinds = {}
    for key, column in frame.items() if len(frame) else ():
        kind = kind_of_dtype(column.dtype) or kind_of_type(type(column.iloc[0]))
        kinds.setdefault(kind, key)
    kinds.pop(None, None)
    if len(kinds) < 2:
        return
    found = ", ".join(f"{kind} in column {key!r}" for kind, key in kinds.items())
    raise TypeError(
        f"{name} is one table with {found}; a table is read as one sequence a row, of "
        "values of one kind. If a row is one step of a sequence, split the table by "
        f"events_to_sequences({name}, id=...). A text beside static columns is a list "
        f"of tokens: {name}.assign(text={name}['text'].str.split())."
    )


def has_instances(x):
    """Return whether the rows of a pandas object are labeled by several levels.

    Parameters
    ----------
    x : DataFrame or Series
        A Series counts only if it holds numbers: others may hold a sequence a row.

    Returns
    -------
    bool
        Whether the first level says to which sequence a row belongs.
    """
    if not isinstance(x.index, pd.MultiIndex):
        return False
    return isinstance(x, pd.DataFrame) or is_numeric_dtype(x.dtype)


def split_instances(long, name):
    """Split a long table at the first level of its row index.

    Parameters
    ----------
    long : DataFrame or Series
        One row a step, rows labeled by (instance, time).
    name : str
        What the user calls it.

    Returns
    -------
    list of DataFrame or Series
        One element an instance, in the order in which the instances first occur;
        rows keep their order. Dates of the second level become the row index of
        each frame, so that they are a column of events.

    Raises
    ------
    ValueError
        If there are more than two levels, or an instance is missing.
    """
    if long.index.nlevels != 2:
        raise ValueError(
            f"{name} has a row index of {number_of(long.index.nlevels, 'level')}, "
            f"{list(long.index.names)}, but a long table has two, (instance, time); "
            f"use events_to_sequences({name}.reset_index(), id=...)."
        )
    codes, _ = pd.factorize(long.index.get_level_values(0))
    if (codes < 0).any():
        raise ValueError(
            f"{name} has a missing instance in the first level of its row index, row "
            f"{(codes < 0).argmax()}; drop or fill such rows first."
        )
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        long, codes = long.iloc[order], codes[order]
    if isinstance(long, pd.DataFrame) and long.index.levels[1].dtype.kind == "M":
        long = long.droplevel(0)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    stops = np.append(starts[1:], len(codes))
    return [long.iloc[a:b] for a, b in zip(starts, stops, strict=True)]


def is_column_of_texts(cells):
    """Return whether an object or string array (n, D) is one column of strings.

    Missing values among the strings are refused later, by their row.
    """
    if cells.shape[1] != 1 or not len(cells):
        return False
    kinds = set(map(type, cells[:, 0].tolist()))
    others = {kind for kind in kinds if not issubclass(kind, str)}
    return len(others) < len(kinds) and all(
        kind in (type(None), float) or kind.__name__ == "NAType" for kind in others
    )
