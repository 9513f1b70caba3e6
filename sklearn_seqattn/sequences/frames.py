"""Read frames of any library that narwhals knows: pandas, polars, pyarrow, modin."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from narwhals.exceptions import DuplicateError

from sklearn_seqattn.sequences.checks import check_not_empty
from sklearn_seqattn.sequences.event_columns import EventTable, numeric_columns

_NO_FRAMES = (list, tuple, str, np.ndarray, pd.Series)  # asked about most often


def is_frame(x):
    """Return whether an object is a table with named columns, of any library.

    Parameters
    ----------
    x : object
        Anything.

    Returns
    -------
    bool
        True for every frame that narwhals knows, also for those that are not computed
        yet, such as a polars LazyFrame, which `to_pandas` refuses by name.
    """
    if isinstance(x, pd.DataFrame):
        return True
    if isinstance(x, _NO_FRAMES):
        return False
    if nw.dependencies.is_into_dataframe(x):
        return True
    return isinstance(nw.from_native(x, pass_through=True), nw.LazyFrame)


def to_pandas(frame, name="X"):
    """Convert a frame of any library to a pandas DataFrame.

    Categories stay categories, dates stay dates, and nulls are missing values.

    Parameters
    ----------
    frame : DataFrame or Table
        An object for which `is_frame` is true.
    name : str, default="X"
        The name of the frame in error messages.

    Returns
    -------
    DataFrame
        The same object if it is a pandas DataFrame.

    Raises
    ------
    TypeError
        If the frame is lazy, or cannot be converted: pandas lacks the type of a
        column, or the conversion needs a package that is not installed.
    ValueError
        If column names occur more than once.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    try:
        wrapped = nw.from_native(frame)
    except DuplicateError:
        names = getattr(frame, "column_names", None) or frame.columns
        check_unique(pd.Index(names), name)
        raise
    kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    if isinstance(wrapped, nw.LazyFrame):
        raise TypeError(
            f"{name} is of type {kind}, which holds no data yet; pass {name}.collect()."
        )
    try:
        return wrapped.to_pandas()
    except Exception as error:  # every library fails in its own way
        raise TypeError(
            f"{name} is of type {kind} and cannot be converted to pandas: {error}"
        ) from error


def check_unique(columns, name):
    """Raise if a column name occurs more than once.

    Parameters
    ----------
    columns : Index
        The column names.
    name : str
        The name of the frame in the error message.
    """
    if not columns.is_unique:
        duplicates = list(columns[columns.duplicated()].unique())
        raise ValueError(
            f"{name} has columns that occur more than once: {duplicates}; column "
            "names must be unique."
        )


def read_frames(frames, name, *, allow_nan=False):
    """Read frames with the same columns, one sequence a frame.

    Parameters
    ----------
    frames : list of DataFrame
        At least one frame, of any library.
    name : str
        The name of the input in error messages.
    allow_nan : bool, default=False
        Whether values may be missing.

    Returns
    -------
    values : ndarray of shape (S, D) or DataFrame of S rows
        Numbers if all columns hold numbers: float32 if all are float32, else float64.
        If not, the events of all frames, as `EventTable.features` returns them.
    lengths : ndarray of shape (n,)
        Rows of each frame.
    columns : Index
        The column names.
    """
    frames = [dates_as_column(frame) for frame in read_each(frames, name)]
    columns = shared_columns(frames, name)
    table = EventTable(frames, name, allow_nan=allow_nan)
    check_not_empty(table.lengths, "0 steps (rows)", name)
    events = table.features(columns)
    if not numeric_columns(events).all():
        return events, table.lengths, columns
    values = events.to_numpy(np.float32 if table.is_float32 else np.float64)
    return np.ascontiguousarray(values), table.lengths, columns


def read_each(frames, name):
    """Return the elements of a list of frames as pandas DataFrames.

    Parameters
    ----------
    frames : list
        Frames of any library.
    name : str
        The name of the list in error messages.

    Returns
    -------
    list of DataFrame
        The pandas DataFrames among them are not copied.

    Raises
    ------
    TypeError
        If an element is no frame.
    """
    for index, frame in enumerate(frames):
        if not is_frame(frame):
            raise TypeError(
                f"{name}[{index}] is of type {type(frame).__name__}, but other elements"
                " are DataFrames; all sequences need the same kind of container."
            )
    return [to_pandas(frame, f"{name}[{i}]") for i, frame in enumerate(frames)]


def dates_as_column(frame):
    """Return a frame with the dates of its row index as the first column.

    Parameters
    ----------
    frame : DataFrame
        One sequence of events.

    Returns
    -------
    DataFrame
        The same frame if its index holds no dates or is a column already. An index
        without a name becomes the column "time".
    """
    if not isinstance(frame.index, pd.DatetimeIndex):
        return frame
    name = "time" if frame.index.name is None else frame.index.name
    return frame if name in frame.columns else frame.reset_index(names=name)


def shared_columns(frames, name):
    """Return the columns that all frames share, in their order.

    Parameters
    ----------
    frames : list of DataFrame
        At least one.
    name : str
        The name of the list in error messages.

    Returns
    -------
    Index
        The column names.

    Raises
    ------
    ValueError
        If the columns of two frames differ, a name occurs more than once, or there
        is no column.
    """
    columns = frames[0].columns
    if len(columns) == 0:
        raise ValueError(
            f"{name}[0] has no columns; every event needs at least one feature."
        )
    check_unique(columns, f"{name}[0]")
    for index, frame in enumerate(frames):
        if not frame.columns.equals(columns):
            raise ValueError(
                f"{name}[{index}] has the columns {list(frame.columns)}, but {name}[0] "
                f"has {list(columns)}; all frames need the same columns in the same "
                "order."
            )
    return columns
