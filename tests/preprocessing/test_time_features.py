"""Numbers that describe times."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import EventEncoder
from sklearn_seqattn.preprocessing.time_features import TimeFeatures, find_times

LENGTHS = np.array([3, 2])
SECONDS = np.array([0.0, 10.0, 30.0, 5.0, 45.0])
START = pd.Timestamp("2024-01-01")  # a Monday


def dates(numbers, unit="s", zone=None):
    """Return dates so long after a Monday."""
    return pd.Series(START + pd.to_timedelta(numbers, unit=unit)).dt.tz_localize(zone)


def described(times, lengths=LENGTHS, later=None, ordered=False):
    """Return the numbers by name, of later times if there are some."""
    features = TimeFeatures("t", ordered).fit(times, lengths)
    later, n = (times, lengths) if later is None else (later, np.array([len(later)]))
    found = features.transform(later, n)
    assert found.dtype == np.float64
    return dict(zip(features.names, found.T, strict=True))


def test_times_since_the_event_before_and_the_first_one():
    found = described(pd.Series(SECONDS))
    assert list(found) == ["t_since_previous", "t_since_first"]
    for name, since in (
        ("previous", [0, 10, 20, 0, 40]),
        ("first", [0, 10, 30, 0, 40]),
    ):
        z = np.log1p(np.array(since) / 20)  # 20 is the median time between events
        expected = (z - z.mean()) / z.std()
        np.testing.assert_allclose(found[f"t_since_{name}"], expected)


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_dates_and_numbers_in_any_unit_are_the_same(zone):
    expected = described(pd.Series(SECONDS))
    for times in (pd.Series(SECONDS / 3600), dates(SECONDS, zone=zone)):
        found = described(times)
        assert list(found) == list(expected)
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], atol=1e-9)


def test_times_may_go_back_unless_they_order_the_events():
    times = pd.Series([10.0, 0.0, 20.0])
    found = described(times, [3])["t_since_previous"]
    assert found[1] < found[0] < found[2]
    with pytest.raises(ValueError, match=r"X\[0\]: the time .*'t' goes back at step 1"):
        described(times, np.array([3]), ordered=True)


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        ([0, 0.5], []),
        ([0, 1], []),  # always the same hour
        ([0, 1.25], ["hour"]),
        ([0, 6.75], ["hour"]),
        ([0, 7], ["date"]),  # always the same hour and the same day
        ([0, 8], ["date", "weekday"]),
        ([0, 0.25, 8], ["date", "hour", "weekday"]),
    ],
)
def test_the_span_of_the_dates_decides_what_describes_them(days, parts):
    times = dates(days, "D")
    features = TimeFeatures("t", True).fit(times, np.array([len(days)]))
    assert features.parts_ == parts


def test_hours_and_days_are_angles():
    found = described(dates([0, 6, 12, 24, 24 * 7], "h"), np.array([5]))
    np.testing.assert_allclose(found["t_hour_sin"], [0, 1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(found["t_hour_cos"], [1, 0, -1, 1, 1], atol=1e-12)
    angle = 2 * np.pi * np.array([0, 0, 0, 1, 0]) / 7
    np.testing.assert_allclose(found["t_weekday_sin"], np.sin(angle), atol=1e-12)
    np.testing.assert_allclose(found["t_weekday_cos"], np.cos(angle), atol=1e-12)


def test_the_place_of_a_date_ends_with_those_of_fit():
    later = dates([-5, 0, 5, 10, 99], "D")
    found = described(dates([0, 10], "D"), np.array([2]), later)["t_date"]
    np.testing.assert_allclose(found, [-1, -1, 0, 1, 1])


def test_hours_are_those_of_the_time_zone_of_fit():
    times = dates([0, 6, 12, 24], "h", "Asia/Tokyo")
    found = described(times, np.array([4]))["t_hour_sin"]
    np.testing.assert_allclose(found, [0, 1, 0, 0], atol=1e-12)
    elsewhere = times.dt.tz_convert("America/Lima")
    np.testing.assert_array_equal(
        described(times, np.array([4]), elsewhere)["t_hour_sin"], found
    )


@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_equal_times_and_single_events_are_zero(gap):
    times, lengths = pd.Series([0.0, gap, 5.0]), np.array([1, 1, 1])
    for values in described(times, lengths).values():
        np.testing.assert_array_equal(values, 0)


def test_other_kinds_than_in_fit_are_refused():
    kinds = [pd.Series(SECONDS), dates(SECONDS), dates(SECONDS, zone="UTC")]
    for at_fit in kinds:
        features = TimeFeatures("t", False).fit(at_fit, LENGTHS)
        for later in kinds:
            if later is at_fit:
                continue
            with pytest.raises(ValueError, match=r"'t' holds .* it held .* in fit"):
                features.transform(later, LENGTHS)
        assert features.transform(at_fit[:0], LENGTHS[:0]).shape == (0, 2)


def test_columns_of_times_are_those_of_dates_and_the_timestamp():
    events = pd.DataFrame({"a": SECONDS, "b": dates(SECONDS), "c": SECONDS})
    found = [(times.column, times.ordered) for times in find_times(events, "c")]
    assert found == [("b", False), ("c", True)]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_numbers_are_finite_and_those_of_a_part_are_the_same(seconds):
    times, lengths = dates(np.sort(seconds)), np.array([len(seconds)])
    features = TimeFeatures("t", True).fit(times, lengths)
    found = features.transform(times, lengths)
    assert np.isfinite(found).all()
    n = (len(seconds) + 1) // 2
    np.testing.assert_array_equal(
        features.transform(times[:n], np.array([n])), found[:n]
    )


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_dates_that_nanoseconds_do_not_reach(zone):
    due = pd.Series(pd.to_datetime(["1500-01-01", "2025-01-01", "9999-12-31"]))
    X = [pd.DataFrame({"a": list("xyx"), "due": due.dt.tz_localize(zone)})]
    encoder = EventEncoder().fit(X)
    (found,) = encoder.transform(X)
    assert np.isfinite(found).all()
    since_first = found[
        :, list(encoder.get_feature_names_out()).index("due_since_first")
    ]
    assert (np.diff(since_first) > 0).all()
