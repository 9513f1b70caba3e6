"""SequencePadder, SequenceScaler, StateEncoder and EventEncoder."""

import math

import numpy as np
import pandas as pd
import pytest
from bad_inputs import BAD_INPUTS
from battery import parametrize_with_checks
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils import estimator_checks

from sklearn_seqattn import (
    EventEncoder,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    load_model,
    save_model,
)
from sklearn_seqattn.sequences import check_sequences

TRANSFORMERS = [EventEncoder(), SequencePadder(), SequenceScaler(), StateEncoder()]
METHODS = ["standard", "robust", "minmax"]


def name_of(estimator):
    return type(estimator).__name__


# Random numbers may be zeros at the ends of all sequences.
may_be_zeros = pytest.mark.filterwarnings("ignore:.* in all-zero steps:UserWarning")


@st.composite
def numeric_lists(draw, max_channels=3):
    n_channels = draw(st.integers(1, max_channels))
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    numbers = st.floats(-1e3, 1e3, width=32)
    return [
        draw(arrays(np.float64, (n, n_channels), elements=numbers)) for n in lengths
    ]


token_lists = st.lists(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=6), min_size=1, max_size=5
)


# scikit-learn's own checks -----------------------------------------------------------


@parametrize_with_checks(TRANSFORMERS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# The checks mix frames and arrays on purpose; scikit-learn filters the warning, too.
mixes_names = pytest.mark.filterwarnings("ignore:X .* feature names:UserWarning")


@mixes_names
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=name_of)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_dataframe_column_names_consistency,
        estimator_checks.check_param_validation,
        estimator_checks.check_readonly_memmap_input,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_scikit_learn_runs_on_itself(transformer, check):
    check(name_of(transformer), clone(transformer))


@pytest.mark.parametrize(
    "transformer", [EventEncoder(), SequenceScaler(), StateEncoder()], ids=name_of
)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_transformer_get_feature_names_out,
        estimator_checks.check_transformer_get_feature_names_out_pandas,
        estimator_checks.check_get_feature_names_out_error,
    ],
    ids=lambda check: check.__name__,
)
def test_feature_name_checks(transformer, check):
    check(name_of(transformer), clone(transformer))


@mixes_names
@pytest.mark.parametrize("transformer", [SequenceScaler(), StateEncoder()], ids=name_of)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_set_output_transform,
        estimator_checks.check_set_output_transform_pandas,
        estimator_checks.check_global_output_transform_pandas,
    ],
    ids=lambda check: check.__name__,
)
def test_set_output_checks(transformer, check):
    check(name_of(transformer), clone(transformer))


# What the four have in common --------------------------------------------------------


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=name_of)
def test_transform_needs_a_fit(transformer):
    with pytest.raises(NotFittedError):
        clone(transformer).transform([[1.0, 2.0]])


#: What the scaler passes on, and other transformers refuse.
GAPS = [row for row in BAD_INPUTS if "SequenceImputer" in row[-1]]
OTHERS = [row for row in BAD_INPUTS if row not in GAPS or row[2].get("tokens")]


@pytest.mark.parametrize(
    ("make_input", "kwargs", "exception", "message"),
    [pytest.param(*row[1:], id=row[0]) for row in OTHERS],
)
def test_bad_input(make_input, kwargs, exception, message):
    kwargs = dict(kwargs)
    if kwargs.pop("tokens", False):
        transformer = StateEncoder()
    else:
        transformer = SequenceScaler(**kwargs)
    with pytest.raises(exception) as caught:
        transformer.fit(make_input())
    assert str(caught.value) == message


def test_lists_pass_where_tables_become_frames():
    X = [np.ones(3), np.zeros(2)]
    for transformer in [SequenceScaler(), StateEncoder()]:
        transformer.set_output(transform="pandas")
        assert isinstance(transformer.fit_transform(X), list)
        assert not hasattr(transformer, "get_feature_names_out")
        assert isinstance(transformer.fit_transform(np.ones((2, 3))), pd.DataFrame)


def test_ragged_lists_stay_lists_where_they_are_rectangular_by_accident():
    for transformer in [SequenceScaler(), StateEncoder()]:
        transformer.fit([[1, 2, 3], [1, 2]])
        assert isinstance(transformer.transform([[1, 2], [2, 1]]), list)
        transformer.fit([[1, 2], [2, 1]])
        assert transformer.transform([[1, 2], [2, 1]]).shape == (2, 2)
        assert isinstance(transformer.transform([[1, 2, 3], [1, 2, 3]]), list)


# SequencePadder ----------------------------------------------------------------------


