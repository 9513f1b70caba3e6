"""The benchmarks run: what they measure exists, and computes what it should."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SPEC = {"n": 64, "hidden": 4}


def test_all_ways_to_predict_say_the_same(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(FOLDER))
    import latency

    for name, (estimator, X) in latency.make_models().items():
        session = latency.open_session(estimator, tmp_path / "model.onnx")
        calls = latency.make_calls(estimator, session, X[:5])
        ours, exported, bare = (call() for call in calls.values())
        np.testing.assert_allclose(exported[1], ours, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(bare, ours, atol=1e-5, err_msg=name)


@pytest.fixture
def contenders(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import contenders

    yield contenders
    del sys.modules["contenders"]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_contenders_of_training_learn_alike(contenders, bidirectional):
    spec = {**SPEC, "bidirectional": bidirectional}
    fits = [contenders.fit_ours, contenders.fit_loop, contenders.fit_packed]
    losses = [fit(spec)["loss"] for fit in fits]
    assert losses == pytest.approx([losses[1]] * 3, abs=0.1)


def test_padded_and_packed_networks_are_the_same(contenders):
    import torch

    X, y = contenders.make_data(SPEC)
    rows = [(torch.from_numpy(x), int(c)) for x, c in zip(X, y, strict=True)]
    x, lengths, _ = contenders.collate(rows[:5])
    padded = contenders.torch_network(SPEC)(x, lengths)
    packed = contenders.torch_network({**SPEC, "packed": True})(x, lengths)
    torch.testing.assert_close(padded, packed)


@pytest.mark.parametrize("single", [False, True])
def test_contenders_of_prediction_run(contenders, single):
    spec = {"n": 20, "hidden": 4, "single": single}
    for predict in (
        contenders.predict_ours,
        contenders.predict_loop,
        contenders.predict_packed,
        contenders.predict_floor,
    ):
        assert predict(spec)["seconds"] > 0


@pytest.fixture
def loaders(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import loaders

    yield loaders
    del sys.modules["loaders"]


def test_a_folder_of_sets_is_read(loaders, tmp_path):
    (tmp_path / "regression").mkdir()
    np.savez(
        tmp_path / "regression" / "Three.npz",
        values=np.arange(12.0).reshape(6, 2),
        lengths=[1, 2, 3],
        targets=[0.5, 1.5, 2.5],
        n_train=2,
    )
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "Words.train").write_text("NUM:count how many\nHUM who\n")
    (tmp_path / "text" / "Words.test").write_text("HUM:ind which one\n")
    sets = loaders.find_sets(tmp_path)
    assert {name: task for name, (task, _) in sets.items()} == {
        "Three": "regression",
        "Words": "text",
    }
    X_train, y_train, X_test, y_test = sets["Three"][1]()
    assert [x.tolist() for x in X_train] == [[[0, 1]], [[2, 3], [4, 5]]]
    assert y_train.tolist() == [0.5, 1.5]
    assert [len(x) for x in X_test] == [3]
    assert y_test.tolist() == [2.5]
    X_train, y_train, X_test, y_test = sets["Words"][1]()
    assert X_train == [["how", "many"], ["who"]]
    assert y_train.tolist() == ["NUM", "HUM"]
    assert (X_test, y_test.tolist()) == ([["which", "one"]], ["HUM"])


def test_padding_of_nan_is_dropped_and_holes_stay(loaders):
    nan = np.nan
    X = np.array(
        [[[1.0, 2.0], [nan, 3.0], [nan, nan]], [[1.0, nan], [nan, nan], [4.0, 5.0]]]
    )
    assert [len(x) for x in loaders.without_padding(X)] == [2, 3]


def test_an_interrupted_fit_goes_on():
    options = ["--n", "12000", "--features", "84"]
    command = [sys.executable, FOLDER / "interrupt.py", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "interrupted after [5] batches" in done.stdout
    expected = "the same predictions: True, the same weights: True"
    assert expected in done.stdout


def test_small_fits_learn_beside_the_loop(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import small_fits

    spec = {"steps": 20, "n": 16, "length": 12}
    short, long = (small_fits.loop({**spec, "steps": n})["loss"] for n in (1, 60))
    assert long < short
    assert short == pytest.approx(np.log(2), abs=0.1)
    found = small_fits.ours(spec)
    assert found["seconds"] > 0
    assert found["loss"] < np.log(2)


def test_a_shared_fit_is_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import scaling

    spec = {**SPEC, "length": None, "epochs": 2, "max_steps": 4096}
    found = scaling.fit(spec)
    assert found["seconds"] > 0
    assert 0 < found["loss"] < 3


def test_a_store_larger_than_memory_gives_the_same_model(tmp_path):
    options = ["--gigabytes", "0.001", "--steps", "100", "--channels", "4"]
    command = [sys.executable, FOLDER / "larger_than_memory.py", *options]
    command += ["--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "the same model to the bit: True" in done.stdout
    assert not list(tmp_path.iterdir())
