"""Labels, targets, states and parameters of any dtype are saved."""

import numpy as np
import pandas as pd
import pytest
from model_zoo import SENTENCES, SMALL, STATES, WALKS
from sklearn.base import clone

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    RandomKernelFeatures,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    load_model,
    save_model,
)

CLASSIFIER = AttentionLSTMClassifier(**SMALL)
REGRESSOR = AttentionLSTMRegressor(**SMALL)
INTEGERS = ["i1", "<i8", ">i4", ">u2"]
FLOATS = ["f2", "<f4", ">f4", ">f8"]
STRINGS = ["<U5", ">U5", "O"]
TIMES = ["<M8[D]", ">M8[s]", "m8[ns]"]
CODES = np.arange(len(WALKS)) % 3


def copied(model, path):
    save_model(model, path / "model.seqattn")
    return load_model(path / "model.seqattn")


def assert_same(found, wanted):
    """Compare predictions, but for the byte order of their dtype."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == wanted.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, wanted)


def labels(dtype):
    """Return labels of three classes, or of two for booleans."""
    if dtype in STRINGS:
        return np.array(["one", "two", "three"], dtype=dtype)[CODES]
    return CODES.astype(dtype)  # of times: the days, or seconds, after the start


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS[1:], *STRINGS, *TIMES, "?"])
def test_classes(dtype, tmp_path):
    model = clone(CLASSIFIER).fit(WALKS, labels(dtype))
    copy = copied(model, tmp_path)
    assert_same(copy.classes_, model.classes_)
    assert_same(copy.predict(WALKS), model.predict(WALKS))


@pytest.mark.parametrize("kind", [pd.Series, list, pd.Categorical, pd.array])
def test_classes_of_other_containers(kind, tmp_path):
    y = kind(labels("O"))
    model = clone(CLASSIFIER).fit(WALKS, y)
    assert_same(copied(model, tmp_path).predict(WALKS), model.predict(WALKS))


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("n_targets", [None, 2])
def test_targets(dtype, n_targets, tmp_path):
    y = CODES.astype(dtype)
    y = y if n_targets is None else np.repeat(y[:, None], n_targets, axis=1)
    model = clone(REGRESSOR).fit(WALKS, y)
    assert_same(copied(model, tmp_path).predict(WALKS), model.predict(WALKS))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "model",
    [
        CLASSIFIER,
        REGRESSOR,
        SequencePadder(),
        SequenceScaler(),
        EventEncoder(),
        RandomKernelFeatures(n_features=84, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_numbers(model, dtype, tmp_path):
    X = [x.astype(dtype) for x in WALKS]
    model = clone(model).fit(X, CODES)
    method = "transform" if hasattr(model, "transform") else "predict"
    copy = copied(model, tmp_path)
    for found, wanted in zip(
        getattr(copy, method)(X), getattr(model, method)(X), strict=True
    ):
        assert_same(found, wanted)


def states(dtype):
    """Return sequences of states as arrays."""
    if dtype in STRINGS:
        return [np.array(x, dtype=dtype) for x in SENTENCES]
    return [np.array([len(state) for state in x], dtype=dtype) for x in SENTENCES]


@pytest.mark.parametrize("dtype", [*INTEGERS, *STRINGS])
@pytest.mark.parametrize(
    "model",
    [
        StateEncoder(),
        NextStateMarkov(order=1, end_state=True),
        NextStateLSTM(**STATES),
        AttentionLSTMClassifier(**{**SMALL, "front_end": "auto"}),
    ],
    ids=lambda model: type(model).__name__,
)
def test_states(model, dtype, tmp_path):
    X = states(dtype)
    model = clone(model)
    if isinstance(model, AttentionLSTMClassifier) and dtype not in STRINGS:
        model.set_params(front_end=("embedding",))
    model.fit(X, *([CODES] if isinstance(model, AttentionLSTMClassifier) else []))
    copy = copied(model, tmp_path)
    method = "transform" if hasattr(model, "transform") else "predict"
    for found, wanted in zip(
        getattr(copy, method)(X), getattr(model, method)(X), strict=True
    ):
        assert_same(found, wanted)


FRAMES = {
    "strings": lambda x: x,
    "str": lambda x: x.astype("str"),
    "categories": lambda x: x.astype("category"),
    "integers": lambda x: x.map(len).astype("category"),
    "big-endian": lambda x: x.map(len).to_numpy().astype(">i4"),
    "floats": lambda x: x.map(len).astype("float32"),
    "nullable": lambda x: x.map(len).astype("Int64"),
    "booleans": lambda x: x.map(len) > 2,
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize(
    "model",
    [EventEncoder(), NextStateLSTM(**STATES, target="act")],
    ids=lambda model: type(model).__name__,
)
def test_columns_of_events(model, kind, tmp_path):
    X = [
        pd.DataFrame({"act": x, "other": FRAMES[kind](pd.Series(x))}) for x in SENTENCES
    ]
    model = clone(model).fit(X)
    copy = copied(model, tmp_path)
    method = "transform" if hasattr(model, "transform") else "predict_proba"
    for found, wanted in zip(
        getattr(copy, method)(X), getattr(model, method)(X), strict=True
    ):
        assert_same(found, wanted)
