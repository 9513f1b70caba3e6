"""Read files: sequences of states, tables of features, event logs, JSON.

Files are in UTF-8, with or without a byte order mark, and lines end in any way. Ids
and states of files are strings: ``007`` and ``7`` are two states, and so are ``NA``
and ``null``.
"""

import json
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.event_tables import events_to_sequences
from sklearn_seqattn.sequences.frames import check_unique, is_frame, to_pandas
from sklearn_seqattn.sequences.text_columns import to_numbers, to_times
from sklearn_seqattn.sequences.unreadable import name_value
from sklearn_seqattn.sequences.wording import number_of

#: Every cell of the row between two sequences of a feature table.
SEPARATOR = ">*"


def read_state_lines(path):
    """Read a text file with one sequence a line, states separated by white space.

    Parameters
    ----------
    path : str or path
        The file. Empty lines are skipped.

    Returns
    -------
    list of list of str
        The sequences.

    Raises
    ------
    ValueError
        If the file is not in UTF-8.
    """
    return [line.split() for _, line in _lines(path)]


def read_feature_table(path, *, columns=None, numeric=()):
    """Read a tab-separated table of events with several features each.

    One row is one event; a row whose cells are all ``>*`` separates sequences. Cells
    are read as they are, without quotes. Empty lines are skipped.

    Parameters
    ----------
    path : str or path
        The file.
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
        If the file is not in UTF-8, a row has another number of cells than there are
        features, a name occurs more than once, or a feature in `numeric` is missing
        or holds something else than numbers.
    """
    rows = [(number, line.split("\t")) for number, line in _lines(path)]
    if columns is None and rows:
        columns = rows.pop(0)[1]
    columns = list(columns or ())
    check_unique(pd.Index(columns), str(path))
    for number, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(
                f"{path}: line {number} has {number_of(len(cells), 'cell')}, but the "
                f"columns are {columns}."
            )
    is_separator = np.array([set(cells) == {SEPARATOR} for _, cells in rows], bool)
    events = [row for row, skip in zip(rows, is_separator, strict=True) if not skip]
    table = pd.DataFrame([cells for _, cells in events], columns=columns, dtype=object)
    for name in numeric:
        if name not in columns:
            raise ValueError(f"{path} has no feature {name!r}; it has {columns}.")
        table[name] = to_numbers(
            table[name], lambda row: f"{path}: line {events[row][0]}"
        )
    if not events:
        return []
    # The columns are strings, so the number 0 names no other column.
    table.insert(0, 0, np.cumsum(is_separator)[~is_separator])
    return events_to_sequences(table, id=0).tolist()


