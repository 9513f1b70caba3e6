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
from served_models import NOT_EXPORTED, SEQUENCES, TOKENS, fit_models, make_numbers

from sklearn_seqattn import load_model, save_model
from sklearn_seqattn.export import to_onnx

pytestmark = pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")

ROOT = Path(__file__).resolve().parents[1]


def check_close(found, wanted):
    """Compare numbers of sequences, which may have several steps."""
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.reshape(one, np.shape(other)), other, atol=1e-5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, model in fit_models().items():
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
    assert names.json() == sorted(path.stem for path in folder.iterdir())
    for name in set(names.json()) - {"scaler"}:
        model, X = load_model(folder / f"{name}.seqattn"), SEQUENCES[name]
        answer = ask(app, name, X)
        assert answer.status_code == 200, answer.text
        predicted = [np.asarray(one).tolist() for one in model.predict(X)]
        assert answer.json()["predictions"] == predicted
        assert ("probabilities" in answer.json()) == hasattr(model, "predict_proba")
        if hasattr(model, "predict_proba"):
            assert answer.json()["classes"] == model.classes_.tolist()
            check_close(answer.json()["probabilities"], model.predict_proba(X))


def test_one_pass_is_enough_for_the_most_probable_class(service, folder):
    models = {path.stem: load_model(path) for path in folder.iterdir()}
    once = {k for k, v in models.items() if service.predicts_the_most_probable(v)}
    assert once == {"numbers", "scaled", "tokens", "states", "next"}


def test_what_predicts_nothing_is_refused(app):
    answer = ask(app, "scaler", make_numbers(2)).json()
    assert answer == {"detail": "SequenceScaler has no predict."}


def test_fields_that_are_no_json_are_named(app):
    import httpx

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as one:
            content, kind = '{"sequences": NaN}', {"Content-Type": "application/json"}
            path = "/models/numbers/predict"
            return await one.post(path, content=content, headers=kind)

    (found,) = asyncio.run(send()).json()["detail"]
    assert found["loc"] == ["body", "sequences"]


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
    assert answer.json() == {"sequences": 8, "epochs": 2}
    after = ask(app, "numbers", X).json()["probabilities"]
    assert after != before
    stored = load_model(folder / "numbers.seqattn")
    np.testing.assert_allclose(stored.predict_proba(X), after)


def test_an_update_counts_sequences_once(app, folder):
    path = folder / "states.seqattn"
    wanted = load_model(path).partial_fit([["a", "c", "c"]]).predict_proba(TOKENS)
    sent = ("POST", "/models/states/update", {"sequences": [["a", "c", "c"]]})
    (answer,) = call(app, sent)
    assert answer.json() == {"sequences": 1}
    check_close(ask(app, "states", TOKENS).json()["probabilities"], wanted)
    check_close(load_model(path).predict_proba(TOKENS), wanted)


@pytest.mark.parametrize(
    ("name", "targets", "message"),
    [
        ("numbers", ["new"] * 8, "'new'"),
        ("numbers", None, "requires y"),
        ("amounts", [1e30] * 8, "training loss became inf"),
        ("amounts", [1.0, 1e308] * 4, "target 1e\\+308, too far"),
    ],
)
def test_updates_that_fail_change_nothing(app, folder, name, targets, message):
    X = make_numbers(8)
    before, content = (
        ask(app, name, X).json(),
        (folder / f"{name}.seqattn").read_bytes(),
    )
    bad = ("POST", f"/models/{name}/update", {"sequences": X, "targets": targets})
    (answer,) = call(app, bad)
    assert answer.status_code == 422
    assert re.search(message, answer.json()["detail"])
    assert ask(app, name, X).json() == before
    assert (folder / f"{name}.seqattn").read_bytes() == content


@pytest.fixture
def exported(folder, service, tmp_path):
    for path in folder.glob("*.seqattn"):
        if path.stem not in NOT_EXPORTED:
            to_onnx(load_model(path), tmp_path / f"{path.stem}.onnx")
    return service.create_app(tmp_path, onnx=True)


def test_exported_models_answer_the_same_payloads(app, exported):
    (names,) = call(exported, ("GET", "/models", None))
    assert names.json() == sorted({*SEQUENCES} - {*NOT_EXPORTED})
    for name in set(names.json()) - {"texts"}:
        answers = [ask(one, name, SEQUENCES[name]) for one in (app, exported)]
        assert [one.status_code for one in answers] == [200, 200], answers[1].text
        wanted, found = (one.json() for one in answers)
        assert found.keys() == wanted.keys()
        for key, values in wanted.items():
            if key == "probabilities" or name in ("amounts", "pairs"):
                check_close(found[key], values)
            else:
                assert found[key] == values


@pytest.mark.parametrize(
    ("name", "sequences", "message"),
    [
        ("numbers", [], "no sequences"),
        ("numbers", [[[1.0, None]]], r"X\[0\] has missing"),
        ("numbers", [["a", "b"]], r"X\[0\] is not made of numbers"),
        ("numbers", [[[10**400, 2]]], r"X\[0\] is not made of numbers \(int too large"),
        ("numbers", ["text"], "valid list"),
        ("steps", [[[1.0, 2.0]], [[1.0, None]]], r"X\[1\] has missing"),
        ("tokens", [["a", None]], r"X\[0\] holds None at step 1.*are strings"),
        ("texts", [["a", "b"]], r"inputs \['indicators'\]"),
    ],
)
def test_exported_models_refuse_bad_sequences(exported, name, sequences, message):
    answer = ask(exported, name, sequences)
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