@given(numeric_lists(), st.sampled_from(["post", "pre"]), st.booleans())
def test_padding_is_undone(X, padding, channels_first):
    padder = SequencePadder(padding=padding, channels_first=channels_first)
    given_X = [x.T for x in X] if channels_first else X
    array = padder.fit_transform(given_X)
    longest, n_channels = max(map(len, X)), X[0].shape[1]
    if channels_first:
        assert array.shape == (len(X), n_channels, longest)
    else:
        assert array.shape == (len(X), longest, n_channels)
    back = padder.inverse_transform(array)
    for found, expected in zip(back, given_X, strict=True):
        np.testing.assert_array_equal(found, expected)


@given(numeric_lists())
def test_padded_arrays_are_the_same_sequences(X):
    found = check_sequences(SequencePadder().fit_transform(X))
    expected = check_sequences(X)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.lengths, expected.lengths)


@pytest.mark.parametrize(
    ("truncation", "padding", "expected"),
    [
        ("post", "post", [[1, 2], [5, np.nan]]),
        ("pre", "post", [[3, 4], [5, np.nan]]),
        ("post", "pre", [[1, 2], [np.nan, 5]]),
        ("pre", "pre", [[3, 4], [np.nan, 5]]),
    ],
)
def test_truncation_and_padding_by_hand(truncation, padding, expected):
    padder = SequencePadder(max_len=2, truncation=truncation, padding=padding)
    padded = padder.fit_transform([[1, 2, 3, 4], [5]])
    np.testing.assert_array_equal(padded[:, :, 0], expected)
    assert padder.max_len_ == 2


def test_nothing_is_truncated_unless_asked():
    padder = SequencePadder().fit([[1.0, 2.0], [3.0]])
    assert padder.max_len_ == 2
    assert padder.transform([[1.0]]).shape == (1, 2, 1)
    assert padder.transform([[1.0, 2.0, 3.0]]).shape == (1, 3, 1)
    assert SequencePadder(max_len=5).fit_transform([[1.0]]).shape == (1, 5, 1)


def test_only_padded_arrays_are_unpadded():
    padder = SequencePadder().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="X has 2 dimensions, but a padded array has"):
        padder.inverse_transform(np.ones((2, 3)))


# SequenceScaler ----------------------------------------------------------------------


@may_be_zeros
@pytest.mark.parametrize("method", METHODS)
@given(X=numeric_lists())
def test_scaling_is_undone(method, X):
    scaler = SequenceScaler(method=method)
    back = scaler.inverse_transform(scaler.fit_transform(X))
    for found, expected in zip(back, X, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("method", "reference"),
    [
        ("standard", StandardScaler()),
        ("minmax", MinMaxScaler()),
        ("robust", RobustScaler()),
    ],
)
def test_each_channel_is_scaled_as_scikit_learn_does(method, reference):
    values = np.random.default_rng(0).normal(3, 7, size=(25, 3))  # quartiles on steps
    X = np.split(values, [4, 5, 13])
    found = SequenceScaler(method=method).fit_transform(X)
    np.testing.assert_allclose(np.concatenate(found), reference.fit_transform(values))


@pytest.mark.parametrize("method", METHODS)
@given(X=numeric_lists(), data=st.data())
def test_a_weight_counts_copies(method, X, data):
    weights = data.draw(
        st.lists(st.integers(0, 3), min_size=len(X), max_size=len(X)).filter(any)
    )
    copies = [x for x, weight in zip(X, weights, strict=True) for _ in range(weight)]
    weighted = SequenceScaler(method=method).fit(X, sample_weight=weights)
    repeated = SequenceScaler(method=method).fit(copies)
    np.testing.assert_allclose(weighted.center_, repeated.center_, atol=1e-9)
    np.testing.assert_allclose(weighted.scale_, repeated.scale_, rtol=1e-6, atol=1e-6)


def test_weights_by_hand():
    scaler = SequenceScaler().fit([[0.0], [3.0, 3.0]], sample_weight=[4, 1])
    assert scaler.center_ == pytest.approx([1.0])
    assert scaler.scale_ == pytest.approx([np.sqrt(2.0)])
    with pytest.raises(ValueError, match="Negative values in data"):
        scaler.fit([[0.0], [3.0]], sample_weight=[1, -1])


@pytest.mark.parametrize("constant", [0.1, 0.7, 1e8 + 0.1, -1e-300])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_long_constant_channel_is_constant(constant, n_channels):
    X = np.random.RandomState(0).standard_normal((60, 1000, n_channels))
    X[:, :, 0] = constant
    for container in (X, list(X)):
        scaler = SequenceScaler().fit(container)
        assert (scaler.center_[0], scaler.scale_[0]) == (constant, 1.0)


