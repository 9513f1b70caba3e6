import numpy as np
import pytest
from sklearn.base import clone

from sklearn_seqattn import WindowModel


def test_sizes():
    assert WindowModel()._size_of("tokens") < WindowModel()._size_of("numeric")
    assert WindowModel(np.int64(3))._size_of("events") == 3
    assert clone(WindowModel(size=0)).size == 0


@pytest.mark.parametrize("size", [-1, 1.5, "large", None])
def test_refused_sizes(size):
    with pytest.raises(ValueError, match="'size' parameter of WindowModel"):
        WindowModel(size)._validate_params()
