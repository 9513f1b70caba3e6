"""Long event tables to sequences."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like

from sklearn_seqattn.sequences.frames import check_unique, is_frame, to_pandas
from sklearn_seqattn.sequences.long_tables import count_steps, id_names
from sklearn_seqattn.sequences.nested import objects, values_of
from sklearn_seqattn.sequences.wording import number_of


def events_to_sequences(frame, *, id, order=None, columns=None, static=None):
    """Split a long table, one row an event, into one sequence for each id.

    Parameters
    ----------
    frame : DataFrame or Table of shape (n_events, n_columns)
        The events in any order, as a frame of pandas, polars, pyarrow or modin.
    id : str or list of str
        The column that says to which sequence an event belongs. Several columns
        together make one id.
    order : str or None, default=None
        The column to sort the events of each sequence by: numbers, times or strings.
        Events with equal values keep the order of the table. If None, all events
        keep it.
    columns : str, list of str or None, default=None
        What the sequences hold. A list keeps these columns. A single name keeps the
        values of that column. If None, all columns but `id` and `order` are kept.
    static : DataFrame or Table of shape (n_sequences, n_columns) or None, default=None
        What is known of each sequence as a whole, one row an id, in any order. The
        ids are columns named `id`, or the row index of pandas.

    Returns
    -------
    Series of shape (n_sequences,), dtype object, or DataFrame
        One sequence for each id, in the order in which the ids first occur:
        DataFrames of pandas with rows numbered from 0, or, if `columns` is a single
        name, arrays of shape (T_i,). The index holds the ids, and is a MultiIndex if
        `id` is a list of several columns. The name of the Series is that of the
        single column, else None.
        With `static` a DataFrame with the same index: a column for each of the
        events, whose cells are arrays (Series for dtypes that NumPy lacks), and the
        columns of `static` after them.

    Raises
    ------
    TypeError
        If `frame` or `static` is no frame, or holds no data yet, as a polars LazyFrame.
    ValueError
        If there are no events, a column is missing or its name occurs more than
        once, or a value of `id` or `order` is missing. If `frame` and `static` have
        not the same ids, or share a column.

    See Also
    --------
    sequences_to_events : The inverse.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import events_to_sequences
    >>> log = pd.DataFrame({"case": [7, 3, 7], "time": [2, 1, 1],
    ...                     "activity": ["close", "open", "open"]})
    >>> X = events_to_sequences(log, id="case", order="time", columns="activity")
    >>> X
    case
    7    [open, close]
    3           [open]
    Name: activity, dtype: object

    Labels that are indexed by the ids are brought into the order of the sequences:

    >>> labels = pd.Series(["short", "long"], index=[3, 7])
    >>> labels.loc[X.index].tolist()
    ['long', 'short']

    What is known of each case joins the sequences as static columns:

    >>> cases = pd.DataFrame({"case": [3, 7], "amount": [10.0, 25.0]})
    >>> events_to_sequences(log, id="case", order="time", static=cases)
               activity  amount
    case
    7     [open, close]    25.0
    3            [open]    10.0
    """
    if not is_frame(frame):
        raise TypeError(
            f"frame is of type {type(frame).__name__}, but a DataFrame is expected."
        )
    frame = to_pandas(frame, "frame")
    check_unique(frame.columns, "frame")
    if len(frame) == 0:
        raise ValueError("frame has 0 rows, but at least one event is required.")
    ids = id_names(id)
    keep = _columns_to_keep(frame, ids, order, columns)
    codes = _group(frame, ids)
    rank = np.zeros(len(frame), dtype=np.int64)
    if order is not None:
        rank, _ = pd.factorize(_complete_column(frame, order), sort=True)
    rows = np.lexsort([rank, codes])  # by id, then by order; stable
    lengths = np.bincount(codes)
    first_events = frame[ids].iloc[np.unique(codes, return_index=True)[1]]
    index = first_events.set_index(ids).index
    if static is not None:
        static = _align_static(static, ids, index)
        names = keep if is_list_like(keep) else [keep]
        return _join_static(frame[names].iloc[rows], lengths, static)
    if is_list_like(keep):
        pieces = _split_frame(frame[keep].iloc[rows], lengths)
    else:
        pieces = np.split(frame[keep].to_numpy()[rows], np.cumsum(lengths)[:-1])
    name = None if is_list_like(keep) else keep
    return pd.Series(objects(pieces), index=index, name=name)


def _columns_to_keep(frame, ids, order, columns):
    """Return the name, or the list of names, of the columns that go into sequences."""
    roles = [*ids] if order is None else [*ids, order]
    if columns is None:
        keep = [column for column in frame.columns if column not in roles]
    else:
        keep = list(columns) if is_list_like(columns) else columns
    wanted = roles + (keep if is_list_like(keep) else [keep])
    missing = [column for column in wanted if column not in frame.columns.tolist()]
    if missing:
        raise ValueError(
            f"frame has no column {missing[0]!r}; its columns are "
            f"{list(frame.columns)}."
        )
    if is_list_like(keep):
        if not keep:
            raise ValueError(
                f"frame has no columns besides {wanted}; every event needs at least "
                "one feature."
            )
        check_unique(pd.Index(keep, tupleize_cols=False), "columns")
    return keep


def _group(frame, ids):
    """Return the number of the id of each event; ids count by first occurrence."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in ids:
        more, distinct = pd.factorize(_complete_column(frame, name))
        codes, _ = pd.factorize(codes * len(distinct) + more)
    return codes


