"""Anything may be passed: there is a documented error, or the right answer."""

import warnings
from collections import deque
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, from_dtype
from model_zoo import fitted

from sklearn_seqattn import (
    EventEncoder,
    NextStateMarkov,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
)
from sklearn_seqattn.sequences import check_sequences


@contextmanager
def refused_clearly():
    """Accept an error of the documented types that says something."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if len(str(error)) < 15:
            raise AssertionError("the message is too short") from error


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.none(),
    st.complex_numbers(),
)
ODD = st.one_of(
    NUMBERS,
    st.text(max_size=4),
    st.binary(max_size=3),
    st.dates(),
    st.sets(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


def as_cells(items):
    """Return a 1-D object array with one item a cell."""
    cells = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        cells[i] = item
    return cells


DTYPES = ["f4", "f8", "i2", "u1", "?", "c8", "U3", "S2", "M8[s]", "m8[s]"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda t: arrays(
        t,
        array_shapes(max_dims=4, max_side=3, min_side=0),
        elements=from_dtype(np.dtype(t)),
    )
)
FRAMES = st.dictionaries(
    st.sampled_from("abc"), st.lists(ODD, min_size=2, max_size=2), max_size=2
).map(lambda columns: pd.DataFrame(columns))
ANYTHING = st.recursive(
    st.one_of(ODD, ARRAYS, FRAMES),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.lists(inner, max_size=4).map(deque)
        | st.lists(inner, max_size=4).map(lambda x: pd.Series(x, dtype=object))
        | st.lists(inner, max_size=3).map(lambda x: pd.DataFrame({"a": as_cells(x)}))
    ),
    max_leaves=8,
)
#: Nearly right: the mistake is one element among good ones.
SEQUENCE = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4)
NEARLY = st.lists(SEQUENCE | ANYTHING, min_size=1, max_size=4)


@pytest.fixture(autouse=True)
def _silence():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the conversions that are tried
        yield


def assert_right(sequences, X):
    """Compare what was read with the elements of X."""
    assert len(sequences) == len(X)
    assert sequences.lengths.min() >= 1
    assert sequences.lengths.sum() == len(sequences.values)
    if sequences.kind != "numeric":
        return
    assert np.isfinite(sequences.values).all()
    assert sequences.values.dtype in (np.float32, np.float64)
    if isinstance(X, list):
        for found, x in zip(sequences.to_list(), X, strict=True):
            np.testing.assert_array_equal(
                found.ravel(), np.asarray(x, dtype=sequences.values.dtype).ravel()
            )


@given(ANYTHING | NEARLY)
@settings(max_examples=300, deadline=None)
def test_validator(X):
    with refused_clearly():
        assert_right(check_sequences(X), X)


@pytest.mark.parametrize(
    "transformer",
    [SequencePadder(), SequenceScaler(), StateEncoder(), EventEncoder()],
    ids=lambda t: type(t).__name__,
)
@given(X=ANYTHING | NEARLY)
@settings(max_examples=100, deadline=None)
def test_transformers(transformer, X):
    with refused_clearly():
        assert len(transformer.fit(X).transform(X)) == len(X)


@given(NEARLY)
@example([[None]])
@example([pd.DataFrame({"a": [None]})])
@settings(max_examples=100, deadline=None)
def test_what_was_scaled_comes_back(X):
    again = []
    with refused_clearly():
        scaler = SequenceScaler().fit(X)
        again = scaler.inverse_transform(scaler.transform(X))
    if not len(again):
        return
    for one, other in zip(
        again, check_sequences(X, tokens=False, allow_nan=True).to_list(), strict=True
    ):
        largest = np.abs(np.nan_to_num(other)).max()  # missing values pass through
        size = largest + scaler.scale_.max() + np.abs(scaler.center_).max()
        np.testing.assert_allclose(
            np.ravel(one), other.ravel(), rtol=1e-6, atol=1e-6 * size
        )


@pytest.mark.parametrize("name", ["classifier", "tokens", "regressor", "markov"])
@given(X=ANYTHING | NEARLY)
@settings(max_examples=60, deadline=None)
def test_predictions(name, X):
    with refused_clearly():
        assert len(fitted(name).predict(X)) == len(X)


@given(X=NEARLY)
@settings(max_examples=60, deadline=None)
def test_counting(X):
    with refused_clearly():
        model = NextStateMarkov(order=2).fit(X)
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
