"""Windows of time series: what is in them, their order, and that nothing leaks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from sklearn_seqattn import AttentionLSTMRegressor, make_windows

nan = np.nan
HOURS = pd.date_range("2025-01-01", periods=8, freq="h")
FRAME = pd.DataFrame({"a": np.arange(8.0), "b": np.arange(8.0) * 10}, index=HOURS)


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    n_in=st.integers(1, 4),
    horizon=st.integers(1, 3),
    step=st.integers(1, 3),
)
def test_windows_are_those_of_a_loop(lengths, n_in, horizon, step):
    series = [np.arange(100 * i, 100 * i + n, 1.0) for i, n in enumerate(lengths)]
    expected = [
        (x[s : s + n_in], x[s + n_in : s + n_in + horizon], i, s + n_in)
        for i, x in enumerate(series)
        for s in range(0, len(x) - n_in - horizon + 1, step)
    ]
    if not expected:
        with pytest.raises(ValueError, match="No series has n_in"):
            make_windows(series, n_in, horizon, step)
        return
    found = make_windows(series, n_in, horizon, step)
    X, y, groups, first = zip(*sorted(expected, key=lambda row: row[3]), strict=True)
    np.testing.assert_array_equal(found.X[:, :, 0], X)
    np.testing.assert_array_equal(found.y.reshape(len(y), horizon), y)
    np.testing.assert_array_equal(found.groups, groups)
    wanted = np.array(first)[:, np.newaxis] + np.arange(horizon)
    np.testing.assert_array_equal(found.times, wanted)


@pytest.mark.parametrize(
    ("horizon", "step", "n_series"), [(1, 1, 1), (3, 1, 1), (3, 2, 2), (4, 3, 3)]
)
def test_the_gap_of_the_docstring_keeps_tested_values_out_of_training(
    horizon, step, n_series
):
    series = [np.arange(60.0)] * n_series
    X, _, groups, times = make_windows(series, 5, horizon, step)
    gap = (horizon - 1) // step * n_series
    n_test = len(X) // 4 // n_series * n_series
    for train, test in TimeSeriesSplit(3, gap=gap, test_size=n_test).split(X):
        for group in set(groups[test]):
            seen = times[train[groups[train] == group]]
            assert seen.max() < times[test[groups[test] == group]].min()


def test_exogenous_and_calendar_channels():
    found = make_windows(FRAME, 2, 1, target="b", calendar=["hour", "day_of_week"])
    assert found.X[3].tolist() == [[3, 30, 3, 2], [4, 40, 4, 2]]
    assert found.y[3] == 50
    assert found.times[3, 0] == np.datetime64("2025-01-01T05")
    by_number = make_windows(FRAME.to_numpy(), 2, 1, target=1)
    np.testing.assert_array_equal(by_number.y, found.y)
    every = make_windows(FRAME, 2, 2)
    assert every.y[0].tolist() == [2, 20, 3, 30]


def test_time_zones_are_kept():
    zoned = FRAME.tz_localize("Asia/Tokyo")
    assert make_windows(zoned, 2, 1).times[0, 0] == zoned.index[2]


@pytest.mark.parametrize(
    ("make", "n_series"),
    [
        (lambda f: f, 1),
        (lambda f: f["a"], 1),
        (lambda f: f["a"].tolist(), 1),
        (lambda f: f.to_numpy(), 1),
        (lambda f: pl.from_pandas(f), 1),
        (lambda f: pl.from_pandas(f)["a"], 1),
        (lambda f: [f, f], 2),
        (lambda f: [f["a"], f["a"]], 2),
        (lambda f: pd.Series([f, f]), 2),
        (lambda f: pd.concat([f, f], keys=["x", "y"]), 2),
        (lambda f: np.stack([f, f]), 2),
        (lambda f: [f["a"].tolist()] * 2, 2),
    ],
)
def test_one_series_or_several(make, n_series):
    found = make_windows(make(FRAME), 3, 1, target=None)
    assert found.groups.tolist() == list(range(n_series)) * 5
    assert found.X[0, :, 0].tolist() == [0, 1, 2]


def test_missing_values_stay_in_windows_but_not_in_targets():
    found = make_windows([nan, nan, 1.0, nan, 3.0, 4.0], 2, 1)
    assert found.y.tolist() == [3.0, 4.0]
    assert np.isnan(found.X).sum() == 2
    with pytest.raises(ValueError, match="Every window of series is empty"):
        make_windows([1.0, 2.0, nan], 2, 1)


@pytest.mark.parametrize(
    ("series", "options", "error", "message"),
    [
        (FRAME.iloc[::-1], {}, ValueError, r"series\[0\] has times that do not increa"),
        (FRAME, {"target": "c"}, ValueError, "target='c' is no column of series"),
        (FRAME, {"calendar": ["hours"]}, ValueError, "calendar names 'hours'"),
        (FRAME, {"calendar": ["isocalendar"]}, ValueError, "calendar names 'isocal"),
        (FRAME.to_numpy(), {"calendar": ["hour"]}, ValueError, "of type RangeIndex"),
        (FRAME.assign(a="x"), {}, TypeError, "columns that are not numeric"),
        (FRAME.iloc[:2], {}, ValueError, "n_in . horizon = 3 rows; the longest has 2"),
    ],
)
def test_what_cannot_be_cut(series, options, error, message):
    with pytest.raises(error, match=message):
        make_windows(series, 2, 1, **options)


def test_a_regressor_reads_windows():
    X, y, _, _ = make_windows(FRAME, 3, 2, target="a")
    model = AttentionLSTMRegressor(hidden_size=4, max_epochs=1, early_stopping=False)
    assert model.fit(X, y).predict(X).shape == (4, 2)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2025-01-01", periods=6, tz="UTC"),
        pd.period_range("2025-01-01", periods=6, freq="D"),
        None,
    ],
    ids=["zone", "periods", "numbers"],
)
def test_series_with_other_kinds_of_times_are_refused(index):
    days = pd.Series(range(6), index=pd.date_range("2025-01-01", periods=6))
    other = np.arange(6.0) if index is None else days.set_axis(index)
    with pytest.raises(ValueError, match=r"series\[1\] are .*series\[0\] are dates"):
        make_windows([days, other], 2, 1)
