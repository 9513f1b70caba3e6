"""Labels of exported models: the classes, of any kind that ONNX has."""

import numpy as np
import pytest
from model_zoo import WALKS
from onnx_sessions import open_session, pad, run

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.export import to_onnx

SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
SMALL |= {"blend": None, "device": "cpu"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def fit(classes):
    y = np.asarray(classes)[np.arange(len(WALKS)) % 2]
    return AttentionLSTMClassifier(**SMALL).fit(WALKS, y)


@pytest.mark.parametrize(
    "classes",
    [
        ["no", "yes"],
        [3, 9],
        [1.0, 2.0],
        [False, True],
        np.array([2**63 - 1, 1], np.uint64),
        np.array([1, 2], np.float16),
        np.array(["é", "\U0001f600"], object),
    ],
    ids=repr,
)
def test_labels_are_the_classes(classes, path):
    estimator = fit(classes)
    found = run(open_session(estimator, path), pad(WALKS))["label"]
    assert found.tolist() == estimator.predict(WALKS).tolist()


@pytest.mark.parametrize(
    ("classes", "kind", "message"),
    [
        (np.array([2**63, 1], np.uint64), ValueError, f"hold {2**63}, .*int64; fit on"),
        (np.array(["a", "\ud800"]), ValueError, r"'\\ud800' is a class.*UTF-8"),
        (np.array(["2024-01-01", "2024-01-02"], "M8[D]"), TypeError, "neither numbers"),
    ],
)
def test_classes_that_onnx_does_not_have_are_refused(classes, kind, message, path):
    with pytest.raises(kind, match=message):
        to_onnx(fit(classes), path)
    assert not path.exists()


@pytest.mark.skipif(
    np.dtype(np.longdouble).itemsize == 8, reason="long doubles are doubles here"
)
def test_long_doubles_as_classes_are_refused(path):
    with pytest.raises(TypeError, match=r"which ONNX does not have.*astype\(float\)"):
        to_onnx(fit(np.array([1, 2], np.longdouble)), path)


def test_states_without_utf8_are_refused(path):
    estimator = NextStateLSTM(**SMALL).fit([["a", "\ud800"]] * 9)
    with pytest.raises(ValueError, match="UTF-8"):
        to_onnx(estimator, path)
