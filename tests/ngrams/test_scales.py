"""The scale of outputs that has the least loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.ngrams.scales import best_scale


@given(st.floats(0.06, 19))
def test_it_is_found(scale):
    outputs = np.array([[1.0], [-2.0], [0.5]])
    found = best_scale(outputs, lambda scaled: ((scaled - scale * outputs) ** 2).sum())
    assert found == pytest.approx(scale, rel=1e-3)


def test_it_is_1_where_no_other_is_better():
    assert best_scale(np.ones((2, 1)), lambda scaled: 0.0) == 1.0
