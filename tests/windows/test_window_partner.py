import numpy as np
import pytest
from sklearn.base import clone

from sklearn_seqattn import WindowModel


def test_sizes():
    words, numbers = (
        WindowModel()._window_of(kind, looks_ahead=True)
        for kind in ("tokens", "numeric")
    )
    assert len(words.shifts) < len(numbers.shifts)
    events = WindowModel(np.int64(3))._window_of("events", looks_ahead=False)
    assert list(events.shifts) == [-3, -2, -1, 0]
    assert clone(WindowModel(size=0)).size == 0


@pytest.mark.parametrize("size", [-1, 1.5, "large", None])
def test_refused_sizes(size):
    with pytest.raises(ValueError, match="'size' parameter of WindowModel"):
        WindowModel(size)._validate_params()
