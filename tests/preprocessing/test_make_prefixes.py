"""Prefixes of cases, their targets, and their groups."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold

from sklearn_seqattn import events_to_sequences, make_prefixes

LOG = pd.DataFrame(
    {
        "case": [7, 7, 3, 7, 3],
        "activity": ["open", "check", "open", "close", "close"],
        "time": pd.to_datetime(
            [
                "2025-01-01",
                "2025-01-02",
                "2025-01-02",
                "2025-01-05",
                "2025-01-02 12:00",
            ],
            format="ISO8601",
        ),
    }
)
CASES = events_to_sequences(LOG, id="case", columns=["activity", "time"])
REMAINING = [4.0, 3.0, 0.0, 0.5, 0.0]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_prefixes_are_beginnings_of_chosen_lengths(lengths, min_length, step):
    cases = [np.arange(10 * i, 10 * i + n) for i, n in enumerate(lengths)]
    outcomes = [f"outcome {i}" for i in range(len(cases))]
    if max(lengths) < min_length:
        with pytest.raises(ValueError, match=f"longest has {max(lengths)}"):
            make_prefixes(cases, outcomes, min_length=min_length)
        return
    X, y, groups = make_prefixes(cases, outcomes, min_length=min_length, step=step)
    found = [(len(x), g) for x, g in zip(X, groups, strict=True)]
    assert found == [
        (n, i)
        for i, length in enumerate(lengths)
        for n in range(min_length, length + 1, step)
    ]
    for x, label, group in zip(X, y, groups, strict=True):
        np.testing.assert_array_equal(x, cases[group][: len(x)])
        assert label == outcomes[group]


@pytest.mark.parametrize(
    "cases",
    [
        CASES,
        CASES.tolist(),
        [pl.from_pandas(x) for x in CASES],
        LOG.set_index(["case", LOG.groupby("case").cumcount()]),
    ],
    ids=["Series", "list", "polars", "two levels"],
)
def test_remaining_time_of_every_container(cases):
    X, y, groups = make_prefixes(cases, timestamp="time")
    np.testing.assert_allclose(y, REMAINING)
    assert groups.tolist() == [0, 0, 0, 1, 1]
    assert [x["activity"].tolist() for x in X[3:]] == [["open"], ["open", "close"]]


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("days", 1), ("hours", 24), ("minutes", 1440), ("seconds", 86400)],
)
def test_units(unit, factor):
    _, y, _ = make_prefixes(CASES, timestamp="time", unit=unit)
    np.testing.assert_allclose(y, np.array(REMAINING) * factor)


def test_numbers_and_time_zones():
    numbers = [pd.DataFrame({"a": ["x", "y"], "t": [1, 3]})]
    assert make_prefixes(numbers, timestamp="t").y.tolist() == [2.0, 0.0]
    zoned = [x.assign(time=x["time"].dt.tz_localize("UTC")) for x in CASES]
    np.testing.assert_allclose(make_prefixes(zoned, timestamp="time").y, REMAINING)


def test_group_k_fold_splits_no_case():
    X, y, groups = make_prefixes([np.arange(5)] * 4, np.arange(4))
    for train, test in GroupKFold(2).split(X, y, groups):
        assert not set(y[train]) & set(y[test])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cases": CASES}, ValueError, "either y"),
        ({"cases": CASES, "y": [0, 1], "timestamp": "time"}, ValueError, "either y"),
        ({"cases": CASES, "y": [0]}, ValueError, "inconsistent"),
        ({"cases": LOG, "timestamp": "time"}, TypeError, "events_to_sequences"),
        ({"cases": CASES, "timestamp": "when"}, ValueError, "'when' is no column"),
        ({"cases": CASES, "timestamp": "activity"}, TypeError, "to_datetime"),
        ({"cases": [[1, 2]], "timestamp": "time"}, ValueError, "no columns"),
        ({"cases": [CASES[7][::-1]], "timestamp": "time"}, ValueError, "go back"),
        (
            {"cases": [CASES[7].assign(time=pd.NaT)], "timestamp": "time"},
            ValueError,
            "no time at step 0",
        ),
        ({"cases": {"a": [1]}, "y": [0]}, TypeError, r"list\(cases.values"),
        (
            {"cases": CASES, "y": pd.Series([0, 1], index=CASES.index[::-1])},
            ValueError,
            "in another order",
        ),
        ({"cases": CASES, "y": [0, 1], "min_length": 0}, ValueError, "min_length"),
        ({"cases": [], "y": []}, ValueError, "longest has 0"),
    ],
)
def test_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        make_prefixes(**arguments)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i8", "f4", "m8[s]"])
def test_the_dtype_of_times_does_not_matter(dtype):
    times = np.array([-100, 0, 100]).astype(dtype)
    y = make_prefixes([pd.DataFrame({"t": times})], timestamp="t", unit="seconds").y
    assert y.tolist() == [200.0, 100.0, 0.0]


def test_texts_are_cut_between_words():
    X, y, _ = make_prefixes(["open check", "close"], [0, 1])
    assert X == [["open"], ["open", "check"], ["close"]]
    assert y.tolist() == [0, 0, 1]


def test_padding_is_no_step():
    padded = np.array([[[1.0], [2.0], [np.nan]], [[1.0], [2.0], [3.0]]])
    X, _, groups = make_prefixes(padded, [0, 1])
    assert [len(x) for x in X] == [1, 2, 1, 2, 3]
    assert groups.tolist() == [0, 0, 1, 1, 1]
