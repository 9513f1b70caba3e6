"""SequenceResampler: regular steps as pandas makes them, in every container."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from battery import parametrize_with_checks
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    SequenceImputer,
    SequenceResampler,
)

nan = np.nan
START = pd.Timestamp("2025-03-01 07:30")


def frame(minutes, **columns):
    """Return a frame that is indexed by times in minutes after the start."""
    return pd.DataFrame(columns, index=START + pd.to_timedelta(minutes, "min"))


@pytest.mark.parametrize("agg", ["mean", "median", "min", "max", "first", "last"])
@given(
    minutes=st.lists(st.integers(0, 300), min_size=1, max_size=12),
    seed=st.integers(0, 99),
)
def test_each_sequence_is_resampled_as_by_pandas(agg, minutes, seed):
    random = np.random.RandomState(seed)
    values = random.normal(size=(len(minutes), 2))
    values[random.rand(*values.shape) < 0.2] = nan
    one = frame(minutes, a=values[:, 0], b=values[:, 1])
    other = frame([3, 70], a=[1.0, 2.0], b=[nan, 3.0])
    found = SequenceResampler("1h", agg=agg).fit_transform([one, other])
    for x, made in zip([one, other], found, strict=True):
        ordered = x.sort_index(kind="stable")
        expected = ordered.resample("1h", origin="start").agg(agg)
        pd.testing.assert_frame_equal(
            made, expected, check_freq=False, check_index_type=False
        )


def test_times_in_a_column_and_categories():
    one = pd.DataFrame(
        {
            "when": START + pd.to_timedelta([0, 10, 130], "min"),
            "pulse": [60.0, 70.0, 66.0],
            "place": ["bed", "hall", "bed"],
        }
    )
    found = SequenceResampler("h", on="when").fit_transform([one])[0]
    assert list(found.columns) == ["pulse", "place"]
    assert found.index.name == "when"
    assert found["pulse"].tolist()[::2] == [65.0, 66.0]
    assert found["place"].tolist()[::2] == ["hall", "bed"]
    assert found.iloc[1].isna().all()
    model = make_pipeline(SequenceResampler("h", on="when"), SequenceImputer())
    for read in (pl.from_pandas, pa.Table.from_pandas):
        filled = model.fit_transform([read(one)])[0]
        assert filled["place"].tolist() == ["hall", "missing", "bed"]
        assert filled["pulse"].tolist() == [65.0, 65.0, 66.0]


def test_time_zones_and_long_tables():
    times = START.tz_localize("Europe/Berlin") + pd.to_timedelta([0, 61], "min")
    one = pd.DataFrame({"a": [1.0, 2.0]}, index=times)
    long = pd.concat([one, one + 1], keys=["x", "y"])
    found = SequenceResampler("30min").fit_transform(long)
    assert found[0].index[2] == times[0] + pd.Timedelta("1h")
    np.testing.assert_array_equal(found[1]["a"], [2, nan, 3])


X = [np.array([[0.0, 1], [0.1, 3], [0.35, 5]]), np.array([[7.3, 2], [7.0, 4]])]


@pytest.mark.parametrize("make", [list, lambda X: [x.tolist() for x in X], pd.Series])
def test_numbers_with_a_channel_of_times(make):
    found = SequenceResampler(0.1, on=0).fit_transform(make(X))
    np.testing.assert_array_equal(found[0], [[1], [3], [nan], [5]])
    np.testing.assert_array_equal(found[1], [[4], [nan], [nan], [2]])


def test_an_array_is_padded_again():
    array = np.full((2, 4, 2), nan)
    array[0, :3], array[1, :2] = X
    found = SequenceResampler(0.2, on=0, agg="max").fit_transform(array)
    np.testing.assert_array_equal(found[:, :, 0], [[3, 5], [4, 2]])


def test_steps_without_times_are_numbered():
    table = np.arange(10.0).reshape(2, 5)
    found = SequenceResampler(2).fit_transform(table)
    assert found.tolist() == [[0.5, 2.5, 4.0], [5.5, 7.5, 9.0]]
    assert SequenceResampler(2).fit_transform(table.tolist()).shape == (2, 3)
    ragged = SequenceResampler(2).fit_transform([[1.0, 3.0, 5.0], [2.0]])
    assert [x.tolist() for x in ragged] == [[2.0, 5.0], [2.0]]


DATES = [frame([0, 5], a=[1.0, 2.0])]


@pytest.mark.parametrize(
    ("params", "X", "error", "message"),
    [
        ({"freq": "1h"}, X, ValueError, "freq='1h', but the times of X are numbers"),
        ({"freq": 2.0}, DATES, ValueError, "pass a fixed time such as '15min'"),
        ({"freq": "ME"}, DATES, ValueError, "pass a fixed time such as '15min'"),
        ({"freq": "-1h"}, DATES, ValueError, "pass a fixed time such as '15min'"),
        ({"freq": "1h", "on": "t"}, DATES, ValueError, r"X\[0\] has no column 't'"),
        ({"freq": 1.0, "on": 2}, X, ValueError, r"channels \[0, 1\];"),
        ({"freq": 1.0, "on": 0}, [[1.0, 2.0]], ValueError, r"channels \[0\]; pass"),
        (
            {"freq": 1.0, "on": 0},
            [np.array([[0, 1], [nan, 2.0]])],
            ValueError,
            r"X\[0\] has no time at step 1",
        ),
        (
            {"freq": "1h", "on": "t"},
            [pd.DataFrame({"t": ["8:00"], "a": [1.0]})],
            TypeError,
            "convert them with pandas.to_datetime",
        ),
        ({"freq": 1}, [["a", "b"]], TypeError, "X holds tokens"),
    ],
)
def test_what_cannot_be_resampled(params, X, error, message):
    with pytest.raises(error, match=message):
        SequenceResampler(**params).fit(X)


def test_too_many_steps():
    far = [np.array([[0.0, 1.0], [1e15, 2.0]])]
    with pytest.raises(ValueError, match=r"would make 1e\+15 steps of the 2 of X"):
        SequenceResampler(1.0, on=0).fit(far).transform(far)


@parametrize_with_checks([SequenceResampler(), SequenceResampler(2)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def with_static(cells, times):
    """Return two sequences in cells beside their age, times as dates or as numbers."""
    minutes = [np.array([0, 10, 130]), np.array([0, 65])]
    table = pd.DataFrame({"pulse": cells, "age": [61, 47]}, index=["ann", "bob"])
    if times == "dates":
        minutes = [START + pd.to_timedelta(m, "min") for m in minutes]
    table.insert(0, "when", [list(m) for m in minutes])
    return table


@pytest.mark.parametrize("times", ["dates", "numbers"])
def test_columns_of_sequences_stay_beside_static_ones(times):
    table = with_static([[60.0, 70.0, 66.0], [50.0, 52.0]], times)
    freq = "1h" if times == "dates" else 60.0
    resampler = SequenceResampler(freq, on="when").fit(table)
    found = resampler.transform(table)
    assert list(found.columns) == ["pulse", "age"]
    assert found.index.tolist() == ["ann", "bob"]
    assert found["age"].tolist() == [61, 47]
    np.testing.assert_array_equal(found.loc["ann", "pulse"], [65.0, nan, 66.0])
    np.testing.assert_array_equal(found.loc["bob", "pulse"], [50.0, 52.0])
    assert resampler.feature_names_in_.tolist() == ["when", "pulse", "age"]
    with pytest.raises(ValueError, match="feature names"):
        resampler.transform(table.drop(columns="age"))


@pytest.mark.parametrize("cell", ["array", "frame"])
def test_a_single_column_of_sequences_stays_one(cell):
    arrays = [np.array([[0, 5.0], [1, 7.0], [5, 9.0]]), np.array([[0, 2.0], [1, 4.0]])]
    if cell == "frame":
        arrays = [pd.DataFrame(x, columns=["t", "v"]) for x in arrays]
    table = pd.DataFrame({"x": pd.Series(arrays, dtype=object), "age": [61, 47]})
    on = "t" if cell == "frame" else 0
    found = SequenceResampler(2.0, on=on).fit_transform(table)
    assert found["age"].tolist() == [61, 47]
    np.testing.assert_array_equal(np.ravel(found.loc[0, "x"]), [6.0, nan, 9.0])
    np.testing.assert_array_equal(np.ravel(found.loc[1, "x"]), [3.0])


def test_static_columns_reach_the_estimator_behind_it():
    table = with_static([[60.0, 70.0, 66.0], [50.0, 52.0]], "dates")
    table = pd.concat([table] * 4, ignore_index=True)
    model = make_pipeline(
        SequenceResampler("1h", on="when"),
        SequenceImputer("last"),
        AttentionLSTMClassifier(blend=None, max_epochs=1, random_state=0),
    )
    model.fit(table, [0, 1] * 4)
    older = table.assign(age=table["age"] + 30)
    assert np.any(model.predict_proba(older) != model.predict_proba(table))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int64", "Int8", "float32"])
def test_the_dtype_of_times_does_not_matter(dtype):
    times = pd.Series([-100, 0, 100], dtype=dtype)
    X = [pd.DataFrame({"t": times, "v": [1.0, 2.0, 3.0]})]
    found = SequenceResampler(50, on="t").fit_transform(X)[0]
    np.testing.assert_array_equal(found["v"], [1, np.nan, 2, np.nan, 3])


def test_frames_of_several_time_zones():
    first = pd.DataFrame(
        {
            "at": pd.date_range("2025-01-01", periods=3, tz="Europe/Berlin"),
            "v": range(3),
        }
    )
    second = first.assign(at=first["at"].dt.tz_convert("UTC"))
    for X in ([first, second], [x.set_index("at") for x in (first, second)]):
        on = "at" if "at" in X[0] else None
        found = SequenceResampler("1D", on=on).fit_transform(X)
        assert [x["v"].tolist() for x in found] == [[0.0, 1.0, 2.0]] * 2
