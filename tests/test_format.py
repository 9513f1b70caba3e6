"""Model files of each format so far: all later versions of the library load them.

``python tests/test_format.py`` writes the files of a new format, once.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from sklearn_seqattn import load_model, save_model
from sklearn_seqattn.storage.files import FORMAT

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = [
    "events",
    "kernel classes",
    "kernels",
    "markov",
    "next event",
    "pipeline",
    "regressor",
    "tokens",
    "window tags",
    "word tags",
]


def outputs_of(model, name):
    """Give what a model says about its first five training sequences, as a list."""
    from model_zoo import MODELS

    _, X, _, method = MODELS[name]
    return [np.asarray(x).tolist() for x in getattr(model, method)(X[:5])]


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*.seqattn")), ids=lambda p: p.stem
)
def test_files_of_every_format_load(path):
    number, _, name = path.stem.partition("_")
    expected = json.loads((FIXTURES / f"{number}.json").read_text())[name]
    found = outputs_of(load_model(path), name.replace("_", " "))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_present_format_has_its_files():
    found = {path.stem for path in FIXTURES.glob("*.seqattn")}
    assert {f"{FORMAT}_{name.replace(' ', '_')}" for name in NAMES} <= found


if __name__ == "__main__":
    from model_zoo import fitted

    FIXTURES.mkdir(exist_ok=True)
    expected = {}
    for name in NAMES:
        key = name.replace(" ", "_")
        save_model(fitted(name), FIXTURES / f"{FORMAT}_{key}.seqattn")
        expected[key] = outputs_of(fitted(name), name)
    (FIXTURES / f"{FORMAT}.json").write_text(json.dumps(expected) + "\n")