def read_event_log(
    log,
    *,
    case,
    activity,
    timestamp=None,
    timestamp_format=None,
    others=(),
    numeric=(),
):
    """Read an event log, one row an event, as one sequence for each case.

    Parameters
    ----------
    log : str, path or DataFrame
        A CSV file with a header, or a frame of pandas, polars, pyarrow or modin. All
        cells of a file are strings; an empty cell is a missing value.
    case : str
        The column that says to which case an event belongs.
    activity : str
        The column of the states.
    timestamp : str or None, default=None
        The column of the times, by which the events of a case are sorted. Events of
        one time keep the order of the log, and so do all events if None. Times are
        dates, numbers, or text in ISO 8601, with or without fractions and time zones.
    timestamp_format : str or None, default=None
        The format of times in any other text, as in `datetime.datetime.strftime`, for
        example ``"%d.%m.%Y %H:%M"``.
    others : list of str, default=()
        More columns to keep.
    numeric : list of str, default=()
        The columns among `others` to convert to numbers.

    Returns
    -------
    Series of shape (n_cases,), dtype object
        The sequences, indexed by case, in the order in which cases first occur:
        arrays of activities; or DataFrames of activity, timestamp and `others`, if
        there are `others`. Times read from text are in UTC; a time without a time
        zone is taken as UTC.

    Raises
    ------
    TypeError
        If the log is neither a path nor a frame.
    ValueError
        If a column is missing or occurs more than once; an event has no case,
        activity or time; a time or a number cannot be read; or the file has no
        events, has rows of more cells than the header, or is not in UTF-8.

    See Also
    --------
    events_to_sequences : The same for any long table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn.readers import read_event_log
    >>> log = pd.DataFrame({"case": [7, 4, 7], "activity": ["pay", "open", "open"],
    ...                     "time": ["02.01.2024", "03.01.2024", "01.01.2024"]})
    >>> X = read_event_log(log, case="case", activity="activity", timestamp="time",
    ...                    timestamp_format="%d.%m.%Y")
    >>> X[7]
    array(['open', 'pay'], dtype=object)
    """
    log = to_pandas(log, "log") if is_frame(log) else _read_csv(log)
    check_unique(log.columns, "The event log")
    roles = [case, activity, *([] if timestamp is None else [timestamp])]
    _check_columns(log, roles, others, numeric)
    log = log.copy(deep=False)  # the frame of the user stays as it is
    for name in numeric:
        log[name] = to_numbers(log[name], "Row {} of the event log".format)
    if timestamp is not None:
        log[timestamp] = to_times(log[timestamp], timestamp_format)
    return events_to_sequences(
        log,
        id=case,
        order=timestamp,
        columns=[*roles[1:], *others] if others else activity,
    )


def read_json(path):
    """Read a JSON file that holds an object.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    ValueError
        If the file is not in UTF-8, is no JSON, or holds something else.
    """
    try:
        found = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON file: {error}.") from error
    if not isinstance(found, dict):
        raise ValueError(
            f"{path} holds a {type(found).__name__}; expected an object with names "
            "and values."
        )
    return found


def _text(path):
    """Return the text of a file, its lines separated by line feeds."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error


def _lines(path):
    """Return the lines of a text file that are not empty, with their numbers."""
    lines = _text(path).split("\n")  # str.splitlines splits at other characters, too
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _read_csv(path):
    """Read a CSV file with a header; cells are strings, or missing where empty."""
    if not isinstance(path, str | PathLike):
        raise TypeError(
            f"log is {name_value(path)}; expected the path of a CSV file, or a frame."
        )
    try:
        table = pd.read_csv(
            path,
            header=None,  # pandas would rename repeated names
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8-sig",
        )
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except pd.errors.EmptyDataError:
        table = pd.DataFrame()
    except pd.errors.ParserError as error:
        raise ValueError(f"{path} is no CSV file of one header: {error}") from error
    if len(table) < 2:
        raise ValueError(
            f"{path} has no events; expected a line of column names, and one line for "
            "each event."
        )
    events = table.iloc[1:].reset_index(drop=True)
    return events.set_axis(table.iloc[0].fillna("").tolist(), axis="columns")


def _not_utf8(path, error):
    """Return the error of a file in another encoding."""
    return ValueError(
        f"{path} is not in UTF-8 ({error.reason} at byte {error.start}); convert it "
        "first, or read an event log by pandas.read_csv(..., encoding=, dtype=str) and "
        "pass the frame."
    )


def _check_columns(log, roles, others, numeric):
    """Raise if a column is missing, or a case, an activity or a time."""
    for name in (*roles, *others):
        if name not in log.columns.tolist():
            raise ValueError(
                f"The event log has no column {name!r}; it has {list(log.columns)}."
            )
    for name in numeric:
        if name not in others:
            raise ValueError(
                f"numeric names {name!r}, which is not among others={list(others)}."
            )
    for name in roles:
        is_missing = log[name].isna().to_numpy()
        if is_missing.any():
            raise ValueError(
                f"Column {name!r} is empty in row {is_missing.argmax()} of the event "
                "log; every event needs a case, an activity and, if they are used, a "
                "time, so drop or fill such rows first."
            )
