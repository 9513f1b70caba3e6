"""Tables whose cells hold sequences, beside columns of single values."""

import numpy as np
import pandas as pd
from pandas.api.types import is_string_dtype

from sklearn_seqattn.sequences.arrays import is_array_like, to_array
from sklearn_seqattn.sequences.column_kinds import (
    DURATIONS,
    NUMBERS,
    TIMES,
    kind_of_dtype,
    kind_of_type,
)
from sklearn_seqattn.sequences.frames import check_unique, is_frame
from sklearn_seqattn.sequences.wording import number_of

_CELL = "every cell of such a column must hold a sequence"


def holds_sequences(cells):
    """Return whether an object array (n,) holds at least one sequence."""
    return any(map(is_array_like, {type(cell): cell for cell in cells}.values()))


def has_nested_columns(frame):
    """Return whether a DataFrame has at least one column whose cells hold sequences."""
    return any(_is_nested(cells) for _, cells in frame.items())


def _is_nested(column):
    """Return whether the cells of a column hold sequences."""
    may_be = column.dtype == object or isinstance(column.dtype, pd.ArrowDtype)
    return may_be and holds_sequences(column.to_numpy(object))


def events_of_rows(frame, name):
    """Return the sequences of each row as a frame, one row a step.

    Parameters
    ----------
    frame : DataFrame of n rows
        Some columns hold sequences, the others are left out.
    name : str
        What the user calls it.

    Returns
    -------
    list of DataFrame

    Raises
    ------
    ValueError
        If no column holds sequences.
    """
    nested = [key for key, column in frame.items() if _is_nested(column)]
    if not nested:
        raise ValueError(
            f"{name} is a table without columns of sequences; pass a list of tables, "
            "one a sequence."
        )
    rows = zip(*(frame[column] for column in nested), strict=True)
    return [pd.DataFrame(dict(zip(nested, row, strict=True))) for row in rows]


def read_nested(frame, name, *, channels_first):
    """Split a table into the sequences of its rows and its single values.

    Parameters
    ----------
    frame : DataFrame of n rows
        At least one column is nested.
    name : str
        What the user calls it.
    channels_first : bool
        Whether the sequences are to be (D, T_i).

    Returns
    -------
    items : list
        One sequence a row. Several nested columns of numbers are the channels of an
        array (T_i, D) or (D, T_i); other ones, and dates, are the columns of a
        DataFrame of events. Of a single column the cells as they are.
    nested : Index
        The names of the nested columns.
    static : DataFrame of n rows or None
        The other columns as they are; None if there are none.

    Raises
    ------
    TypeError, ValueError
        If the cells of a row differ in length, or a cell holds no sequence.
    """
    check_unique(frame.columns, name)
    is_nested = np.array([_is_nested(column) for _, column in frame.items()])
    columns = {
        key: column.to_numpy(object) for key, column in frame.loc[:, is_nested].items()
    }
    static = None if is_nested.all() else frame.loc[:, ~is_nested]
    items = _join_columns(columns, name, channels_first)
    return items, frame.columns[is_nested], static


def _join_columns(columns, name, channels_first):
    """Return one sequence a row from the cells of each column."""
    kinds = {key: _kinds_of(cells) for key, cells in columns.items()}
    is_dated = any(kinds[key] & {TIMES, DURATIONS} for key in kinds)
    if len(columns) == 1 and not is_dated:
        return list(*columns.values())
    is_numbers = all(kinds[key] <= {NUMBERS, None} for key in kinds)
    rows = []
    for i, row in enumerate(zip(*columns.values(), strict=True)):
        cells = dict(zip(columns, row, strict=True))
        arrays = _arrays_of(cells, f"{name}[{i}]")
        if is_numbers:
            axis = 0 if channels_first else 1
            rows.append(np.stack(list(arrays.values()), axis=axis))
        else:
            events = {
                key: cell.array if isinstance(cell, pd.Series) else arrays[key]
                for key, cell in cells.items()
            }
            rows.append(pd.DataFrame(events, columns=pd.Index(columns)))
    return rows


