"""Sequences to one long event table, one row an event."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like, union_categoricals

from sklearn_seqattn.sequences.frames import (
    check_unique,
    is_frame,
    read_each,
    shared_columns,
)
from sklearn_seqattn.sequences.nested import events_of_rows
from sklearn_seqattn.sequences.wording import number_of


def sequences_to_events(sequences, ids=None, *, id=None, order="step", columns=None):
    """Join sequences into one long table, one row an event.

    Parameters
    ----------
    sequences : Series or list of DataFrame or of array-like, or DataFrame
        The sequences: frames of any library, or array-likes of shape (T_i,) or
        (T_i, D). Empty sequences leave no trace. Or a frame whose cells hold sequences,
        as `events_to_sequences` returns it with static columns, which are left out.
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
    if isinstance(sequences, pd.DataFrame):
        ids = sequences.index if ids is None else ids
        sequences = events_of_rows(sequences, "sequences")
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
    steps = events.pop(order) if order in events else count_steps(lengths)
    events.insert(0, order, steps)
    ids = ids.repeat(lengths)
    for place, name in enumerate(ids.names):
        events.insert(place, name, ids.get_level_values(place).array)
    return events


def id_names(id):
    """Return the names of the columns of ids as a list."""
    names = list(id) if is_list_like(id) and not isinstance(id, tuple) else [id]
    if not names:
        raise ValueError("id is an empty list; name at least one column.")
    check_unique(pd.Index(names, tupleize_cols=False), "id")
    return names


def count_steps(lengths):
    """Return the number of each step in its sequence, from 0."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


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
            f"{number_of(len(names), 'column name')} {names}."
        )
    return array


def _ids(ids, id, n_sequences):
    """Return one named id for each sequence as an Index, or raise."""
    index = pd.RangeIndex(n_sequences) if ids is None else ids
    index = index if isinstance(index, pd.Index) else pd.Index(index)
    if len(index) != n_sequences:
        raise ValueError(
            f"ids has {number_of(len(index), 'element')} for "
            f"{number_of(n_sequences, 'sequence')}."
        )
    if not index.is_unique:
        repeated = index[index.duplicated()].tolist()[0]
        raise ValueError(
            f"ids holds {repeated!r} more than once; every sequence needs its own id."
        )
    if id is not None:
        names = id_names(id)
    elif index.nlevels == 1:
        names = ["id" if index.name is None else index.name]
    else:
        names = [f"id_{i}" if n is None else n for i, n in enumerate(index.names)]
    if len(names) != index.nlevels:
        raise ValueError(
            f"id names {number_of(len(names), 'column')} {names}, but an id has "
            f"{number_of(index.nlevels, 'part')}."
        )
    return index.set_names(names)
