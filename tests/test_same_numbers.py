"""The same numbers, however they are stored, give the same fitted network.

All data are whole multiples of 1/4 below 8, which float16 and all wider types hold
exactly, so that nothing but the storage differs.
"""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    NextStateMarkov,
    RandomKernelFeatures,
    SequenceScaler,
)

TINY = {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0}
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(2, 7, 16)
#: Some zeros are negative, and the first and the last sequence are equal.
X = [RNG.integers(-8, 9, (n, 2)) / 4 * RNG.choice([-1.0, 1.0], (n, 2)) for n in LENGTHS]
X[-1] = X[0].copy()
REFERENCE = X
WHOLE = [np.trunc(x) for x in X]
Y = np.arange(16) % 2
Y[-1] = Y[0]
VALUES = RNG.integers(-20, 20, 16) / 4
VALUES[-1], VALUES[1] = VALUES[0], -0.0
CLASSES = {
    "classifier": (AttentionLSTMClassifier, Y, "predict_proba"),
    "regressor": (AttentionLSTMRegressor, VALUES, "predict"),
}
NAMES = ["a", "b"]


def reversed_view(x):
    """Return the same values in memory from the last to the first."""
    return np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]


def read_only(x):
    x = x.copy()
    x.setflags(write=False)
    return x


def padded(X, dtype=np.float64):
    """Return one array, padded with NaN."""
    array = np.full((len(X), max(map(len, X)), 2), np.nan, dtype=dtype)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


#: How one sequence may be stored.
STORAGES = {
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "big-endian": lambda x: x.astype(">f8"),
    "big-endian float32": lambda x: x.astype(">f4"),
    "long double": lambda x: x.astype(np.longdouble),
    "objects": lambda x: x.astype(object),
    "Fortran": np.asfortranarray,
    "view": lambda x: np.repeat(x, 2, axis=0)[::2],
    "reversed view": reversed_view,
    "read-only": read_only,
    "positive zero": lambda x: x + 0.0,
    "list": lambda x: x.tolist(),
    "list of arrays": list,
    "tensor": torch.tensor,
    "float32 tensor": lambda x: torch.tensor(x, dtype=torch.float32),
    "bfloat16 tensor": lambda x: torch.tensor(x, dtype=torch.bfloat16),
    "memoryview": memoryview,
}

#: How all sequences may be stored.
CONTAINERS = {
    "frames": lambda X: [pd.DataFrame(x, columns=NAMES) for x in X],
    "float32 frames": lambda X: [
        pd.DataFrame(x, columns=NAMES, dtype=np.float32) for x in X
    ],
    "nullable frames": lambda X: [
        pd.DataFrame(x, columns=NAMES).astype("Float64") for x in X
    ],
    "polars": lambda X: [pl.DataFrame(x, schema=NAMES) for x in X],
    "pyarrow": lambda X: [pa.table(dict(zip(NAMES, x.T, strict=True))) for x in X],
    "long table": lambda X: pd.concat(map(pd.DataFrame, X), keys=range(len(X))),
    "cells": lambda X: pd.DataFrame({k: [x[:, k] for x in X] for k in range(2)}),
    "Series": lambda X: pd.Series(X),
    "padded": padded,
    "padded float32": lambda X: padded(X, np.float32),
    "padded Fortran": lambda X: np.asfortranarray(padded(X)),
    "padded float16": lambda X: padded(X, np.float16),
}
ALL = {name: lambda X, f=f: [f(x) for x in X] for name, f in STORAGES.items()}
ALL |= CONTAINERS


def output(kind, X, y=None, **params):
    """Fit a tiny network, and return what it predicts for the reference sequences."""
    make, targets, method = CLASSES[kind]
    model = make(**{**TINY, **params}).fit(X, targets if y is None else y)
    return getattr(model, method)(REFERENCE)


def assert_same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def expected():
    return {kind: output(kind, X) for kind in CLASSES}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", CLASSES)
def test_the_storage_of_x(kind, name, expected):
    assert_same(output(kind, ALL[name](X)), expected[kind])


@given(st.lists(st.sampled_from(sorted(STORAGES)), min_size=16, max_size=16))
@settings(max_examples=5, deadline=None)
def test_each_sequence_may_be_stored_otherwise(expected, names):
    mixed = [STORAGES[name](x) for name, x in zip(names, X, strict=True)]
    assert_same(output("classifier", mixed), expected["classifier"])