@pytest.mark.parametrize("offset", [0.0, 1e8, 1e12])
def test_statistics_are_exact_far_from_zero_in_any_layout(offset):
    X = offset + np.random.RandomState(0).standard_normal((300, 1000, 3))
    scaler = SequenceScaler().fit(X)
    exact = np.array([math.fsum(column - offset) for column in X.reshape(-1, 3).T])
    exact = offset + exact / 300_000
    eps = 4 * np.spacing(offset + 1)
    np.testing.assert_allclose(scaler.center_, exact, rtol=0, atol=eps)
    expected = (X - offset).std(axis=(0, 1))
    np.testing.assert_allclose(scaler.scale_, expected, rtol=1e-7)
    other = SequenceScaler().fit([np.asfortranarray(x) for x in X])
    assert other.center_.tolist() == scaler.center_.tolist()
    assert other.scale_.tolist() == scaler.scale_.tolist()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_channels_are_only_shifted(method, dtype):
    X = [np.full((n, 2), [0.1, 1e6], dtype=dtype) for n in (3, 4)]
    scaled = SequenceScaler(method=method).fit_transform(X)
    assert scaled[0].dtype == dtype
    np.testing.assert_allclose(scaled[0], 0, atol=0.1 if dtype == np.float32 else 1e-6)


