"""SequenceImputer: known answers, every container, and scikit-learn's own checks."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from battery import parametrize_with_checks
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    EventEncoder,
    SequenceImputer,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    events_to_sequences,
    load_model,
    save_model,
)

nan = np.nan
STRATEGIES = ["last", "mean", "median", "constant", "linear"]
#: Two channels; the mean of the first is 4, its median 3.
X = [
    np.array([[nan, 1], [1, nan], [nan, nan], [3, nan]]),
    np.array([[8.0, 5], [nan, 3]]),
]


@st.composite
def gappy(draw):
    """Sequences of one to three channels, of which any value may be missing."""
    n_channels = draw(st.integers(1, 3))
    value = st.one_of(st.just(nan), st.integers(-9, 9).map(float))
    steps = st.lists(value, min_size=n_channels, max_size=n_channels)
    return [
        np.array(draw(st.lists(steps, min_size=1, max_size=6)))
        for _ in range(draw(st.integers(1, 5)))
    ]


# Known answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("last", [4, 1, 1, 3, 8, 8]),
        ("mean", [4, 1, 4, 3, 8, 4]),
        ("median", [3, 1, 3, 3, 8, 3]),
        ("constant", [-7, 1, -7, 3, 8, -7]),
        ("linear", [4, 1, 2, 3, 8, 4]),
    ],
)
def test_each_strategy_by_hand(strategy, expected):
    imputer = SequenceImputer(strategy, fill_value=-7)
    found = np.concatenate(imputer.fit_transform(X))[:, 0]
    np.testing.assert_array_equal(found, expected)


def test_indicators_and_elapsed_steps_by_hand():
    imputer = SequenceImputer(add_indicator=True, add_elapsed=True).fit(X)
    first, second = imputer.transform(X)
    np.testing.assert_array_equal(
        first[:, 2:], [[1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 2], [0, 1, 0, 3]]
    )
    np.testing.assert_array_equal(second[:, 2:], [[0, 0, 0, 0], [1, 0, 1, 0]])
    late = imputer.transform([[[nan, 1.0], [nan, 2.0], [5.0, 3.0]]])[0]
    assert late[:, 4].tolist() == [0, 1, 0]  # since the first step


def test_only_channels_with_gaps_in_fit_get_new_ones():
    train = [np.array([[1.0, nan], [2.0, 3.0]])]
    imputer = SequenceImputer(add_indicator=True).fit(train)
    assert imputer.has_missing_.tolist() == [False, True]
    found = imputer.transform([np.array([[nan, nan]])])[0]
    assert found.tolist() == [[1.5, 3.0, 1.0]]


def test_elapsed_time_of_a_column():
    frame = pd.DataFrame({"t": [0.0, 2, 5, 9], "a": [nan, 1, nan, nan]})
    found = SequenceImputer(add_elapsed="t").fit_transform([frame])[0]
    assert list(found.columns) == ["t", "a", "elapsed_a"]
    assert found["elapsed_a"].tolist() == [0, 0, 3, 7]
    with_kind = SequenceImputer(add_elapsed="t").fit_transform([frame.assign(k="x")])
    assert with_kind[0]["elapsed_a"].tolist() == [0, 0, 3, 7]


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        ({"a": [1.0, nan]}, ValueError, "names no column of X"),
        ({"t": ["x", "y"], "a": [1.0, nan]}, TypeError, "neither numbers nor dates"),
        (
            {"t": [0.0, nan], "a": [1.0, nan]},
            ValueError,
            "missing or earlier .* step 1",
        ),
        (
            {"t": [1.0, 0.0], "a": [1.0, nan]},
            ValueError,
            "missing or earlier .* step 1",
        ),
    ],
)
def test_times_that_cannot_be_used(frame, error, message):
    with pytest.raises(error, match=message):
        SequenceImputer(add_elapsed="t").fit([pd.DataFrame(frame)])


def test_a_channel_without_any_value_is_kept():
    train = [np.array([[nan, 1.0]]), np.array([[nan, 3.0]])]
    for strategy in STRATEGIES:
        imputer = SequenceImputer(strategy, fill_value=5).fit(train)
        filled = 5 if strategy == "constant" else 0
        assert imputer.transform(train)[0].tolist() == [[filled, 1.0]]
        assert imputer.transform([[[7.0, 1.0]]])[0].tolist() == [[7.0, 1.0]]


def test_means_beyond_float64():
    with pytest.raises(ValueError, match="Channel 0 of X has numbers whose sum"):
        SequenceImputer("mean").fit([[1.7e308] * 3 + [nan, -1.7e308]])


# Properties --------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["mean", "median"])
@given(X=gappy())
def test_statistics_are_those_of_simple_imputer(strategy, X):
    reference = SimpleImputer(strategy=strategy, keep_empty_features=True)
    expected = reference.fit_transform(np.concatenate(X))
    found = np.concatenate(SequenceImputer(strategy).fit_transform(X))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("strategy", ["last", "linear"])
@given(X=gappy())
def test_gaps_are_filled_as_pandas_does_in_each_sequence(strategy, X):
    imputer = SequenceImputer(strategy)
    for found, x in zip(imputer.fit_transform(X), X, strict=True):
        frame = pd.DataFrame(x)
        filled = (
            frame.ffill()
            if strategy == "last"
            else frame.interpolate(limit_area="inside")
        )
        expected = filled.fillna(dict(enumerate(imputer.statistics_)))
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(X=gappy())
def test_observed_values_stay_and_no_sequence_sees_another(strategy, X):
    imputer = SequenceImputer(strategy, add_indicator=True, add_elapsed=True).fit(X)
    together = imputer.transform(X)
    for found, x in zip(together, X, strict=True):
        n = x.shape[1]
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found[:, :n][~np.isnan(x)], x[~np.isnan(x)])
        np.testing.assert_array_equal(found, imputer.transform([x])[0])
        is_missing = np.isnan(x)[:, imputer.has_missing_]
        np.testing.assert_array_equal(found[:, n : n + is_missing.shape[1]], is_missing)


# Containers --------------------------------------------------------------------------

NAMES = ["a", "b"]


def padded(X):
    array = np.full((len(X), 5, 2), nan)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


def columns(x):
    """Return the columns of a sequence, with None for missing values."""
    return {
        k: [None if np.isnan(v) else v for v in c]
        for k, c in zip(NAMES, x.T, strict=True)
    }


CONTAINERS = {
    "list": list,
    "float32": lambda X: [x.astype(np.float32) for x in X],
    "objects with None": lambda X: [
        np.where(np.isnan(x), None, x.astype(object)) for x in X
    ],
    "nested lists": lambda X: [x.tolist() for x in X],
    "Series": lambda X: pd.Series(list(X)),
    "padded": padded,
    "frames": lambda X: [pd.DataFrame(x, columns=NAMES, index=[7] * len(x)) for x in X],
    "nullable frames": lambda X: [
        pd.DataFrame(x, columns=NAMES).convert_dtypes() for x in X
    ],
    "polars frames": lambda X: [pl.DataFrame(columns(x)) for x in X],
    "pyarrow tables": lambda X: [pa.table(columns(x)) for x in X],
    "long table": lambda X: pd.concat(map(pd.DataFrame, X), keys=range(len(X))),
    "cells": lambda X: pd.DataFrame(
        {name: [x[:, k] for x in X] for k, name in enumerate(NAMES)}
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("added", [False, True])
def test_every_container(name, added):
    options = {"add_indicator": added, "add_elapsed": added}
    sequences = [*X, X[0][:1]]
    expected = SequenceImputer(**options).fit_transform(sequences)
    container = CONTAINERS[name](sequences)
    found = SequenceImputer(**options).fit_transform(container)
    if name == "padded":
        assert found.shape == (3, 5, 6 if added else 2)
        lengths = [(~np.isnan(row)).all(axis=1).sum() for row in found]
        assert lengths == [4, 2, 1]  # the padding is kept
        found = [row[:n] for row, n in zip(found, lengths, strict=True)]
    new = ["missingindicator_a", "missingindicator_b", "elapsed_a", "elapsed_b"]
    if name == "cells":
        assert list(found.columns) == NAMES + new * added
        found = [np.stack(row, axis=1) for row in found.to_numpy(object)]
    for one, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, wanted)
    if "frames" in name or "tables" in name:
        assert list(found[0].columns) == NAMES + new * added
    if name == "frames":
        assert set(found[0].index) == {7}
    if name == "float32":
        assert {x.dtype for x in found} == {np.dtype(np.float32)}


def test_channels_first():
    expected = SequenceImputer(add_indicator=True).fit_transform(padded(X))
    imputer = SequenceImputer(add_indicator=True, channels_first=True)
    found = imputer.fit_transform(padded(X).swapaxes(1, 2))
    np.testing.assert_array_equal(found.swapaxes(1, 2), expected)
    assert imputer.fit_transform([x.T for x in X])[1].shape == (4, 2)


def test_a_table_stays_one_unless_channels_are_appended():
    table = pd.DataFrame([[1.0, nan, 3.0], [nan, 5.0, nan]], columns=["x", "y", "z"])
    imputer = SequenceImputer().set_output(transform="pandas")
    found = imputer.fit_transform(table)
    assert list(found.columns) == ["x", "y", "z"]
    assert found.to_numpy().tolist() == [[1, 1, 3], [3, 5, 5]]
    more = imputer.set_params(add_indicator=True).fit(table)
    assert not hasattr(more, "get_feature_names_out")
    assert more.transform(table).shape == (2, 3, 2)
    by_hand = SequenceImputer(add_indicator=True).fit_transform(
        table.to_numpy().tolist()
    )
    np.testing.assert_array_equal(by_hand, more.transform(table))


def test_categories_get_one_of_their_own():
    frames = [
        pd.DataFrame({"k": ["x", None], "n": [1, 2], "a": [nan, 2.0]}),
        pd.DataFrame({"k": [None, "y"], "n": [2, 1], "a": [3.0, nan]}),
    ]
    imputer = SequenceImputer(add_indicator=True).fit(frames)
    first, second = imputer.transform(frames)
    assert list(first.columns) == ["k", "n", "a", "missingindicator_a"]
    assert first["k"].tolist() == ["x", "missing"]
    assert second["k"].tolist() == ["missing", "y"]
    assert first["a"].tolist() == [2.5, 2.0]
    for read in (pl.from_pandas, pa.Table.from_pandas):
        again = imputer.transform([read(frame) for frame in frames])
        pd.testing.assert_frame_equal(again[0], first)
    encoded = make_pipeline(clone(imputer), EventEncoder()).fit_transform(frames)
    assert encoded[0].tolist() == [[1, 2.5, 1, 0, 1, 0], [2, 2, 0, 1, 0, 0]]


def test_columns_whose_values_are_all_missing_are_of_any_kind():
    frames = [pd.DataFrame({"k": ["x", "y"], "a": [1.0, nan]})]
    imputer = SequenceImputer().fit(frames)
    new = pd.DataFrame({"k": ["z"], "a": pd.Series([None], dtype=object)})
    assert imputer.transform([new])[0].loc[0].tolist() == ["z", 1.0]
    new = pd.DataFrame({"k": pd.Series([nan]), "a": ["z"]})
    with pytest.raises(ValueError, match="'a' holds categories, but it held numbers"):
        imputer.transform([new])


def test_files_of_imputers_of_events(tmp_path):
    frames = [pd.DataFrame({"k": ["x", None], "a": [nan, 2.0]})]
    imputer = SequenceImputer(add_indicator=True).fit(frames)
    save_model(imputer, tmp_path / "imputer")
    found = load_model(tmp_path / "imputer").transform(frames)[0]
    pd.testing.assert_frame_equal(found, imputer.transform(frames)[0])


def test_numbers_that_are_categories():
    frame = pd.DataFrame({"k": pd.Categorical([1, None, 2])})
    assert SequenceImputer().fit_transform([frame])[0]["k"].tolist() == [
        "1",
        "missing",
        "2",
    ]


def test_tokens_are_refused():
    with pytest.raises(TypeError, match="X holds tokens, which are never missing"):
        SequenceImputer().fit([["a", "b"]])
    for wrong in ([["a", None]], [["a", nan]]):
        with pytest.raises(TypeError, match="never missing"):
            StateEncoder().fit(wrong)


def test_infinity_and_sequences_of_padding_alone_are_refused():
    with pytest.raises(
        ValueError, match=r"infinity .* at step 1, .* so replace or drop"
    ):
        SequenceImputer().fit([[1.0, np.inf, nan]])
    with pytest.raises(ValueError, match=r"X\[1\] has only NaN, and so 0 steps"):
        SequenceImputer().fit(padded([X[0], X[0][:0]]))


# Pipelines ---------------------------------------------------------------------------


def test_the_same_scores_from_frames_of_every_library():
    random = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "id": np.repeat(np.arange(16), 6),
            "t": np.tile(np.arange(6), 16),
            "a": np.where(random.rand(96) < 0.3, nan, random.normal(size=96)),
            "b": np.where(random.rand(96) < 0.3, nan, random.normal(size=96)),
        }
    ).sample(frac=1, random_state=0)
    model = make_pipeline(
        SequenceImputer(add_indicator=True),
        SequenceScaler(),
        AttentionLSTMClassifier(hidden_size=4, max_epochs=1, random_state=0),
    )
    y, found = np.arange(16) % 2, []
    for read in (lambda t: t, pl.from_pandas, pa.Table.from_pandas):
        long = events_to_sequences(read(table), id="id", order="t")
        assert sum(x.isna().to_numpy().sum() for x in long) > 20  # cells are kept
        found.append(model.fit(long.iloc[:12], y[:12]).predict_proba(long.iloc[12:]))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_gaps_pass_through_the_padder_and_the_scaler():
    scaled = SequenceScaler().fit_transform(X)
    arrays = make_pipeline(SequencePadder(), SequenceScaler()).fit_transform(X)
    for found, wanted, x in zip(arrays, scaled, X, strict=True):
        np.testing.assert_allclose(found[: len(x)], wanted)
        assert np.isnan(found[len(x) :]).all()
        np.testing.assert_array_equal(np.isnan(wanted), np.isnan(x))


# scikit-learn's own checks -----------------------------------------------------------


@parametrize_with_checks(
    [SequenceImputer(), SequenceImputer("linear", add_indicator=True)]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# The checks mix frames and arrays on purpose; scikit-learn filters the warning, too.
@pytest.mark.filterwarnings("ignore:X .* feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_dataframe_column_names_consistency,
        estimator_checks.check_param_validation,
        estimator_checks.check_readonly_memmap_input,
        estimator_checks.check_transformer_get_feature_names_out,
        estimator_checks.check_transformer_get_feature_names_out_pandas,
        estimator_checks.check_get_feature_names_out_error,
        estimator_checks.check_set_output_transform,
        estimator_checks.check_set_output_transform_pandas,
        estimator_checks.check_global_output_transform_pandas,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_scikit_learn_runs_on_itself(check):
    check("SequenceImputer", SequenceImputer())


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("where", ["column", "index"])
def test_dates_pass_through(zone, where):
    dates = pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-05"]).tz_localize(zone)
    frames = [
        pd.DataFrame({"time": dates, "a": [1.0, nan, 3.0]}),
        pd.DataFrame({"time": dates[1:], "a": [nan, 5.0]}),
    ]
    if where == "index":
        frames = [frame.set_index("time") for frame in frames]
    found = SequenceImputer("last", add_elapsed="time").fit_transform(frames)
    assert [frame["a"].tolist() for frame in found] == [[1, 1, 3], [3, 5]]
    assert [frame["time"].tolist() for frame in found] == [
        dates.tolist(),
        dates[1:].tolist(),
    ]
    assert found[0]["elapsed_a"].tolist() == [0, 24 * 3600, 0]
    names = EventEncoder().fit(found).get_feature_names_out()
    assert any("time" in name for name in names)


def test_elapsed_times_of_nested_frames_of_numbers():
    frames = [
        pd.DataFrame({"hour": [0.0, 2.0, 5.0], "v": [1.0, np.nan, 2.0]}),
        pd.DataFrame({"hour": [1.0, 9.0], "v": [np.nan, 3.0]}),
    ]
    nested = pd.DataFrame({c: [x[c].to_numpy() for x in frames] for c in ("hour", "v")})
    imputer = SequenceImputer(add_elapsed="hour")
    expected = imputer.fit_transform(frames)
    found = imputer.fit_transform(nested.assign(age=[1, 2]))
    for i, frame in enumerate(expected):
        for column in frame:
            np.testing.assert_array_equal(found[column][i], frame[column])


@pytest.mark.parametrize("dtype", [object, "str", "float64", "category"])
def test_a_row_may_lack_its_only_category(dtype):
    imputer = SequenceImputer().fit(
        [pd.DataFrame({"v": [1.0, 2.0], "ward": ["a", None]})]
    )
    ward = pd.Series([None], dtype=dtype)
    (found,) = imputer.transform([pd.DataFrame({"v": [1.0], "ward": ward})])
    assert found["ward"].tolist() == ["missing"]
    with pytest.raises(ValueError, match="fitted on events"):
        imputer.transform([pd.DataFrame({"v": [1.0], "ward": [3.0]})])


def test_a_row_of_a_nested_frame_may_lack_its_only_category():
    nested = pd.DataFrame({"v": [np.arange(2.0)], "ward": [["a", None]]})
    imputer = SequenceImputer().fit(nested)
    for cell in ([None, None], np.full(2, np.nan)):
        found = imputer.transform(nested.assign(ward=[cell]))
        assert list(found["ward"][0]) == ["missing"] * 2


def test_a_fill_value_beyond_the_dtype_is_refused():
    X = [np.array([1.0, np.nan], np.float32)]
    with pytest.raises(ValueError, match=r"float32.* cannot hold 1e\+300"):
        SequenceImputer("constant", fill_value=1e300).fit_transform(X)
    wide = SequenceImputer("constant", fill_value=1e300).fit_transform(
        [X[0].astype(float)]
    )
    assert wide[0].tolist() == [1.0, 1e300]


def test_names_of_added_channels_must_be_free():
    X = [pd.DataFrame({"a": [1.0, np.nan], "missingindicator_a": [0.0, 1.0]})]
    assert SequenceImputer().fit_transform(X)[0].shape == (2, 2)
    with pytest.raises(ValueError, match=r"'missingindicator_a'.*rename it"):
        SequenceImputer(add_indicator=True).fit_transform(X)
