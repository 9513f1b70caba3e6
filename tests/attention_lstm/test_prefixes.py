"""Prefixes and streams say what `predict` and `predict_proba` say about each prefix."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_zoo import DATED_EVENTS, MODELS, NETWORKS, SMALL, TOKENS, fitted
from sequence_data import sentences, walks
from sklearn.exceptions import NotFittedError

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.blocks import Conv, Differences

WALKS, UP_OR_DOWN = walks(24)
SENTENCES, YES = sentences(24)
LENGTHS = np.array([len(x) for x in WALKS])
WHOLE = [n for n in NETWORKS if hasattr(MODELS[n][0], "pooling")]
CAUSAL = {**SMALL, "blend": None, "attention": None}
SCALED = {**CAUSAL, "standardize": False}
STEM = [Differences(2), Conv(3, kernel_size=5, stride=2), [Conv(3, dilation=2), "gelu"]]

#: Name: estimator that can stream, X, y.
STREAMING = {
    "numbers": (AttentionLSTMClassifier(**SCALED), WALKS, UP_OR_DOWN),
    "stem": (
        AttentionLSTMRegressor(**{**CAUSAL, "front_end": STEM}, pooling="attention"),
        WALKS,
        LENGTHS,
    ),
    "default stem": (
        AttentionLSTMClassifier(**{**SCALED, "front_end": "auto"}),
        WALKS,
        UP_OR_DOWN,
    ),
    "transformer": (
        AttentionLSTMClassifier(**SCALED, encoder="transformer", pooling="last"),
        WALKS,
        UP_OR_DOWN,
    ),
    "two targets": (
        AttentionLSTMRegressor(**CAUSAL, encoder="gru", loss="poisson"),
        WALKS,
        np.c_[LENGTHS, LENGTHS**2],
    ),
    "univariate": (
        AttentionLSTMRegressor(**CAUSAL),
        [x[:, 0] for x in WALKS],
        LENGTHS,
    ),
    "table": (
        AttentionLSTMRegressor(**CAUSAL),
        np.array([x[:4, 0] for x in WALKS]),
        LENGTHS,
    ),
    "channels first": (
        AttentionLSTMClassifier(**SCALED, channels_first=True),
        [x.T for x in WALKS],
        UP_OR_DOWN,
    ),
    "tokens": (
        AttentionLSTMClassifier(**{**TOKENS, "blend": None, "attention": None}),
        SENTENCES,
        YES,
    ),
    "integers": (
        AttentionLSTMClassifier(**{**TOKENS, "blend": None, "attention": None}),
        [np.arange(2 + i % 5) for i in range(24)],
        YES,
    ),
    "events": (AttentionLSTMClassifier(**CAUSAL), DATED_EVENTS, UP_OR_DOWN),
    "frames of numbers": (
        AttentionLSTMRegressor(**CAUSAL),
        [pd.DataFrame(x, columns=["a", "b"]) for x in WALKS],
        LENGTHS,
    ),
}


def said(model, X):
    """Return what a model says about whole sequences."""
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return getattr(model, method)(X)


def said_of_prefixes(model, X):
    """Return what a model says about prefixes."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba_prefixes(X)
    return model.predict_prefixes(X)


def n_steps(model, x):
    """Return the number of steps of a sequence."""
    return x.shape[1] if getattr(model, "channels_first", False) else len(x)


def cut(model, x, n):
    """Return the first steps of a sequence."""
    if getattr(model, "channels_first", False):
        return x[:, :n]
    return x.iloc[:n] if isinstance(x, pd.DataFrame) else x[:n]


def prefixes_of_row(model, X, i):
    """Return all prefixes of a sequence, in a container like that of X."""
    if isinstance(X, list) and isinstance(X[i], str):
        words = X[i].split()
        return [" ".join(words[:t]) for t in range(1, len(words) + 1)]
    if not isinstance(X, pd.DataFrame):
        return [cut(model, X[i], t) for t in range(1, len(X[i]) + 1)]
    row = X.iloc[[i]]  # of a nested frame, with static columns
    nested = {c: row[c].iloc[0] for c in row if not np.isscalar(row[c].iloc[0])}
    n_prefixes = len(next(iter(nested.values())))
    return pd.concat(
        [
            row.assign(**{c: [cell[:t]] for c, cell in nested.items()})
            for t in range(1, n_prefixes + 1)
        ]
    )


