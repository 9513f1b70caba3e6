"""What examples/serve_onnx.py makes of sequences, and what it refuses."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from model_zoo import STATIC_WALKS, UP_OR_DOWN, WALKS

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMTagger,
    NextStateLSTM,
)
from sklearn_seqattn.export import to_onnx

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "serve_onnx.py"
OPTIONS = {"hidden_size": 4, "max_epochs": 1, "random_state": 0, "blend": None}
TOKENS = [["a", "b"], ["b", "c", "a"]] * 9
INTEGERS = [[3, 1, 7], [7, 3]] * 9
MODELS = {
    "numbers": (AttentionLSTMClassifier, WALKS, UP_OR_DOWN),
    "static": (AttentionLSTMClassifier, STATIC_WALKS, UP_OR_DOWN),
    "tokens": (AttentionLSTMClassifier, TOKENS, [0, 1] * 9),
    "tagger": (AttentionLSTMTagger, TOKENS, TOKENS),
    "states": (NextStateLSTM, TOKENS, None),
    "integers": (NextStateLSTM, INTEGERS, None),
}


def fitted(name, **options):
    kind, X, y = MODELS[name]
    return kind(**OPTIONS, **options).fit(X, y)


def serve(model, path, X):
    to_onnx(model, path)
    example = runpy.run_path(str(EXAMPLE))
    return example["predict"](*example["open_model"](path), X)


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
@pytest.mark.parametrize(
    ("name", "X"),
    [
        ("tokens", [["a"], [], ["c", "new"]]),
        ("tagger", [["a"], [], ["c", "b"]]),
        ("states", [["a"], [], ["c", "new"]]),
        ("states", [[], []]),
        ("integers", [[7, 3.0, 9], []]),
    ],
)
def test_empty_sequences_are_those_of_the_estimator(name, X, tmp_path):
    model = fitted(name)
    found = serve(model, tmp_path / "model.onnx", X)
    every = ("probabilities", model.predict_proba(X))
    pairs = [every]
    if name in ("states", "integers"):
        pairs.append(("position_probabilities", model.predict_positions(X)))
    for key, wanted in pairs:
        for one, other in zip(found[key], wanted, strict=True):
            assert np.shape(one) == np.shape(other)
            np.testing.assert_allclose(one, other, atol=1e-5)
    labels = [np.asarray(one).tolist() for one in model.predict(X)]
    assert [np.asarray(one).tolist() for one in found["label"]] == labels


@pytest.mark.parametrize(
    ("name", "X", "message"),
    [
        ("numbers", [[1.0], []], r"X\[0\] has the shape \(1, 1\), not \(T, 2\)"),
        ("numbers", [[[1.0, 2.0], [1.0]]], r"X\[0\] is not .*inhomogeneous"),
        ("numbers", [[[1.0, 2.0]], "ab"], r"X\[1\] is not made of numbers"),
        ("numbers", [[["1", "2"]]], r"X\[0\] is not .*it holds strings"),
        ("numbers", [[[10**400, 2]]], r"X\[0\] is not .*int too large"),
        ("static", [[[1.0, 2.0]]], r"inputs \['static'\].* call session.run"),
        ("tokens", [["a", None]], r"X\[0\] holds None at step 1.*are strings"),
        ("tokens", [["a"], [1]], r"X\[1\] holds 1 at step 0.*are strings"),
        ("integers", ["3"], "holds '3' at step 0.*are integers"),
        ("integers", [[3, None]], "holds None at step 1.*are integers"),
        ("integers", [[3, 1.5]], "holds 1.5 at step 1.*are integers"),
        ("integers", [[float("nan")]], "holds nan at step 0.*are integers"),
        ("integers", [[10**400]], "holds 1000.* at step 0.*are integers"),
    ],
)
def test_other_sequences_are_refused(name, X, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        serve(fitted(name), tmp_path / "model.onnx", X)


def test_no_states_are_refused_without_a_start(tmp_path):
    model = fitted("states", start_state=False)
    with pytest.raises(ValueError, match=r"X\[1\] is empty"):
        serve(model, tmp_path / "model.onnx", [["a"], []])
    assert len(serve(model, tmp_path / "model.onnx", [["a"]])["label"]) == 1
