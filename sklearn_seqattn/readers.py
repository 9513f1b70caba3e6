"""Read sequences of states from files: lines, tables of features, event logs."""

from pathlib import Path

import pandas as pd

from sklearn_seqattn.sequences.event_tables import events_to_sequences
from sklearn_seqattn.sequences.frames import is_frame, to_pandas

#: Every cell of the row between two sequences of a feature table.
SEPARATOR = ">*"


def read_state_lines(path):
    """Read a text file with one sequence a line, states separated by white space.

    Parameters
    ----------
    path : str or path
        The file, in UTF-8. Empty lines are skipped.

    Returns
    -------
    list of list of str
        The sequences.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.strip()]


def read_feature_table(path, *, columns=None, numeric=()):
    """Read a tab-separated table of events with several features each.

    One row is one event; a row whose cells are all ``>*`` separates sequences.

    Parameters
    ----------
    path : str or path
        The file, in UTF-8.
    columns : list of str or None, default=None
        Names of the features; None takes them from the first line.
    numeric : list of str, default=()
        Features to read as numbers; the others are read as strings.

    Returns
    -------
    list of DataFrame
        One frame a sequence, one row an event.

    Raises
    ------
    ValueError
        If a row has another number of cells than there are features, or a
        feature in `numeric` is missing or holds something else than numbers.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    rows = [(i, line.split("\t")) for i, line in enumerate(lines, 1) if line.strip()]
    if columns is None and rows:
        columns = rows.pop(0)[1]
    sequences = [[]]
    for number, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(
                f"{path}: line {number} has {len(cells)} cells, but there are "
                f"{len(columns)} features: {list(columns)}."
            )
        if all(cell == SEPARATOR for cell in cells):
            sequences.append([])
        else:
            sequences[-1].append(cells)
    frames = [pd.DataFrame(s, columns=list(columns)) for s in sequences if s]
    return [_with_numbers(frame, numeric, path) for frame in frames]


def read_event_log(log, *, case, activity, timestamp=None, others=()):
    """Gather an event log, one row an event, into one sequence for each case.

    Parameters
    ----------
    log : str, path or DataFrame
        A CSV file with a header, or the table itself, of any library of frames.
    case : str
        Column that says to which case an event belongs.
    activity : str
        Column of the states.
    timestamp : str or None, default=None
        Column of the times, by which the events of a case are sorted; events of
        one time stay as they stand in the log, and None sorts nothing.
    others : list of str, default=()
        More columns to keep.

    Returns
    -------
    Series
        The sequences by case, in the order in which cases first appear: arrays of
        activities; or DataFrames of activity, timestamp and `others`, if there
        are `others`.

    Raises
    ------
    ValueError
        If a column is missing, or an event has no case, activity or time.

    See Also
    --------
    events_to_sequences : The same for any long table.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"case": [7, 4, 7], "activity": ["pay", "open", "open"],
    ...                     "time": ["2024-01-02", "2024-01-03", "2024-01-01"]})
    >>> X = read_event_log(log, case="case", activity="activity", timestamp="time")
    >>> X[7]
    array(['open', 'pay'], dtype=object)
    """
    log = to_pandas(log, "log") if is_frame(log) else pd.read_csv(log)
    _check_log(log, activity, timestamp, others)
    columns = activity
    if timestamp is not None:
        log = log.assign(**{timestamp: pd.to_datetime(log[timestamp])})
    if others:
        columns = [activity, *([] if timestamp is None else [timestamp]), *others]
    return events_to_sequences(log, id=case, order=timestamp, columns=columns)


def _with_numbers(frame, numeric, path):
    """Turn the numeric features of a frame into floats."""
    for name in numeric:
        if name not in frame.columns:
            raise ValueError(
                f"{path} has no feature {name!r}; it has {list(frame.columns)}."
            )
        try:
            frame[name] = frame[name].astype(float)
        except ValueError as error:
            raise ValueError(
                f"{path}: feature {name!r} is to be numeric, but {error}."
            ) from error
    return frame


def _check_log(log, activity, timestamp, others):
    """Refuse a log that lacks a column, or an activity somewhere."""
    for name in (activity, timestamp, *others):
        if name is not None and name not in log.columns:
            raise ValueError(
                f"The event log has no column {name!r}; it has {list(log.columns)}."
            )
    holes = log[activity].isna().to_numpy()
    if holes.any():
        raise ValueError(
            f"Column {activity!r} is empty in row {holes.argmax()} of the event log; "
            "every event needs an activity, so drop or fill such rows first."
        )