def _split_frame(events, lengths):
    """Yield consecutive rows of a frame, numbered from 0 in each piece."""
    # Rows are numbered once for all pieces, because to reset the index of each is slow.
    events.index = count_steps(lengths)
    ends = np.cumsum(lengths)
    for start, end in zip(ends - lengths, ends, strict=True):
        yield events.iloc[start:end]


def _complete_column(frame, name):
    """Return a column of the frame, or raise if a value is missing."""
    column = frame[name]
    is_missing = column.isna().to_numpy()
    if is_missing.any():
        raise ValueError(
            f"frame has a missing value in column {name!r}, row {is_missing.argmax()}; "
            "every event needs one, so drop or fill such rows first."
        )
    return column


def _align_static(static, ids, index):
    """Return one row of static columns for each id, in the order of the ids."""
    if not is_frame(static):
        raise TypeError(
            f"static is of type {type(static).__name__}, but a DataFrame is expected."
        )
    static = to_pandas(static, "static")
    check_unique(static.columns, "static")
    if set(ids) <= set(static.columns):
        static = static.set_index(ids)
    elif list(static.index.names) != ids:
        raise ValueError(
            f"static needs the ids as columns, or as row index, of the names {ids}; "
            f"its columns are {list(static.columns)}."
        )
    if not static.index.is_unique:
        repeated = static.index[static.index.duplicated()].tolist()[0]
        raise ValueError(
            f"static has several rows for the id {repeated!r}; it needs one."
        )
    rows = static.index.get_indexer(index)
    _refuse_ids(index[rows < 0], "static lacks", "of frame")
    _refuse_ids(static.index.delete(rows), "frame has no events of", "of static")
    return static.iloc[rows].set_axis(index)


def _refuse_ids(ids, problem, origin):
    """Raise if there are ids that one table has and the other has not."""
    if len(ids):
        shown = ", ".join(map(repr, ids[:5].tolist())) + (", ..." * (len(ids) > 5))
        raise ValueError(
            f"{problem} {number_of(len(ids), 'id')} {origin}: {shown}. Both tables "
            "need the same ids, so add or drop these."
        )


def _join_static(events, lengths, static):
    """Return a table with the events of each id in cells, beside its static columns."""
    shared = [name for name in events.columns if name in static.columns]
    if shared:
        raise ValueError(
            f"frame and static both have the columns {shared}; rename one of them."
        )
    events.index, ends = count_steps(lengths), np.cumsum(lengths)
    cells = {}
    for name, column in events.items():
        values = values_of(column)
        bounds = zip(ends - lengths, ends, strict=True)
        cells[name] = objects(values[start:end] for start, end in bounds)
    return pd.concat([pd.DataFrame(cells, index=static.index), static], axis=1)
