"""The settings of torch in a process do not change a fit, and a fit not them."""

import io
import pickle
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
import torch
from small_trainings import SMALL, X

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    RandomKernelFeatures,
    RandomKernels,
    load_model,
    save_model,
)

STATES = [["a", "b", "c"], ["b", "c", "a", "b"], ["c", "a"]] * 5
Y = np.arange(14) % 2
FAST = {k: v for k, v in SMALL.items() if k not in ("blend", "front_end", "head_units")}
FAST["max_epochs"] = 1
#: Estimators with the data of a fit.
CASES = {
    "classifier": (
        AttentionLSTMClassifier(
            **FAST,
            blend=RandomKernels(n_features=84),
            early_stopping=True,
            validation_fraction=0.4,
            pooling=("attention", "max"),
        ),
        X,
        Y,
    ),
    "tokens": (AttentionLSTMClassifier(**FAST, encoder="transformer"), STATES[:14], Y),
    "regressor": (AttentionLSTMRegressor(**FAST, attention="additive"), X, Y * 1.5),
    "states": (
        NextStateLSTM(
            **{k: v for k, v in FAST.items() if k != "num_heads"}, num_heads=2
        ),
        STATES,
        None,
    ),
    "kernels": (RandomKernelFeatures(n_features=84, random_state=0), X, None),
}


@contextmanager
def process_wide(set_state, value, before):
    """Set a state of the process in the block."""
    set_state(value)
    try:
        yield
    finally:
        set_state(before)


def default_dtype(dtype):
    return process_wide(torch.set_default_dtype, dtype, torch.float32)


#: States of a process, as contexts.
PROCESS_STATES = {
    "float64": lambda: default_dtype(torch.float64),
    "float16": lambda: default_dtype(torch.float16),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "default meta": lambda: process_wide(torch.set_default_device, "meta", None),
    "default cpu": lambda: process_wide(torch.set_default_device, "cpu", None),
    "in meta": lambda: torch.device("meta"),
    "inference mode": torch.inference_mode,
    "no grad": torch.no_grad,
    "grad off": lambda: process_wide(torch.set_grad_enabled, False, True),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "deterministic": lambda: process_wide(
        torch.use_deterministic_algorithms, True, False
    ),
    "threads": lambda: process_wide(torch.set_num_threads, 2, torch.get_num_threads()),
}


def settings():
    """Return all settings that a fit might change."""
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "inference": torch.is_inference_mode_enabled(),
        "grad": torch.is_grad_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "generator": torch.random.get_rng_state().tolist(),
    }


def outputs(model, data):
    """Return all that a fitted model predicts."""
    methods = ["predict_proba", "predict", "transform", "attention_weights"]
    found = [getattr(model, m)(data) for m in methods if hasattr(model, m)]
    if hasattr(model, "rollout"):
        found.append(model.rollout(data, 3))
    if hasattr(model, "iter_attention_weights"):
        found += [weights for _, _, weights in model.iter_attention_weights(data, 2)]
    return found


def check_same(found, expected, state):
    """Compare outputs to the last bit; threads add in another order."""
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, list):
            check_same(one, other, state)
        elif state != "threads":
            np.testing.assert_array_equal(one, other)
        elif np.asarray(one).dtype.kind == "f":
            np.testing.assert_allclose(one, other, atol=0.01)


@contextmanager
def in_state(name):
    """Enter a state, and check at the end that it is left as it was."""
    with ExitStack() as stack:
        stack.enter_context(PROCESS_STATES[name]())
        before = settings()
        yield
        assert settings() == before


@pytest.fixture(scope="module", params=CASES)
def case(request):
    estimator, data, y = CASES[request.param]
    fitted = pickle.loads(pickle.dumps(estimator)).fit(data, y)
    return pickle.dumps(estimator), data, y, fitted, outputs(fitted, data)


pytestmark = pytest.mark.parametrize("state", PROCESS_STATES)


def test_fit(case, state):
    estimator, data, y, _, expected = case
    with in_state(state):
        model = pickle.loads(estimator).fit(data, y)
    check_same(outputs(model, data), expected, state)
    if hasattr(model, "net_"):
        weights = model.net_.module_.state_dict().values()
        assert not any(w.is_inference() for w in weights)


def test_predict(case, state):
    _, data, _, fitted, expected = case
    with in_state(state):
        found = outputs(fitted, data)
    check_same(found, expected, state)


def test_partial_fit(case, state):
    _, data, y, fitted, _ = case
    if not hasattr(fitted, "partial_fit"):
        pytest.skip("has no partial_fit")
    expected = pickle.loads(pickle.dumps(fitted)).partial_fit(data, y)
    with in_state(state):
        model = pickle.loads(pickle.dumps(fitted)).partial_fit(data, y)
    check_same(outputs(model, data), outputs(expected, data), state)


@pytest.mark.parametrize("way", ["load_model", "pickle"])
def test_a_loaded_model_predicts_and_trains_on(case, state, way, tmp_path):
    _, data, y, fitted, expected = case
    with in_state(state):
        if way == "pickle":
            model = pickle.load(io.BytesIO(pickle.dumps(fitted)))
        else:
            save_model(fitted, tmp_path / "model")
            model = load_model(tmp_path / "model")
    check_same(outputs(model, data), expected, state)
    if hasattr(model, "partial_fit"):  # also where it was loaded in inference mode
        model.partial_fit(data, y)
