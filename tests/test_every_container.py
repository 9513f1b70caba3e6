"""Containers x dtypes x estimators: the result of the reference, or our own error.

Every estimator is fitted once on a list of float64 arrays, and then gets the same
numbers in other containers and dtypes. All numbers are 0 or 1, so that every dtype
holds them.
"""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    RandomKernelFeatures,
    SequenceImputer,
    SequencePadder,
    SequenceResampler,
    SequenceScaler,
    StateEncoder,
)
from sklearn_seqattn.sequences import check_sequences

RNG = np.random.default_rng(0)
TINY = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
NAMES = ["a", "b"]
DTYPES = ["?", "u1", "i4", ">i8", "f2", "f4", "f8", ">f4", ">f8", "O"]
Y = np.arange(12) % 2
#: Not empty, of varying length, and never one step or one sequence alone.
X = [RNG.integers(0, 2, (n, 2)).astype(float) for n in RNG.integers(3, 9, 12)]
Y_OF_STEPS = [x[:, 0] != x[0, 0] for x in X]


def padded(X):
    """Return one array padded with NaN, in the dtype of X if it can hold NaN."""
    dtype = X[0].dtype if X[0].dtype.kind in ("f", "O") else np.dtype(np.float64)
    array = np.full((len(X), max(map(len, X)), 2), np.nan, dtype=dtype)
    for row, x in zip(array, X, strict=True):
        row[: len(x)] = x
    return array


def object_array(X):
    array = np.empty(len(X), dtype=object)
    array[:] = X
    return array


def columns(x):
    return dict(zip(NAMES, x.T, strict=True))


def cells(X):
    return {name: [x[:, k] for x in X] for k, name in enumerate(NAMES)}


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "object array": object_array,
    "Series": lambda X: pd.Series(list(X)),
    "nested lists": lambda X: [x.tolist() for x in X],
    "object arrays of steps": lambda X: [object_array(list(x)) for x in X],
    "pyarrow nested lists": lambda X: pa.array([x.tolist() for x in X]),
    "polars nested lists": lambda X: pl.Series([x.tolist() for x in X]),
    "padded": padded,
    "frames": lambda X: [pd.DataFrame(x, columns=NAMES) for x in X],
    "polars frames": lambda X: [pl.DataFrame(columns(x)) for x in X],
    "pyarrow tables": lambda X: [pa.table(columns(x)) for x in X],
    "tensors": lambda X: [torch.from_numpy(x) for x in X],
    "memoryviews": lambda X: [memoryview(x) for x in X],
    "long table": lambda X: pd.concat(map(pd.DataFrame, X), keys=range(len(X))),
    "cells": lambda X: pd.DataFrame(cells(X)),
    "cells of lists": lambda X: pd.DataFrame(cells(X)).map(np.ndarray.tolist),
    "polars cells": lambda X: pl.DataFrame(
        {name: [cell.tolist() for cell in column] for name, column in cells(X).items()}
    ),
}

FRAMES = {"frames", "polars frames", "pyarrow tables", "long table"}

ESTIMATORS = {
    "classifier": (AttentionLSTMClassifier(**TINY), "predict_proba"),
    "regressor": (AttentionLSTMRegressor(**TINY), "predict"),
    "tagger": (AttentionLSTMTagger(**TINY), "predict_proba"),
    "padder": (SequencePadder(), "transform"),
    "scaler": (SequenceScaler(), "transform"),
    "imputer": (SequenceImputer(), "transform"),
    "resampler": (SequenceResampler(1), "transform"),
    "kernels": (RandomKernelFeatures(n_features=84, random_state=0), "transform"),
    "events": (EventEncoder(), "transform"),
}
TOKEN_ESTIMATORS = {
    "classifier": (AttentionLSTMClassifier(front_end=("embedding",), **TINY), Y),
    "tagger": (
        AttentionLSTMTagger(front_end=("embedding",), **TINY),
        [x[:, 0] != x[0, 0] for x in X],
    ),
    "states": (StateEncoder(), None),
    "markov": (NextStateMarkov(), None),
    "next state": (NextStateLSTM(**TINY), None),
}


def numbers(result):
    """Return all numbers of a result end to end, without padding."""
    if isinstance(result, pd.DataFrame):  # as cells came in
        result = check_sequences(result).to_list()
    flat = np.concatenate([np.ravel(x) for x in result]).astype(float)
    return flat[~np.isnan(flat)]


def stored(name, X):
    """Return a container, or None where its library does not hold such a dtype.

    Objects in frames are categories unless they are numbers, see the tests of frames.
    """
    if X[0].dtype == object and name in FRAMES:
        return None
    try:
        return CONTAINERS[name](X)
    except (TypeError, ValueError, NotImplementedError, pa.ArrowException):
        return None


