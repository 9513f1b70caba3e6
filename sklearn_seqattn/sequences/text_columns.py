"""Columns of text that hold numbers or times."""

import numpy as np
import pandas as pd
from pandas.api.types import (
    is_datetime64_any_dtype,
    is_numeric_dtype,
    is_timedelta64_dtype,
)


def to_numbers(column, place):
    """Return a column as floats.

    Parameters
    ----------
    column : Series
        Numbers, or their text.
    place : callable
        Returns what to call a row in the error message.

    Returns
    -------
    numbers : Series of float64

    Raises
    ------
    ValueError
        At the first value that is no number, as a date.
    """
    if is_datetime64_any_dtype(column.dtype) or is_timedelta64_dtype(column.dtype):
        raise ValueError(
            f"Column {column.name!r} holds dates or durations, which are no numbers; "
            "convert it first, for example to seconds since a start."
        )
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    is_wrong = (numbers.isna() & column.notna()).to_numpy()
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise ValueError(
            f"{place(row)} has {column.iloc[row]!r} in column {column.name!r}, which "
            "is no number."
        )
    return numbers


def to_times(column, time_format):
    """Return a column of times as dates or numbers.

    Parameters
    ----------
    column : Series
        Times, none of them missing: dates, numbers, or text.
    time_format : str or None
        The strftime format of text; None is ISO 8601.

    Returns
    -------
    times : Series
        Text becomes dates in UTC.

    Raises
    ------
    ValueError
        At the first value that is no such time.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if is_datetime64_any_dtype(column.dtype) or is_timedelta64_dtype(column.dtype):
        return column
    if is_numeric_dtype(column.dtype):
        if time_format is None:
            return column
        column = column.astype(str)  # such as 202501 for "%Y%m"
    if time_format is not None and "%" not in time_format:
        raise ValueError(
            f"timestamp_format={time_format!r} is no format of strftime, such as "
            "'%d.%m.%Y %H:%M'."
        )
    if time_format is None and _are_numbers(column):
        return pd.to_numeric(column)
    try:
        times = pd.to_datetime(
            column, format=time_format or "ISO8601", utc=True, errors="coerce"
        )
    except ValueError as error:
        raise ValueError(f"timestamp_format={time_format!r}: {error}.") from error
    if times.notna().all():
        return times
    row = int(times.isna().to_numpy().argmax())
    wanted = f"a time of timestamp_format={time_format!r}"
    if time_format is None:
        wanted = (
            "a time in ISO 8601, such as '2025-01-31 09:00:00'; give the format of "
            "other times as timestamp_format=, for example '%d.%m.%Y %H:%M'"
        )
    raise ValueError(
        f"Row {row} of the event log has {column.iloc[row]!r} in column "
        f"{column.name!r}, which is not {wanted}."
    )


def _are_numbers(column):
    """Return whether all texts are numbers, and not all of them dates as 20250131."""
    if not np.isfinite(pd.to_numeric(column, errors="coerce")).all():
        return False
    return not column.astype(str).str.fullmatch(r"\d{8}").all()
