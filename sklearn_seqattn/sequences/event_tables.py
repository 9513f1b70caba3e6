"""Long event tables to lists of sequences, and back."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like


def events_to_sequences(frame, *, id, order=None, columns=None):
    """Split a long table, one row an event, into one sequence an id.

    Parameters
    ----------
    frame : DataFrame
        The events, in any order.
    id : str
        The column that says to which sequence an event belongs.
    order : str or None, default=None
        The column to sort the events of each sequence by: numbers, times or strings.
        Events that tie keep the order of the table, and so do all if None.
    columns : str, list of str or None, default=None
        What to keep. A list keeps these columns; a single name keeps the values of
        that column. If None, all columns but `id` and `order` are kept.

    Returns
    -------
    sequences : list of DataFrame, or list of ndarray of shape (T_i,)
        One element an id, in the order in which the ids first occur; arrays if
        `columns` is a single name. The frames are numbered from 0.
    ids : ndarray of shape (n_sequences,)
        The ids.

    Raises
    ------
    TypeError
        If `frame` is no DataFrame.
    ValueError
        If a column is not there, or `id` or `order` has missing values.

    See Also
    --------
    sequences_to_events : The way back.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import events_to_sequences
    >>> log = pd.DataFrame({"case": [7, 3, 7], "time": [2, 1, 1],
    ...                     "activity": ["close", "open", "open"]})
    >>> sequences, ids = events_to_sequences(
    ...     log, id="case", order="time", columns="activity")
    >>> sequences
    [array(['open', 'close'], dtype=object), array(['open'], dtype=object)]
    >>> ids
    array([7, 3])
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"frame is of type {type(frame).__name__}, but a DataFrame is expected."
        )
    if len(frame) == 0:
        raise ValueError("frame has 0 rows, but at least one event is required.")
    keep = _columns_to_keep(frame, id, order, columns)
    codes, ids = pd.factorize(_complete_column(frame, id))
    rank = np.zeros(len(frame), dtype=np.int64)
    if order is not None:
        rank, _ = pd.factorize(_complete_column(frame, order), sort=True)
    rows = np.lexsort([rank, codes])  # by id, then by order; stable
    ends = np.cumsum(np.bincount(codes))
    if is_list_like(keep):
        events = frame[keep].iloc[rows]
        pieces = [
            events.iloc[start:end].reset_index(drop=True)
            for start, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
    else:
        pieces = np.split(frame[keep].to_numpy()[rows], ends[:-1])
    return pieces, np.asarray(ids)


def sequences_to_events(sequences, ids=None, *, id="id", order="step", columns=None):
    """Join sequences into one long table, one row an event.

    Parameters
    ----------
    sequences : list of DataFrame or of array-like of shape (T_i,) or (T_i, D)
        The sequences; empty ones leave no trace.
    ids : array-like of shape (n_sequences,) or None, default=None
        The id of each sequence; 0, 1, 2, ... if None.
    id : str, default="id"
        Name of the column of ids.
    order : str, default="step"
        Name of the column that numbers the events of a sequence from 0. Frames that
        have a column of this name keep it as it is.
    columns : str, list of str or None, default=None
        Names for the channels of arrays: a single name for (T_i,). Required for
        arrays, and not for DataFrames, which have their own.

    Returns
    -------
    DataFrame
        With the columns `id`, `order` and those of the sequences.

    Raises
    ------
    ValueError
        If the sequences differ in columns, or the numbers of ids or names are wrong.

    See Also
    --------
    events_to_sequences : The way back.

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
    sequences = list(sequences)
    if not sequences:
        raise ValueError("sequences holds 0 sequences, but at least 1 is required.")
    if isinstance(sequences[0], pd.DataFrame):
        _check_frames(sequences)
        events = pd.concat(sequences, ignore_index=True)
    else:
        names = list(columns) if is_list_like(columns) else [columns]
        pieces = [_to_channels(s, i, names) for i, s in enumerate(sequences)]
        events = pd.DataFrame(np.concatenate(pieces), columns=names)
    ids = np.arange(len(sequences)) if ids is None else np.asarray(ids)
    _check_ids(ids, len(sequences))
    if id in events.columns:
        raise ValueError(
            f"The sequences have a column {id!r} already; choose another name by id."
        )
    lengths = np.array([len(sequence) for sequence in sequences])
    starts = np.cumsum(lengths) - lengths
    steps = np.arange(len(events)) - np.repeat(starts, lengths)
    steps = events.pop(order) if order in events else steps
    events.insert(0, order, steps)
    events.insert(0, id, np.repeat(ids, lengths))
    return events


def _columns_to_keep(frame, id, order, columns):
    """Return the name, or the list of names, of the columns that go into sequences."""
    if columns is None:
        keep = [column for column in frame.columns if column not in (id, order)]
    else:
        keep = list(columns) if is_list_like(columns) else columns
    wanted = [id, *([] if order is None else [order])]
    wanted += keep if is_list_like(keep) else [keep]
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ValueError(
            f"frame has no column {missing[0]!r}; its columns are "
            f"{list(frame.columns)}."
        )
    if is_list_like(keep) and len(keep) == 0:
        raise ValueError(
            f"frame has no columns besides {wanted}; every event needs at least one "
            "feature."
        )
    return keep


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


def _to_channels(sequence, index, names):
    """Turn one sequence into an array (T, D) with a name for each channel."""
    if isinstance(sequence, pd.DataFrame) or names == [None]:
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


def _check_frames(frames):
    """Raise unless all are DataFrames with the same columns."""
    for index, frame in enumerate(frames):
        if not isinstance(frame, pd.DataFrame):
            raise ValueError(
                f"sequences[{index}] is of type {type(frame).__name__}, but "
                "sequences[0] is a DataFrame; all need the same type."
            )
        if not frame.columns.equals(frames[0].columns):
            raise ValueError(
                f"sequences[{index}] has the columns {list(frame.columns)}, but "
                f"sequences[0] has {list(frames[0].columns)}; all need the same."
            )


def _check_ids(ids, n_sequences):
    """Raise unless there is one id for each sequence."""
    if len(ids) != n_sequences:
        raise ValueError(
            f"ids has {len(ids)} elements, but there are {n_sequences} sequences."
        )
    is_repeated = pd.Series(ids).duplicated()
    if is_repeated.any():
        raise ValueError(
            f"ids holds {ids[is_repeated].tolist()[0]!r} more than once; every "
            "sequence needs its own id."
        )
