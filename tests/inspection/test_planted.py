"""The methods that can be believed find evidence that was planted."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"

#: The methods that find the evidence, by the kind of sequences.
BELIEVED = {
    "numbers": ["integrated gradients", "occlusion, windows of 3"],
    "tokens": ["integrated gradients", "occlusion"],
}


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import planted

    yield planted
    del sys.modules["planted"]


@pytest.mark.parametrize("kind", BELIEVED)
def test_planted_steps_rank_first(planted, kind):
    found = planted.run(kind, seed=0, n=80, epochs=20)
    assert found["accuracy"] > 0.8
    for method in BELIEVED[kind]:
        assert found[method] > 0.75
        assert found[method] > 5 * found["chance"]
        assert found[method] > max(found["attention"], found["attention pooling"])


def test_events_know_their_columns(planted):
    found = planted.run("events", seed=0, n=80, epochs=20)
    assert found["integrated gradients"] > 3 * found["chance"]
