"""Long event tables to sequences, and back."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like, union_categoricals

from sklearn_seqattn.sequences.frames import (
    check_unique,
    is_frame,
    read_each,
    shared_columns,
    to_pandas,
)


def events_to_sequences(frame, *, id, order=None, columns=None):
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

    Returns
    -------
    Series of shape (n_sequences,), dtype object
        One sequence for each id, in the order in which the ids first occur:
        DataFrames of pandas with rows numbered from 0, or, if `columns` is a single
        name, arrays of shape (T_i,). The index holds the ids, and is a MultiIndex if
        `id` is a list of several columns. The name of the Series is that of the
        single column, else None.

    Raises
    ------
    TypeError
        If `frame` is no frame, or holds no data yet, as a polars LazyFrame.
    ValueError
        If there are no events, a column is missing or its name occurs more than
        once, or a value of `id` or `order` is missing.

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
    """
    if not is_frame(frame):
        raise TypeError(
            f"frame is of type {type(frame).__name__}, but a DataFrame is expected."
        )
    frame = to_pandas(frame, "frame")
    check_unique(frame.columns, "frame")
    if len(frame) == 0:
        raise ValueError("frame has 0 rows, but at least one event is required.")
    ids = _names(id)
    keep = _columns_to_keep(frame, ids, order, columns)
    codes = _group(frame, ids)
    rank = np.zeros(len(frame), dtype=np.int64)
    if order is not None:
        rank, _ = pd.factorize(_complete_column(frame, order), sort=True)
    rows = np.lexsort([rank, codes])  # by id, then by order; stable
    lengths = np.bincount(codes)
    if is_list_like(keep):
        pieces = _split_frame(frame[keep].iloc[rows], lengths)
    else:
        pieces = np.split(frame[keep].to_numpy()[rows], np.cumsum(lengths)[:-1])
    first_events = frame[ids].iloc[np.unique(codes, return_index=True)[1]]
    return pd.Series(
        np.fromiter(pieces, dtype=object, count=len(lengths)),
        index=first_events.set_index(ids).index,
        name=None if is_list_like(keep) else keep,
    )


def sequences_to_events(sequences, ids=None, *, id=None, order="step", columns=None):
    """Join sequences into one long table, one row an event.

    Parameters
    ----------
    sequences : Series or list of DataFrame or of array-like
        The sequences: frames of any library, or array-likes of shape (T_i,) or
        (T_i, D). Empty sequences leave no trace.
    ids : array-like of shape (n_sequences,), MultiIndex or None, default=None
        The id of each sequence. If None, the index of a Series, else 0, 1, 2, ...
    id : str, list of str or None, default=None
        The name of the column of ids, or of each level of a MultiIndex. If None, the
        names of the index, and "id" if it has none.
    order : str, default="step"
        The name of the column that numbers the events of a sequence from 0. Frames
        that have a column of this name keep it as it is.
    columns : str, list of str or None, default=None
        The names of the channels of arrays: a single name for shape (T_i,). If None,
        the name of the Series. DataFrames have names of their own.

    Returns
    -------
    DataFrame of shape (n_events, n_columns)
        The columns of ids, the column `order` and those of the sequences.

    Raises
    ------
    ValueError
        If the sequences differ in type or columns, or the number of ids or of names
        is wrong.

    See Also
    --------
    events_to_sequences : The inverse.

    Examples
    --------
    >>> from sklearn_seqattn import sequences_to_events
    >>> sequences_to_events([["open", "close"], ["open"]], [7, 3], id="case",
    ...                     columns="activity")
       case  step activity
    0     7     0     open
    1     7     1    close
    2     3     0     open
    """
    if isinstance(sequences, pd.Series):
        ids = sequences.index if ids is None else ids
        columns = sequences.name if columns is None else columns
    sequences = list(sequences)
    if not sequences:
        raise ValueError("sequences holds 0 sequences, but at least 1 is required.")
    ids = _ids(ids, id, len(sequences))
    events = _join(sequences, columns)
    for name in ids.names:
        if name == order or name in events.columns:
            raise ValueError(
                f"The table has a column {name!r} already; choose another name by id."
            )
    lengths = np.array([len(sequence) for sequence in sequences])
    steps = events.pop(order) if order in events else _count_steps(lengths)
    events.insert(0, order, steps)
    ids = ids.repeat(lengths)
    for place, name in enumerate(ids.names):
        events.insert(place, name, ids.get_level_values(place).array)
    return events


def _names(id):
    """Return the names of the columns of ids as a list."""
    names = list(id) if is_list_like(id) and not isinstance(id, tuple) else [id]
    if not names:
        raise ValueError("id is an empty list; name at least one column.")
    check_unique(pd.Index(names, tupleize_cols=False), "id")
    return names


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
    events.index = _count_steps(lengths)
    ends = np.cumsum(lengths)
    for start, end in zip(ends - lengths, ends, strict=True):
        yield events.iloc[start:end]


def _count_steps(lengths):
    """Return the number of each step in its sequence, from 0."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


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


def _join(sequences, columns):
    """Return the events of all sequences in one frame."""
    if is_frame(sequences[0]):
        frames = read_each(sequences, "sequences")
        shared_columns(frames, "sequences")
        return _concat(frames)
    names = list(columns) if is_list_like(columns) else [columns]
    pieces = [_to_channels(s, i, names) for i, s in enumerate(sequences)]
    return pd.DataFrame(np.concatenate(pieces), columns=names)


def _concat(frames):
    """Return frames in one; categories that differ are united, and stay categories."""
    events = pd.concat(frames, ignore_index=True)
    for name, dtype in frames[0].dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype) and events[name].dtype != dtype:
            columns = [frame[name].astype("category") for frame in frames]
            events[name] = union_categoricals(columns, ignore_order=True)
    return events


def _to_channels(sequence, index, names):
    """Return one sequence as an array (T, D) with a name for each channel."""
    if is_frame(sequence) or names == [None]:
        raise ValueError(
            f"sequences[{index}] is of type {type(sequence).__name__}; pass DataFrames "
            "only, or arrays only together with the names of their columns."
        )
    array = np.asarray(sequence)
    array = array[:, np.newaxis] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != len(names):
        raise ValueError(
            f"sequences[{index}] has shape {np.shape(sequence)}, which does not fit "
            f"{len(names)} column name(s) {names}."
        )
    return array


def _ids(ids, id, n_sequences):
    """Return one named id for each sequence as an Index, or raise."""
    index = pd.RangeIndex(n_sequences) if ids is None else ids
    index = index if isinstance(index, pd.Index) else pd.Index(index)
    if len(index) != n_sequences:
        raise ValueError(
            f"ids has {len(index)} elements, but there are {n_sequences} sequences."
        )
    if not index.is_unique:
        repeated = index[index.duplicated()].tolist()[0]
        raise ValueError(
            f"ids holds {repeated!r} more than once; every sequence needs its own id."
        )
    if id is not None:
        names = _names(id)
    elif index.nlevels == 1:
        names = ["id" if index.name is None else index.name]
    else:
        names = [f"id_{i}" if n is None else n for i, n in enumerate(index.names)]
    if len(names) != index.nlevels:
        raise ValueError(
            f"id names {len(names)} column(s) {names}, but an id has {index.nlevels} "
            "part(s)."
        )
    return index.set_names(names)
