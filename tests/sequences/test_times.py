"""Times of steps: dates, durations or numbers, of which differences are right."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn.sequences.times import read_times

DAYS = [dt.datetime(2025, 1, 1), dt.datetime(2025, 1, 3)]


def read(times):
    return read_times(pd.Series(times), np.array([1, len(times) - 1]), "X")


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int64", "Int8", "Int64", "float16", "float32", "Float32"],
)
def test_differences_of_numbers_do_not_overflow(dtype):
    times = read(pd.Series([-100, 0, 100], dtype=dtype))
    assert (times - times[0]).tolist() == [0, 100, 200]


def test_whole_numbers_keep_all_digits():
    assert read([2**53, 2**53 + 1]).diff()[1] == 1
    assert read(np.array([0, 2**64 - 1], np.uint64)).diff()[1] == 2.0**64


@pytest.mark.parametrize("dtype", [object, "M8[s]", "M8[us]", "M8[ns]"])
def test_dates(dtype):
    assert read(pd.Series(DAYS, dtype=dtype)).dt.day.tolist() == [1, 3]


@pytest.mark.parametrize("unit", ["s", "us"])
def test_dates_that_nanoseconds_do_not_reach(unit):
    times = read(np.array(["2025-01-01", "9999-12-31"], f"M8[{unit}]"))
    assert times.dt.year.tolist() == [2025, 9999]


def test_dates_of_several_time_zones_are_in_utc():
    zones = ["Europe/Berlin", "Asia/Tokyo"]
    times = read([pd.Timestamp("2025-01-01", tz=zone) for zone in zones])
    assert times.diff()[1] == pd.Timedelta("-8h")
    same = read(pd.Series([pd.Timestamp("2025-01-01", tz=zones[0])] * 2, dtype=object))
    assert str(same.dt.tz) == zones[0]


def test_durations():
    times = read(pd.Series([dt.timedelta(1), np.timedelta64(3, "D")], dtype=object))
    assert times.diff()[1] == pd.Timedelta("2D")


@pytest.mark.parametrize(
    ("times", "error", "message"),
    [
        ([1.0, 2.0, np.nan], ValueError, r"X\[1\] has no time at step 1"),
        ([1.0, np.inf], ValueError, r"X\[1\] has an infinite time at step 0"),
        ([False, True], TypeError, "dtype bool.*to_datetime"),
        (["2025-01-01", "2025-01-02"], TypeError, "to_datetime"),
        ([DAYS[0], 3], TypeError, "dtype object"),
        ([DAYS[0], pd.Timestamp(0, tz="UTC")], ValueError, "only some dates"),
    ],
)
def test_refused(times, error, message):
    with pytest.raises(error, match=message):
        read(times)