def step_of(model, x, t):
    """Return one step of a sequence, as a stream takes it."""
    if getattr(model, "channels_first", False):
        return x[:, t]
    return x.iloc[t].to_dict() if isinstance(x, pd.DataFrame) else x[t]


@cache
def streaming(name):
    """Fit one of `STREAMING`, once."""
    model, X, y = STREAMING[name]
    return model.fit(X, y)


@pytest.mark.filterwarnings("ignore:.*unknown")  # of prefixes, as of any sequence
@pytest.mark.parametrize("name", WHOLE)
@given(st.lists(st.integers(0, 23), min_size=1, max_size=3))
@settings(max_examples=4, deadline=None)
def test_each_prefix_gets_what_predict_gives(name, rows):
    model, X = fitted(name), MODELS[name][1]
    X = X.iloc[rows] if isinstance(X, pd.DataFrame) else [X[i] for i in rows]
    found = said_of_prefixes(model, X)
    for i, one in enumerate(found):
        prefixes = prefixes_of_row(model, X, i)
        assert len(one) == len(prefixes)
        expected = said(model, prefixes)
        np.testing.assert_allclose(one, expected, rtol=1e-6, atol=1e-6)
        assert one.dtype == expected.dtype


@pytest.mark.parametrize("name", STREAMING)
@given(row=st.integers(0, 23))
@settings(max_examples=4, deadline=None)
def test_a_stream_says_what_predict_says_so_far(name, row):
    model, X = streaming(name), STREAMING[name][1]
    x, stream = X[row], model.stream()
    prefixes = said_of_prefixes(model, X[row : row + 1])[0]
    for t in range(n_steps(model, x)):
        answer = stream.push(step_of(model, x, t))
        so_far = cut(model, x, t + 1)
        expected = said(model, [so_far] if name != "table" else [so_far.tolist()])[0]
        np.testing.assert_allclose(answer, expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(answer, prefixes[t], rtol=1e-6, atol=1e-6)
        assert np.shape(answer) == np.shape(expected)
    assert stream.n_steps == n_steps(model, x)


def test_predictions_are_those_of_the_probabilities():
    for name in ("default", "labels", "ngram classes"):
        model, X = fitted(name), MODELS[name][1]
        proba, found = model.predict_proba_prefixes(X), model.predict_prefixes(X)
        for one, labels in zip(proba, found, strict=True):
            expected = model.classes_[one.argmax(1)] if labels.ndim == 1 else one > 0.5
            np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("name", ["default", "kernel numbers", "regressor"])
@given(st.permutations(range(6)), st.integers(0, 3))
@settings(max_examples=5, deadline=None)
def test_neither_order_nor_mates_nor_containers_matter(name, order, n_long):
    model, X = fitted(name), [WALKS[i] for i in order]
    alone = [said_of_prefixes(model, [x])[0] for x in X]
    mates = [np.ones((60, 2))] * n_long  # they pad the batch
    together = said_of_prefixes(model, [*X, *mates])
    longest = max(map(len, X))
    padded = np.full((len(X), longest, 2), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    frames = [x.tolist() for x in X]
    for container in (padded, frames):
        together.extend(said_of_prefixes(model, container))
    for i, expected in enumerate(alone * 2):
        found = together[i] if i < len(X) else together[i + n_long]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    for i, expected in enumerate(alone):
        found = together[2 * len(X) + n_long + i]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("blend", [None, "ngrams"])
@pytest.mark.parametrize("attention", [None, "dot"])
def test_sequences_of_no_tokens_have_no_prefixes(blend, attention):
    options = {**TOKENS, "blend": blend, "attention": attention}
    model = AttentionLSTMClassifier(**options).fit(SENTENCES, YES)
    found = model.predict_proba_prefixes([[], SENTENCES[0], []])
    assert [x.shape for x in found] == [(0, 2), (len(SENTENCES[0]), 2), (0, 2)]
    assert [x.shape for x in model.predict_prefixes([[], []])] == [(0,), (0,)]
    expected = model.predict_proba_prefixes(SENTENCES[:1])[0]
    np.testing.assert_allclose(found[1], expected, rtol=1e-6)


def test_n_grams_of_many_prefixes_are_read_in_portions(monkeypatch):
    model, X = fitted("ngram classes"), MODELS["ngram classes"][1]
    expected = model.predict_proba_prefixes(X)
    monkeypatch.setattr("sklearn_seqattn.attention_lstm.prefixes._TOKENS_AT_ONCE", 7)
    for one, other in zip(model.predict_proba_prefixes(X), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_stream_warns_only_of_a_first_token_that_is_unknown():
    model, words = streaming("tokens"), SENTENCES[0]
    known, unknown = model.stream(), model.stream()
    known.push(words[0])
    found = known.push("never seen")  # a warning is an error here
    expected = model.predict_proba([[words[0], "never seen"]])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    with pytest.warns(UserWarning, match="unknown"):
        unknown.push("never seen")
    unknown.push("never seen")


def test_streams_are_independent():
    model = streaming("stem")
    first, second = model.stream(), model.stream()
    one = first.push(WALKS[0][0])
    assert second.push(WALKS[0][0]) == one
    second.push(WALKS[1][0])
    expected = model.predict([WALKS[0][:2]])[0]
    np.testing.assert_allclose(first.push(WALKS[0][1]), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "step", "message"),
    [
        ("numbers", [1.0, 2.0, 3.0], "3 channel"),
        ("numbers", 1.0, "1 channel"),
        ("numbers", np.ones((2, 2)), "one step at a time"),
        ("numbers", [np.nan, 1.0], "NaN"),
        ("numbers", ["a", "b"], "tokens"),
        ("tokens", 1.0, "tokens"),
        ("tokens", {"act": "x"}, "tokens"),
        ("events", {"act": "x"}, "columns"),
        ("events", DATED_EVENTS[1], "2 rows"),
        ("frames of numbers", {"b": 1.0, "a": 2.0}, "columns"),
    ],
)
def test_what_is_no_step_is_refused_and_changes_nothing(name, step, message):
    model, x = streaming(name), STREAMING[name][1][2]
    stream = model.stream()
    stream.push(step_of(model, x, 0))
    with pytest.raises((ValueError, TypeError), match=message):
        stream.push(step)
    assert stream.n_steps == 1
    expected = said(model, [cut(model, x, 2)])[0]
    np.testing.assert_allclose(
        stream.push(step_of(model, x, 1)), expected, rtol=1e-6, atol=1e-6
    )


def test_no_finite_output_changes_nothing():
    model = AttentionLSTMRegressor(
        **{**CAUSAL, "front_end": None, "standardize": False, "encoder": "gru"}
    ).fit(WALKS, LENGTHS)
    stream = model.stream()
    stream.push([1.0, 2.0])
    with pytest.raises(ValueError, match="float32"):
        stream.push([1e300, 1.0])
    expected = model.predict([WALKS[0][:1].tolist()])
    assert model.stream().push(WALKS[0][0]) == pytest.approx(expected[0])
    assert stream.n_steps == 1


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({"bidirectional": True}, "bidirectional=False"),
        ({"attention": "dot"}, "attention=None"),
        ({"blend": "kernels"}, "blend=None"),
        ({"standardize": True}, "standardize=False"),
        ({"front_end": ["dense", ["attention"]]}, "front_end without SelfAttention"),
    ],
)
def test_what_is_not_causal_has_no_stream(options, needed):
    model = AttentionLSTMClassifier(**{**SCALED, **options}).fit(WALKS, UP_OR_DOWN)
    with pytest.raises(
        ValueError, match=f"fit it with {needed}[^,]*. predict_prefixes"
    ):
        model.stream()


def test_n_grams_have_no_stream():
    model = AttentionLSTMClassifier(**{**TOKENS, "attention": None})
    with pytest.raises(ValueError, match="blend=None"):
        model.fit(SENTENCES, YES).stream()


def test_all_reasons_are_named_at_once():
    with pytest.raises(ValueError, match=r"blend=None.*attention=None.*standardize"):
        fitted("default").stream()


@pytest.mark.parametrize("cls", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_unfitted_estimators_know_nothing_of_prefixes(cls):
    with pytest.raises(NotFittedError):
        cls().stream()
    with pytest.raises(NotFittedError):
        cls().predict_prefixes(WALKS)
