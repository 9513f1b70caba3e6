"""The scale of outputs that has the least loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.ngrams.row_losses import best_scale


@given(st.floats(0.06, 19))
def test_it_is_found(scale):
    outputs = np.array([[1.0], [-2.0], [0.5]])
    found = best_scale("identity", outputs, scale * outputs)
    assert found == pytest.approx(scale, rel=1e-3)


def test_it_is_1_where_no_other_is_better():
    assert best_scale("identity", np.zeros((2, 1)), np.ones((2, 1))) == 1.0