@pytest.mark.parametrize("dtype", ["i1", "i8", ">i4", "f4", "Int16"])
def test_whole_numbers_may_be_integers(dtype):
    frames = [pd.DataFrame(x).astype(dtype) for x in WHOLE]
    arrays = [frame.to_numpy() for frame in frames]
    reference = output("classifier", WHOLE)
    assert_same(output("classifier", arrays), reference)
    assert_same(output("classifier", frames), reference)


def test_zeros_and_ones_may_be_booleans():
    ones = [x > 0 for x in X]
    reference = output("classifier", [x.astype(float) for x in ones])
    assert_same(output("classifier", ones), reference)


TARGETS = {
    "list": np.ndarray.tolist,
    "Series": pd.Series,
    "polars Series": pl.Series,
    "float32": lambda y: y.astype(np.float32),
    "big-endian": lambda y: y.astype(y.dtype.newbyteorder(">")),
    "float": lambda y: y.astype(float),
    "view": lambda y: np.repeat(y, 2)[::2],
    "tensor": torch.tensor,
}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", CLASSES)
def test_the_storage_of_y(kind, name, expected):
    y = TARGETS[name](CLASSES[kind][1])
    assert_same(output(kind, X, y), expected[kind])


@pytest.mark.parametrize("dtype", ["i1", "i4", ">i8", "?"])
def test_the_dtype_of_classes(dtype, expected):
    assert_same(output("classifier", X, Y.astype(dtype)), expected["classifier"])


@pytest.mark.parametrize("method", ["standard", "robust", "minmax"])
@pytest.mark.parametrize("offset", [0.0, 4096.0])
def test_statistics_do_not_depend_on_the_dtype(method, offset):
    """With the offset the spread of float32 numbers is near their rounding."""
    values = [x / 512 + offset for x in X]
    wide = SequenceScaler(method=method).fit(values)
    narrow = SequenceScaler(method=method).fit([x.astype(np.float32) for x in values])
    np.testing.assert_array_equal(narrow.center_, wide.center_)
    np.testing.assert_array_equal(narrow.scale_, wide.scale_)
    assert (wide.scale_ < 0.01).all()


@pytest.mark.parametrize("name", ALL)
def test_kernel_features(name):
    make = RandomKernelFeatures(n_features=168, random_state=0)
    reference = make.fit_transform(X)
    assert_same(make.fit_transform(ALL[name](X)), reference)


TOKENS = [[("a", "b", "c")[int(4 * abs(v)) % 3] for v in x[:, 0]] for x in X]
TOKEN_STORAGES = {
    "np.str_": lambda x: [np.str_(token) for token in x],
    "array": np.array,
    "object array": lambda x: np.array(x, dtype=object),
    "StringDType": lambda x: np.array(x, dtype=np.dtypes.StringDType()),
    "Series": pd.Series,
    "arrow strings": lambda x: pd.Series(x, dtype="string[pyarrow]"),
    "categories": lambda x: pd.Series(x, dtype="category"),
    "polars": pl.Series,
    "pyarrow": pa.array,
    "text": " ".join,
}
TOKEN_MODELS = {
    "classifier": (AttentionLSTMClassifier(**TINY), Y),
    "regressor": (AttentionLSTMRegressor(**TINY), VALUES),
    "tagger": (AttentionLSTMTagger(**TINY), TOKENS),
    "markov": (NextStateMarkov(order=1), None),
    "next state": (NextStateLSTM(**TINY), None),
}


def stack(outputs):
    """Return one array, of what a tagger says of each sequence, too."""
    return np.concatenate(outputs) if isinstance(outputs, list) else outputs


@pytest.mark.parametrize("name", TOKEN_STORAGES)
@pytest.mark.parametrize("kind", TOKEN_MODELS)
def test_the_storage_of_tokens(kind, name):
    model, y = TOKEN_MODELS[kind]
    method = "predict" if kind == "regressor" else "predict_proba"
    reference = getattr(model.fit(TOKENS, y), method)(TOKENS)
    stored = [TOKEN_STORAGES[name](x) for x in TOKENS]
    for found in (model, model.fit(stored, y)):
        for one in (TOKENS, stored):
            assert_same(stack(getattr(found, method)(one)), stack(reference))


@pytest.mark.parametrize("name", ["text", "array"])
@pytest.mark.parametrize("kind", ["classifier", "regressor", "tagger"])
def test_tokens_are_trained_by_the_same_rules(kind, name):
    model, y = TOKEN_MODELS[kind]
    model = clone(model).set_params(max_epochs="auto")
    stored = [TOKEN_STORAGES[name](x) for x in TOKENS]
    n_epochs = [len(model.fit(one, y).history_) for one in (TOKENS, stored)]
    assert n_epochs[0] == n_epochs[1]
