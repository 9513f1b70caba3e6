"""Read the times of steps: dates, durations or numbers."""

import numpy as np
import pandas as pd
from pandas.api import types

from sklearn_seqattn.sequences.checks import locate
from sklearn_seqattn.sequences.column_kinds import DURATIONS, TIMES, kind_of_type

_LARGEST = np.iinfo(np.int64).max


def read_times(times, lengths, name):
    """Return times of one type, of which differences do not overflow.

    Parameters
    ----------
    times : Series of shape (S,)
        The time of each step, one sequence after the other.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    name : str
        The name of the input in error messages.

    Returns
    -------
    times : Series of shape (S,)
        Dates, durations, int64 or float64.

    Raises
    ------
    TypeError
        If they are neither dates nor durations nor numbers.
    ValueError
        If one is missing or infinite, or only some dates have a time zone.
    """
    _refuse_first(times.isna(), lengths, name, "no time")
    times = times.infer_objects()
    if times.dtype == object:
        kinds = {kind_of_type(type(time)) for time in times}
        if kinds == {TIMES}:
            times = join_zones(times, lengths, name)
        elif kinds == {DURATIONS}:
            times = pd.to_timedelta(times)
    if types.is_datetime64_any_dtype(times) or types.is_timedelta64_dtype(times):
        return times
    if types.is_bool_dtype(times) or not types.is_numeric_dtype(times):
        raise TypeError(
            f"The times of {name} are of dtype {times.dtype}, but dates, durations or "
            "numbers are expected; convert them with pandas.to_datetime."
        )
    if types.is_integer_dtype(times) and (times <= _LARGEST).all():
        return times.astype(np.int64)
    times = times.astype(np.float64)
    _refuse_first(~np.isfinite(times), lengths, name, "an infinite time")
    return times


def join_zones(dates, lengths, name, column=None):
    """Return dates of dtype object in one time zone, or all of them without one.

    Parameters
    ----------
    dates : Series of shape (S,)
        Dates of Python, NumPy or pandas, none of which is missing.
    lengths, name
        As in `read_times`.
    column : hashable, default=None
        Where they are, for error messages.

    Returns
    -------
    dates : Series of shape (S,)
        Dates with several time zones are in UTC.

    Raises
    ------
    ValueError
        If only some dates have a time zone.
    """
    zones = [getattr(date, "tzinfo", None) for date in dates]
    zoned = np.array([zone is not None for zone in zones])
    if (zoned != zoned[0]).any():
        index, step = locate(int((zoned != zoned[0]).argmax()), lengths)
        where = "" if column is None else f" in column {column!r}"
        raise ValueError(
            f"{name}[{index}]: only some dates{where} have a time zone, and that at "
            f"step {step} is unlike those before it; give one to all, for example with "
            "tz_localize."
        )
    dates = pd.to_datetime(dates, utc=bool(zoned[0]))
    if zoned[0] and len({*map(str, zones)}) == 1:
        return dates.dt.tz_convert(zones[0])
    return dates


def _refuse_first(is_wrong, lengths, name, what):
    """Raise at the first wrong time."""
    is_wrong = is_wrong.to_numpy(bool)
    if is_wrong.any():
        index, step = locate(int(is_wrong.argmax()), lengths)
        raise ValueError(f"{name}[{index}] has {what} at step {step}; drop such steps.")
