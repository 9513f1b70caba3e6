"""The benchmarks run: what they measure exists, and computes what it should."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SPEC = {"n": 64, "hidden": 4}


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
