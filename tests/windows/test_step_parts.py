import numpy as np
import pytest

from sklearn_seqattn.sequences import array_list
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.windows.features import NumberWindows
from sklearn_seqattn.windows.model import LinearWindows
from sklearn_seqattn.windows.step_parts import NumberSteps, transform_steps

RNG = np.random.default_rng(0)
LENGTHS = np.array([3, 1, 7, 2, 5])
VALUES = RNG.normal(size=(18, 2))
FEATURES = NumberWindows(2)


@pytest.fixture(params=[1, 8, 2**18])
def steps(request, monkeypatch):
    """Return the steps in parts of several sizes; they belong to two data sets."""
    monkeypatch.setattr(array_list, "_VALUES_AT_ONCE", request.param)
    first, second = (
        SequenceDataset(VALUES[rows], LENGTHS[part])
        for rows, part in ((slice(4), slice(2)), (slice(4, None), slice(2, None)))
    )
    return NumberSteps(first).join(NumberSteps(second))


@pytest.mark.parametrize(
    "rows", [np.arange(18), np.array([0, 5, 6, 17]), np.array([9])]
)
def test_windows_of_parts_are_those_of_the_whole(steps, rows):
    found = transform_steps(FEATURES, steps, LENGTHS, rows)
    expected = FEATURES.transform(VALUES, LENGTHS, rows)
    assert found.tobytes() == expected.tobytes()


def test_outputs_of_parts_are_those_of_the_whole(steps):
    coef = RNG.normal(
        size=(3, FEATURES.transform(VALUES, LENGTHS, np.arange(1)).size + 1)
    )
    model = LinearWindows(FEATURES, coef, np.zeros(3))
    static = RNG.normal(size=(5, 1))
    found = model.outputs(steps, LENGTHS, static)
    np.testing.assert_allclose(found, model.outputs(VALUES, LENGTHS, static))
