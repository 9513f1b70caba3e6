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

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor, Tokens
from sklearn_seqattn.blocks import Conv, Dense, Differences

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
    "table": (AttentionLSTMRegressor(**CAUSAL), np.c_[WALKS[0][:4], WALKS[1][:4]], [*"1234"]),
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
STREAMING["table"] = (
    AttentionLSTMRegressor(**CAUSAL),
    np.array([x[:4, 0] for x in WALKS]),
    LENGTHS,
)


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
    model, X = fitted(name), [MODELS[name][1][i] for i in rows]
    found = said_of_prefixes(model, X)
    assert [len(one) for one in found] == [len(x) for x in X]
    for x, one in zip(X, found, strict=True):
        expected = said(model, [cut(model, x, t) for t in range(1, len(x) + 1)])
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