@pytest.fixture(scope="module", params=ESTIMATORS)
def fitted(request):
    """Return the method of a fitted estimator, and its result for the reference."""
    estimator, method = ESTIMATORS[request.param]
    y = Y_OF_STEPS if request.param == "tagger" else Y
    predict = getattr(estimator.fit(X, y), method)
    return predict, numbers(predict(X))


@pytest.mark.parametrize("name", CONTAINERS)
def test_numbers(fitted, name):
    predict, expected = fitted
    n_read = 0
    for dtype in DTYPES:
        container = stored(name, [x.astype(dtype) for x in X])
        if container is not None:
            n_read += 1
            found = numbers(predict(container))
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert n_read >= 5


@pytest.mark.parametrize("name", TOKEN_ESTIMATORS)
@pytest.mark.parametrize("dtype", [*DTYPES, "U1", "str", "category"])
def test_tokens(name, dtype):
    estimator, y = TOKEN_ESTIMATORS[name]
    words = [pd.Series(x[:, 0]).astype(int) for x in X]
    if dtype in ("U1", "str", "category"):
        words = [pd.Series(np.array(["no", "yes"])[x]) for x in words]
    method = "transform" if name == "states" else "predict_proba"
    predict = getattr(estimator.fit([x.tolist() for x in words], y), method)
    expected = numbers(predict([x.tolist() for x in words]))
    changed = [x.astype(dtype) if dtype != "U1" else x.to_numpy(str) for x in words]
    for container in (changed, pd.Series(changed), object_array(changed)):
        np.testing.assert_allclose(numbers(predict(container)), expected, rtol=1e-6)


ONE = X[0]
ONE_SEQUENCE = {
    "array": ONE,
    "frame": pd.DataFrame(ONE, columns=NAMES),
    "polars frame": pl.DataFrame(columns(ONE)),
    "pyarrow table": pa.table(columns(ONE)),
    "tensor": torch.tensor(ONE),
    "list of steps": list(ONE),
    "nested list": ONE.tolist(),
    "flat array": ONE[:, 0],
    "flat list": ONE[:, 0].tolist(),
    "Series": pd.Series(ONE[:, 0]),
    "0-D tensors": list(torch.tensor(ONE[:, 0])),
}


@pytest.mark.parametrize("name", ONE_SEQUENCE)
@pytest.mark.parametrize("frames", [False, True])
def test_one_sequence_that_is_not_in_a_list(name, frames):
    """Warnings are errors here: scikit-learn's about column names does not come."""
    data = [pd.DataFrame(x, columns=NAMES) for x in X] if frames else X
    scaler = SequenceScaler().fit(data)
    with pytest.raises(ValueError, match=r"\[X\]"):
        scaler.transform(ONE_SEQUENCE[name])


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, torch.tensor])
def test_a_column_is_one_sequence_for_what_was_fitted_on_a_list(make):
    scaler = SequenceScaler().fit([x[:, :1] for x in X])
    with pytest.raises(ValueError, match=r"pass \[X\], .* of one step pass list\(X\)"):
        scaler.transform(make(ONE[:, :1]))
    assert SequenceScaler().fit(ONE[:, :1]).transform(ONE[:, :1]).shape == (len(ONE), 1)


def test_one_frame_of_events_that_is_not_in_a_list():
    frames = [pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})] * 3
    encoder = EventEncoder().fit(frames)
    for one in (frames[0], pl.DataFrame(frames[0].to_dict("list"))):
        with pytest.raises(ValueError, match=r"DataFrames with the same columns"):
            encoder.transform(one)


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series])
def test_one_sequence_of_tokens_that_is_not_in_a_list(make):
    encoder = StateEncoder().fit([["a", "b"], ["b"]])
    with pytest.raises(ValueError, match=r"for one sequence pass \[X\]"):
        encoder.transform(make(["a", "b"]))
    assert [x.tolist() for x in encoder.transform(["a b", "b"])] == [[2, 3], [3]]
    scalars = encoder.transform([np.str_("a b"), np.str_("b")])
    assert [x.tolist() for x in scalars] == [[2, 3], [3]]
    texts = StateEncoder().fit(["a b", "b"])
    assert [x.tolist() for x in texts.transform(make(["a", "b"]))] == [[2], [3]]


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier(), StateEncoder()])
def test_one_text_that_is_not_in_a_list(estimator):
    with pytest.raises(TypeError, match=r"X is one text .* pass \[X\]"):
        estimator.fit("a text", [0])