@given(numeric_lists())
def test_the_container_comes_back(X):
    scaler = SequenceScaler().fit(X)
    expected = scaler.transform(X)
    padder = SequencePadder().fit(X)
    padded = padder.transform(X)
    scaled = scaler.transform(padded)
    assert scaled.shape == padded.shape
    np.testing.assert_array_equal(np.isnan(scaled), np.isnan(padded))
    frames = [pd.DataFrame(x, index=range(5, 5 + len(x))) for x in X]
    transposed = SequenceScaler(channels_first=True).fit_transform([x.T for x in X])
    swapped = SequenceScaler(channels_first=True).fit_transform(padded.swapaxes(1, 2))
    np.testing.assert_array_equal(swapped.swapaxes(1, 2), scaled)
    for candidate in [
        padder.inverse_transform(scaled),
        scaler.transform(tuple(X)),
        scaler.transform(pd.Series(list(X))),
        [x.T for x in transposed],
    ]:
        for found, wanted in zip(candidate, expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
    for found, wanted in zip(scaler.transform(frames), expected, strict=True):
        assert found.index[0] == 5
        np.testing.assert_array_equal(found.to_numpy(), wanted)


def test_univariate_sequences_stay_1d():
    assert SequenceScaler().fit_transform([np.ones(3), np.zeros(2)])[0].shape == (3,)


def test_pipeline_of_padder_and_scaler():
    X = [np.arange(float(n)) for n in (2, 3, 4, 5)]
    pipeline = make_pipeline(SequencePadder(), SequenceScaler()).fit(X)
    scaled = SequenceScaler().fit(X).transform(X)
    expected = SequencePadder().fit_transform(scaled)
    np.testing.assert_allclose(pipeline.transform(X), expected)


# StateEncoder ------------------------------------------------------------------------


@given(token_lists)
def test_ids_are_undone(X):
    encoder = StateEncoder()
    ids = check_sequences(encoder.fit_transform(X), tokens=True).values
    assert ids.min() >= 2
    assert ids.max() < encoder.n_ids_
    back = encoder.inverse_transform(encoder.transform(X))
    assert [list(x) for x in back] == X
    assert encoder.vocabulary_.tolist() == sorted({token for x in X for token in x})
    assert encoder.n_ids_ == len(encoder.vocabulary_) + 2


@given(st.lists(st.lists(st.integers(-3, 3), min_size=1), min_size=1))
def test_integer_states(X):
    encoder = StateEncoder().fit(X)
    assert encoder.vocabulary_.dtype == np.int64
    ids = encoder.transform(X)
    assert [list(x) for x in encoder.inverse_transform(ids)] == X


def test_unknown_and_rare_states():
    encoder = StateEncoder(min_count=2).fit(["a b a c c", "d"])
    assert encoder.vocabulary_.tolist() == ["a", "c"]
    ids = encoder.transform(["a d z c", "b"])
    assert [x.tolist() for x in ids] == [[2, 1, 1, 3], [1]]
    assert encoder.inverse_transform(ids)[0].tolist() == ["a", None, None, "c"]
    assert encoder.inverse_transform([[2, 0]])[0].tolist() == ["a", None]


def test_given_vocabulary():
    encoder = StateEncoder(vocabulary=["z", "a"], min_count=9).fit(["a b"])
    assert encoder.vocabulary_.tolist() == ["z", "a"]
    assert encoder.transform(["z a b"])[0].tolist() == [2, 3, 1]
    assert StateEncoder(vocabulary=range(5, 8)).fit([[5]]).n_ids_ == 5


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        (
            {"vocabulary": ["a", "b", "a"]},
            ["a"],
            "vocabulary holds 'a' more than once; every state needs one id.",
        ),
        (
            {"vocabulary": ["a"]},
            [[1]],
            "vocabulary holds 'a', but the states of X are integers; both need one "
            "type.",
        ),
        (
            {"min_count": 2},
            ["a b"],
            "No state has a count of min_count=2: the most frequent, 'a', has 1. "
            "Lower min_count.",
        ),
    ],
)
def test_bad_vocabulary(params, X, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (compared below)
        StateEncoder(**params).fit(X)
    assert str(caught.value) == message


def test_ids_out_of_range():
    encoder = StateEncoder().fit(["a b"])
    for wrong in [-1, 4]:
        with pytest.raises(ValueError, match=f"X holds the id {wrong}, but ids run fr"):
            encoder.inverse_transform([[2, wrong]])
    with pytest.raises(TypeError, match="X holds strings, but inverse_transform"):
        encoder.inverse_transform(["a"])


def test_table_of_states():
    table = np.array([["b", "a"], ["a", "a"]])
    encoder = StateEncoder().fit(table)
    assert encoder.transform(table).tolist() == [[3, 2], [2, 2]]
    assert encoder.inverse_transform(encoder.transform(table)).tolist() == (
        table.tolist()
    )


# EventEncoder ------------------------------------------------------------------------


def events():
    """Return two sequences of events with a numeric and two other columns."""
    return [
        pd.DataFrame({"kind": ["x", "y"], "size": [1, 2], "ok": ["yes", "no"]}),
        pd.DataFrame({"kind": ["x"], "size": [0.5], "ok": ["no"]}),
    ]


def test_events_by_hand():
    encoder = EventEncoder().fit(events())
    names = ["size", "kind_x", "kind_y", "ok_no", "ok_yes"]
    assert encoder.get_feature_names_out().tolist() == names
    first, second = encoder.transform(events())
    np.testing.assert_array_equal(first, [[1, 1, 0, 0, 1], [2, 0, 1, 1, 0]])
    np.testing.assert_array_equal(second, [[0.5, 1, 0, 1, 0]])


def test_unseen_category_is_zero():
    encoder = EventEncoder().fit(events())
    other = pd.DataFrame({"kind": ["z"], "size": [3], "ok": ["no"]})
    np.testing.assert_array_equal(encoder.transform([other])[0], [[3, 0, 0, 1, 0]])


def test_categorical_dtype_and_categories_only():
    X = [pd.DataFrame({"a": pd.Categorical([1, 2], categories=[2, 1])})]
    encoder = EventEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["a_1", "a_2"]
    np.testing.assert_array_equal(encoder.transform(X)[0], [[1, 0], [0, 1]])


def test_numeric_sequences_pass():
    frames = [pd.DataFrame({"a": [1.0, 2.0], "b": [True, False]})]
    encoder = EventEncoder().fit(frames)
    assert encoder.get_feature_names_out().tolist() == ["a", "b"]
    np.testing.assert_array_equal(encoder.transform(frames)[0], [[1, 1], [2, 0]])
    X = [np.ones((2, 3)), np.zeros((1, 3))]
    encoder.fit(X)
    assert encoder.get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(encoder.transform(X)[1], X[1])


def test_events_unlike_those_of_the_fit():
    encoder = EventEncoder().fit(events())
    changed = [frame.assign(size="big") for frame in events()]
    message = "X: column 'size' holds .*strings.*, but it held numbers in fit"
    with pytest.raises(ValueError, match=message):
        encoder.transform(changed)
    with pytest.raises(ValueError, match="X has the columns"):
        encoder.transform([frame[["size", "ok", "kind"]] for frame in events()])
    with pytest.raises(TypeError, match="X holds tokens, but DataFrames with one row"):
        EventEncoder().fit(["a b"])


def test_encoded_events_in_a_pipeline():
    pipeline = make_pipeline(EventEncoder(), SequenceScaler(), SequencePadder())
    assert pipeline.fit_transform(events() * 3).shape == (6, 2, 5)


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_vocabulary_without_order_is_an_error(kind):
    with pytest.raises(TypeError, match="vocabulary is a set, which has no order"):
        StateEncoder(vocabulary=kind(["z", "a"])).fit(["a b"])


def test_columns_of_events_may_have_numbers_for_names(tmp_path):
    X = [pd.DataFrame({0: ["a", "b"], 1: [1.0, 2.0]}), pd.DataFrame({0: ["b"], 1: [3]})]
    encoder = EventEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["1", "0_a", "0_b"]
    assert encoder.transform(X)[0].tolist() == [[1, 1, 0], [2, 0, 1]]
    save_model(encoder, tmp_path / "encoder")
    assert load_model(tmp_path / "encoder").transform(X)[1].tolist() == [[3, 0, 1]]
