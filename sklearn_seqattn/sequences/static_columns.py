"""Read the columns of single values beside sequences."""

import reprlib

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.column_kinds import (
    CATEGORIES,
    DURATIONS,
    TIMES,
    as_categories,
    kind_of_dtype,
    kind_of_type,
)


def read_static(static, name):
    """Return static columns as numbers and categories.

    Booleans are numbers 0 and 1, durations are numbers of seconds, and strings are
    categories. The kind follows from the dtype, of objects from their types.

    Parameters
    ----------
    static : DataFrame of n rows
        The columns of single values of a nested table.
    name : str
        What the user calls the table.

    Returns
    -------
    DataFrame of n rows
        Columns of float64 and of CategoricalDtype, in their order.

    Raises
    ------
    TypeError
        If a column holds dates, values of several kinds, or of no kind.
    ValueError
        If a value is missing or infinite.
    """
    columns = {key: _read_column(column, key, name) for key, column in static.items()}
    return pd.DataFrame(columns, columns=static.columns, index=range(len(static)))


def refuse_static(static, name, reader):
    """Raise if there are columns that a reader of sequences alone does not read.

    Parameters
    ----------
    static : DataFrame or None
        The columns of single values.
    name : str
        What the user calls the table.
    reader : str
        Who reads it.

    Raises
    ------
    ValueError
        With the names of the columns.
    """
    if static is not None:
        raise ValueError(
            f"{name} has columns of single values beside sequences (static columns), "
            f"{list(static.columns)}, but {reader} reads sequences alone; leave these "
            "columns out."
        )


def compare_static(static, fitted, estimator):
    """Raise unless an estimator was fitted on the same static columns.

    Parameters
    ----------
    static : DataFrame or None
        The static columns now.
    fitted : Index or None
        The names of those in `fit`.
    estimator : str
        The name of its class.

    Raises
    ------
    ValueError
        If the columns, or their order, differ.
    """
    now = [] if static is None else static.columns.tolist()
    before = [] if fitted is None else fitted.tolist()
    if now != before:
        raise ValueError(
            f"X has the static columns {now}, but {estimator} was fitted on {before}; "
            "pass the same columns in the same order."
        )


def _read_column(column, key, name):
    """Return one column as numbers (n,), float64, or as a Categorical."""
    is_missing = column.isna().to_numpy()
    if is_missing.any():
        raise ValueError(
            f"{name}[{is_missing.argmax()}] has a missing value (NaN or None) in the "
            f"static column {key!r}; fill it before, for example with SimpleImputer "
            "in a ColumnTransformer."
        )
    kind = kind_of_dtype(column.dtype) or _kind_of_objects(column, key, name)
    if kind == CATEGORIES:
        return as_categories(column, f"{name}: the static column {key!r}")
    if kind == TIMES:
        raise TypeError(
            f"{name}: the static column {key!r} holds dates; make a number of each, "
            "such as an age in years, or a category, such as a month."
        )
    if kind == DURATIONS:
        column = pd.to_timedelta(column) / pd.Timedelta(seconds=1)
    try:
        numbers = column.to_numpy(np.float64)
    except OverflowError as error:  # an int of Python may be beyond any float
        raise ValueError(f"{name}: static column {key!r}: {error}.") from error
    is_infinite = np.isinf(numbers)
    if is_infinite.any():
        raise ValueError(
            f"{name}[{is_infinite.argmax()}] contains infinity in the static column "
            f"{key!r}."
        )
    return numbers


def _kind_of_objects(column, key, name):
    """Return the kind that the values of a column of objects share."""
    values = column.to_numpy(object)
    kinds = np.empty(len(values), dtype=object)
    kinds[:] = [kind_of_type(type(value)) for value in values]
    is_odd = (kinds != kinds[0]) | (kinds == None)  # noqa: E711 (element by element)
    if is_odd.any():
        row = int(is_odd.argmax())
        value = values[row]
        where = (
            f"{name}[{row}] holds {reprlib.repr(value)} of type {type(value).__name__} "
            f"in the static column {key!r}"
        )
        if kinds[row] is None:
            raise TypeError(
                f"{where}, but such a column holds numbers, strings or categories; "
                "convert it, for example with astype(str)."
            )
        raise TypeError(
            f"{where}, but the values before it are {kinds[0]}; a column holds one "
            "kind of values, so convert it to one type."
        )
    return kinds[0]
