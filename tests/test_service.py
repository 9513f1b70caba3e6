"""The service of examples/service.py, without a network."""

import asyncio
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateMarkov,
    load_model,
    save_model,
)
from sklearn_seqattn.export import to_onnx

ROOT = Path(__file__).resolve().parents[1]
TEXT_OPTIONS = {"hidden_size": 4, "max_epochs": 1, "random_state": 0}
OPTIONS = {**TEXT_OPTIONS, "blend": None}


def make_numbers(n):
    rng = np.random.default_rng(0)
    return [rng.normal(i % 2, 1, size=(2 + i % 7, 2)).tolist() for i in range(n)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    X = make_numbers(24)
    tokens = [["a", "b"] * (1 + i % 3) + ["c"] * (i % 2) for i in range(24)]
    y = ["low", "high"] * 12
    models = {
        "numbers": AttentionLSTMClassifier(**OPTIONS).fit(X, y),
        "tokens": AttentionLSTMClassifier(**TEXT_OPTIONS).fit(tokens, y),
        "amounts": AttentionLSTMRegressor(**OPTIONS).fit(X, np.arange(24.0)),
        "states": NextStateMarkov(order=1).fit(tokens),
    }
    for name, model in models.items():
        save_model(model, folder / f"{name}.seqattn")
    return folder


@pytest.fixture
def service(monkeypatch):
    n_threads = torch.get_num_threads()
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import service

    yield service
    torch.set_num_threads(n_threads)
    del sys.modules["service"]


@pytest.fixture
def app(folder, service):
    return service.create_app(folder)


def call(app, *requests):
    """Send requests (method, path, JSON) at once and return their answers."""
    import httpx

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as one:
            sent = [one.request(how, path, json=sent) for how, path, sent in requests]
            return await asyncio.gather(*sent)

    return asyncio.run(send())


def ask(app, name, sequences):
    """Ask one model."""
    (answer,) = call(app, ("POST", f"/models/{name}/predict", {"sequences": sequences}))
    return answer


def test_all_models_answer_as_their_files(app, folder):
    (names,) = call(app, ("GET", "/models", None))
    assert names.json() == ["amounts", "numbers", "states", "tokens"]
    sequences = {
        "numbers": make_numbers(5),
        "amounts": make_numbers(5),
        "tokens": [["a"], ["c", "b", "a"]],
        "states": [["a"], ["c", "b", "a"]],
    }
    for name, X in sequences.items():
        model, answer = load_model(folder / f"{name}.seqattn"), ask(app, name, X)
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"] == model.predict(X).tolist()
        if name != "amounts":
            expected = model.predict_proba(X)
            np.testing.assert_allclose(answer.json()["probabilities"], expected)


def test_requests_at_once_are_not_mixed_up(app, folder):
    X = make_numbers(24)
    expected = load_model(folder / "numbers.seqattn").predict_proba(X)
    paths = [("POST", "/models/numbers/predict", {"sequences": [x]}) for x in X]
    found = [answer.json()["probabilities"][0] for answer in call(app, *paths)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "X has 0 sample"),
        ([[]], "0 steps"),
        ([[[1.0, 2.0], [1.0]]], r"X\[0\]"),
        ([[[1.0]]], "1 channel"),
        ([[[1.0, None]]], r"X\[0\]"),
        ([["a", "b"]], "tokens"),
        (["text"], "valid list"),
        (None, "valid list"),
    ],
)
def test_bad_sequences_are_refused(app, sequences, message):
    answer = ask(app, "numbers", sequences)
    assert answer.status_code == 422
    assert re.search(message, str(answer.json()["detail"]))


def test_unknown_models_are_not_found(app):
    assert ask(app, "other", [[1.0]]).status_code == 404


def test_an_update_trains_the_model_and_its_file(app, folder):
    X = make_numbers(8)
    before = ask(app, "numbers", X).json()["probabilities"]
    examples = {"sequences": X, "targets": ["low", "high"] * 4}
    (answer,) = call(app, ("POST", "/models/numbers/update", examples))
    assert answer.json() == {"epochs": 2}
    after = ask(app, "numbers", X).json()["probabilities"]
    assert after != before
    stored = load_model(folder / "numbers.seqattn")
    np.testing.assert_allclose(stored.predict_proba(X), after)


def test_updates_that_fail_change_nothing(app):
    X = make_numbers(8)
    before = ask(app, "numbers", X).json()
    bad = ("POST", "/models/numbers/update", {"sequences": X, "targets": ["new"] * 8})
    (answer,) = call(app, bad)
    assert answer.status_code == 422
    assert "new" in answer.json()["detail"]
    assert ask(app, "numbers", X).json() == before


@pytest.fixture
def exported(folder, service, tmp_path):
    for path in folder.glob("*.seqattn"):
        if path.stem != "states":  # counts, which have no network
            to_onnx(load_model(path), tmp_path / f"{path.stem}.onnx")
    return service.create_app(tmp_path, onnx=True)


def test_exported_models_answer_the_same_payloads(app, exported):
    (names,) = call(exported, ("GET", "/models", None))
    assert names.json() == ["amounts", "numbers", "tokens"]
    texts = [["a"], ["c", "b", "new"], []]
    sequences = {"numbers": make_numbers(70), "amounts": make_numbers(5)}
    for name, X in {**sequences, "tokens": texts}.items():
        wanted, found = (ask(one, name, X).json() for one in (app, exported))
        assert found.keys() == wanted.keys()
        for key, values in wanted.items():
            if key == "probabilities" or name == "amounts":
                np.testing.assert_allclose(found[key], values, atol=1e-5)
            else:
                assert found[key] == values


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "no sequences"),
        ([[1.0], []], r"X\[0\] has the shape \(1, 1\), not \(T, 2\)"),
        ([[[1.0, 2.0], [1.0]]], "inhomogeneous"),
        ([[[1.0, None]]], r"X\[0\] has missing"),
        ([["a", "b"]], "could not convert"),
        (["text"], "valid list"),
    ],
)
def test_exported_models_refuse_bad_sequences(exported, sequences, message):
    answer = ask(exported, "numbers", sequences)
    assert answer.status_code == 422
    assert re.search(message, str(answer.json()["detail"]))


def test_exported_models_have_no_updates(exported):
    examples = {"sequences": make_numbers(2), "targets": ["low", "high"]}
    (answer,) = call(exported, ("POST", "/models/numbers/update", examples))
    assert answer.status_code == 409


def test_exported_models_need_no_torch():
    code = "import sys, service; assert 'torch' not in sys.modules"
    folder = ROOT / "examples"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_the_load_test_notices_answers_that_are_mixed_up(app, folder):
    import httpx

    ask = runpy.run_path(str(ROOT / "benchmarks" / "service.py"))["ask"]
    X = make_numbers(8)
    expected = load_model(folder / "numbers.seqattn").predict_proba(X)

    async def load(known):
        transport, seconds = httpx.ASGITransport(app), []
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as one:
            until = time.monotonic() + 0.2
            await ask(one, {"numbers": (X, known)}, until, 0, seconds)
        return seconds

    assert asyncio.run(load(expected))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        asyncio.run(load(expected[::-1]))