def _kinds_of(cells):
    """Return the kinds of the values of a column of sequences; None if unknown.

    The first value that is not missing speaks for its cell.
    """
    return {_kind_of(cell) for cell in cells if is_array_like(cell) and len(cell)}


def _kind_of(cell):
    """Return the kind of the values of one cell, by its dtype or its first value."""
    kind = None
    if isinstance(cell, pd.Series | np.ndarray | pd.api.extensions.ExtensionArray):
        kind = kind_of_dtype(cell.dtype)
    if kind is None:
        values = cell if isinstance(cell, list | tuple) else np.asarray(cell)
        kinds = (kind_of_type(type(v)) for v in values if v is not None)
        kind = next(kinds, None)
    return kind


def _arrays_of(cells, where):
    """Return the cells of one row as arrays of one length."""
    arrays = {
        key: to_array(cell, f"{where}, column {key!r},", _CELL)
        for key, cell in cells.items()
    }
    first = next(iter(arrays))
    for key, array in arrays.items():
        if array.ndim != 1:
            raise ValueError(
                f"{where} has shape {array.shape} in column {key!r}, but each of "
                "several columns is one channel, of shape (n_steps,)."
            )
        if len(array) != len(arrays[first]):
            raise ValueError(
                f"{where} has {number_of(len(array), 'step')} in column {key!r}, but "
                f"{len(arrays[first])} in column {first!r}; the columns of a row are "
                "the channels of one sequence."
            )
    return arrays


def nest(sequences, container, columns=None, *, static=None, channels_first=False):
    """Put sequences into the nested columns of a table, beside its single values.

    Parameters
    ----------
    sequences : list
        One element a row, as `read_nested` returns them.
    container : Container
        What `read_nested` has read.
    columns : Index or None, default=None
        The names of the channels, if there may be more than nested columns.
    static : DataFrame or None, default=None
        The single values, where they are not those of the table.
    channels_first : bool, default=False
        Whether arrays are (D, T_i).

    Returns
    -------
    DataFrame, or ndarray of shape (n, n_columns) of objects
        With the columns of the table in their order, but for nested ones that the
        sequences no longer have; new ones are the last.
    """
    nested, frame = container.nested, pd.DataFrame(container.table)
    static = container.static if static is None else static
    cells = _split_columns(
        sequences,
        nested if columns is None else columns,
        is_single=len(nested) == 1 and _is_cell(sequences[0], frame[nested[0]]),
        channels_first=channels_first,
    )
    if static is not None:
        cells |= {key: column.array for key, column in static.items()}
    new = [key for key in cells if key not in frame.columns]
    order = frame.columns[frame.columns.isin(list(cells))]
    order = order.append(pd.Index(new, dtype=object)) if new else order
    index = frame.index if len(sequences) == len(frame) else None
    found = pd.DataFrame(dict(enumerate(cells[key] for key in order)), index=index)
    found.columns = order
    is_array = isinstance(container.table, np.ndarray)
    return found.to_numpy(object) if is_array else found


def _is_cell(sequence, column):
    """Return whether a sequence can be a cell of the only nested column."""
    return not isinstance(sequence, pd.DataFrame) or is_frame(column.iloc[0])


def _split_columns(sequences, columns, *, is_single, channels_first):
    """Return the cells of each nested column by its name."""
    if is_single:
        return {columns[0]: objects(sequences)}
    if isinstance(sequences[0], pd.DataFrame):
        pieces = [
            [values_of(x.iloc[:, k]) for x in sequences] for k in range(len(columns))
        ]
    else:
        rows = sequences if channels_first else [x.T for x in sequences]
        pieces = [[row[k] for row in rows] for k in range(len(columns))]
    return {key: objects(cells) for key, cells in zip(columns, pieces, strict=True)}


def objects(elements):
    """Return an object array (n,) of elements of any shapes."""
    elements = list(elements)
    array = np.empty(len(elements), dtype=object)
    for place, element in enumerate(elements):
        array[place] = element
    return array


def values_of(column):
    """Return a Series as an array, or as it is if NumPy lacks its dtype."""
    is_plain = isinstance(column.dtype, np.dtype) or is_string_dtype(column.dtype)
    return column.to_numpy() if is_plain else column
