"""Missing values of events: columns of numbers apart from those of other kinds."""

import numpy as np
import pandas as pd

from sklearn_seqattn.preprocessing.gaps import check_times
from sklearn_seqattn.sequences.column_kinds import CATEGORIES, NUMBERS
from sklearn_seqattn.sequences.event_columns import numeric_columns

#: What a missing category becomes.
MISSING = "missing"


def numbers_of(events, is_number):
    """Return the columns of numbers.

    Parameters
    ----------
    events : DataFrame of S rows
        Columns of numbers and of categories, values may be missing.
    is_number : ndarray of shape (n_columns,), bool
        Which columns held numbers in fit.

    Returns
    -------
    ndarray of shape (S, n_numbers), float64
        NaN where a number is missing.

    Raises
    ------
    ValueError
        If a column is of another kind than in fit. A column of which all values are
        missing may be of any kind.
    """
    for column in events.columns[numeric_columns(events) != is_number]:
        if events[column].notna().any():
            kinds = [CATEGORIES, NUMBERS]
            found = kinds.pop(events[column].dtype.kind in "biuf")
            raise ValueError(
                f"X: column {column!r} holds {found}, but it held {kinds[0]} in fit."
            )
    return events.loc[:, is_number].to_numpy(np.float64)


def join_columns(numbers, events, is_number, columns):
    """Return numbers, categories and dates in one frame.

    Parameters
    ----------
    numbers : ndarray of shape (S, n)
        The columns of numbers, and then the new ones.
    events : DataFrame of S rows
        The events, with the columns of categories and dates.
    is_number : ndarray of shape (n_columns,), bool
        Which columns of `events` are numbers.
    columns : Index
        The names of all columns, the new ones at the end.

    Returns
    -------
    DataFrame of S rows
        Categories are strings, "missing" where they are missing.
    """
    names = columns.delete(np.flatnonzero(~is_number))
    frame = pd.DataFrame(numbers, columns=names)
    for column in events.columns[~is_number]:
        frame[column] = _labels_or_dates(events[column])
    return frame[columns]


def with_added(columns, new, added):
    """Return the names of columns and of the channels that are added.

    Parameters
    ----------
    columns : Index
        The columns of X.
    new : Index
        Those for which channels are added.
    added : dict of str to bool
        What comes before their names, and whether such channels are added.

    Returns
    -------
    Index

    Raises
    ------
    ValueError
        If a column of X has the name of a channel that is added.
    """
    prefixes = [prefix for prefix, is_wanted in added.items() if is_wanted]
    names = [f"{prefix}{column}" for prefix in prefixes for column in new]
    taken = columns.intersection(names)
    if len(taken):
        raise ValueError(
            f"X has a column {taken[0]!r}, which is the name of a channel that is "
            "added; rename it."
        )
    return columns.append(pd.Index(names, dtype=object))


def _labels_or_dates(categories):
    """Return categories as strings (S,), and dates, of which none is missing."""
    if categories.dtype.kind == "M":
        return categories.array
    if not isinstance(categories.dtype, pd.CategoricalDtype):  # all are missing
        return MISSING
    names = [*map(str, categories.cat.categories), MISSING]
    return np.array(names, dtype=object)[categories.cat.codes]


def times_of(sequences, column, is_number):
    """Return the times in a column.

    Parameters
    ----------
    sequences : Sequences
        Numbers with names, or events.
    column : str
        The column, as a user names it for `add_elapsed`.
    is_number : ndarray of bool or None
        Which columns of events are numeric; None for numbers.

    Returns
    -------
    times : ndarray of shape (S,)
        Dates become seconds since the first one.

    Raises
    ------
    ValueError, TypeError
        If there is no such column, or it holds no times in their order.
    """
    columns = [] if sequences.columns is None else sequences.columns.tolist()
    if column not in columns:
        raise ValueError(
            f"add_elapsed={column!r} names no column of X; X needs DataFrames with "
            "such a column, or add_elapsed=True counts steps."
        )
    place = columns.index(column)
    if is_number is None:
        times = sequences.joined().values[:, place]
    else:
        times = sequences.values.iloc[:, place]
        if times.dtype.kind == "M":
            times = (times - times.min()) / pd.Timedelta(seconds=1)
        elif not is_number[place]:
            raise TypeError(f"add_elapsed={column!r} holds neither numbers nor dates.")
        times = times.to_numpy(np.float64)
    check_times(times, sequences)
    return times
