"""Read a list of DataFrames, one row an event, into one long DataFrame or array."""

import narwhals as nw
import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype, is_object_dtype, is_string_dtype

from sklearn_seqattn.sequences.checks import (
    check_dtype,
    check_finite,
    check_not_empty,
    is_number_type,
    locate,
)


def is_frame(x):
    """Tell whether `x` is an eager DataFrame of pandas or of another library."""
    return nw.dependencies.is_into_dataframe(x)


def to_pandas(frame, name="X"):
    """Return a frame of any library as a pandas DataFrame, a pandas one as it is."""
    if isinstance(frame, pd.DataFrame):
        return frame
    return nw.from_native(frame, eager_only=True).to_pandas()


def check_unique(columns, name):
    """Raise if a column name occurs more than once."""
    if not columns.is_unique:
        duplicates = list(columns[columns.duplicated()].unique())
        raise ValueError(
            f"{name} has columns that occur more than once: {duplicates}; column "
            "names must be unique."
        )


def numeric_columns(frame):
    """Return a boolean array: which columns hold numbers (booleans included)."""
    return np.array([is_numeric_dtype(dtype) for dtype in frame.dtypes], dtype=bool)


def read_frames(frames, name):
    """Read DataFrames with the same columns, one sequence a frame.

    Parameters
    ----------
    frames : list of DataFrame
        At least one.
    name : str
        The name of the input in error messages.

    Returns
    -------
    values : ndarray of shape (S, D) or DataFrame of S rows
        Numbers if all columns are numeric, else one long frame.
    lengths : ndarray of shape (n,)
        Rows of each frame.
    columns : Index
        The column names.
    """
    frames = [to_pandas(frame, name) for frame in frames]
    columns = _check_columns(frames, name)
    lengths = np.array([len(frame) for frame in frames], dtype=np.int64)
    check_not_empty(lengths, "0 steps (rows)", name)
    events = pd.concat(frames, ignore_index=True)
    is_number = numeric_columns(events)
    for column in columns[is_number]:
        check_dtype(events[column].to_numpy().dtype, f"{name}: column {column!r}")
    is_float32 = (events.dtypes == np.float32).all()
    values = events.loc[:, is_number].to_numpy(
        np.float32 if is_float32 else np.float64, na_value=np.nan
    )
    check_finite(values, lengths, name, channels=list(columns[is_number]))
    for column in columns[~is_number]:
        _check_categories(events[column], lengths, name)
    return (values if is_number.all() else events), lengths, columns


def _check_columns(frames, name):
    """Return the columns that all frames share, or raise."""
    for index, frame in enumerate(frames):
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                f"{name}[{index}] is of type {type(frame).__name__}, but other elements"
                " are DataFrames; all sequences need the same kind of container."
            )
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


def _check_categories(series, lengths, name):
    """Raise unless a column that is not numeric holds categories, none missing."""
    where = f"{name}: column {series.name!r}"
    is_text = isinstance(series.dtype, pd.CategoricalDtype) or is_string_dtype(series)
    if not is_text and not is_object_dtype(series.dtype):
        check_dtype(series.dtype, where)
    is_missing = series.isna().to_numpy()
    if is_missing.any():
        index, step = locate(int(is_missing.argmax()), lengths)
        raise ValueError(
            f"{name}[{index}] has a missing value (NaN or None) at step {step}, column "
            f"{series.name!r}; fill it first, for example with the string 'missing'."
        )
    kinds = set() if is_text else set(map(type, series))
    is_plain = all(issubclass(kind, str) for kind in kinds) or all(
        is_number_type(kind) for kind in kinds
    )
    if not is_plain:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(
            f"{where} holds values of type {found}; the categories of a column are all "
            "strings or all numbers, so convert it, for example with astype(str)."
        )
