"""Read tables: one sequence a row, or one step a row, or one channel a column."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sklearn_seqattn.sequences.arrays import is_array_like, to_array
from sklearn_seqattn.sequences.checks import (
    as_float,
    check_finite,
    check_integers,
    check_shape,
    check_text,
    holds_text,
    objects_to_float,
)

_CELL = "every cell of such a column must hold a sequence"


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
        rows keep their order.

    Raises
    ------
    ValueError
        If there are more than two levels, or an instance is missing.
    """
    if long.index.nlevels != 2:
        raise ValueError(
            f"{name} has a row index of {long.index.nlevels} levels, "
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


def holds_sequences(cells):
    """Return whether an object array (n,) holds at least one sequence."""
    return any(map(is_array_like, {type(cell): cell for cell in cells}.values()))


def has_nested_columns(frame):
    """Return whether a DataFrame has at least one column whose cells hold sequences."""
    return any(
        holds_sequences(cells.to_numpy(object))
        for _, cells in frame.items()
        if cells.dtype == object or isinstance(cells.dtype, pd.ArrowDtype)
    )


def stack_channels(columns, name, *, channels_first):
    """Join columns of sequences, the channels, to one sequence a row.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n,), object
        The cells of each column.
    name : str
        What the user calls the table.
    channels_first : bool
        Whether the sequences are to be (D, T_i).

    Returns
    -------
    list
        Arrays of shape (T_i, D) or (D, T_i); of a single column its cells as they are.

    Raises
    ------
    TypeError, ValueError
        If columns hold single values, or the cells of a row differ in length.
    """
    scalar = [key for key, cells in columns.items() if not holds_sequences(cells)]
    if scalar:
        raise ValueError(
            f"{name} has columns of sequences and columns of single values, "
            f"{scalar}; static features are not supported, so leave these columns out."
        )
    if len(columns) == 1:
        return list(*columns.values())
    rows = zip(*columns.values(), strict=True)
    return [
        _stack_row(dict(zip(columns, row, strict=True)), f"{name}[{i}]", channels_first)
        for i, row in enumerate(rows)
    ]


def _stack_row(cells, where, channels_first):
    """Return the cells of one row as the channels of one array."""
    channels = {
        key: to_array(cell, f"{where}, column {key!r},", _CELL)
        for key, cell in cells.items()
    }
    first = next(iter(channels))
    for key, channel in channels.items():
        if channel.ndim != 1:
            raise ValueError(
                f"{where} has shape {channel.shape} in column {key!r}, but each of "
                "several columns is one channel, of shape (n_steps,)."
            )
        if len(channel) != len(channels[first]):
            raise ValueError(
                f"{where} has {len(channel)} steps in column {key!r}, but "
                f"{len(channels[first])} in column {first!r}; the columns of a row are "
                "the channels of one sequence."
            )
    return np.stack(list(channels.values()), axis=0 if channels_first else 1)
