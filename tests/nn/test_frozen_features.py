"""Statistics of features."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.nn.frozen_features import spread


@given(st.integers(1, 30), st.integers(0, 2**31 - 1))
def test_spread_is_the_standard_deviation(n, seed):
    x = np.random.default_rng(seed).normal(1, 3, size=(n, 4)).astype(np.float32)
    expected = x.std(0, dtype=float)
    np.testing.assert_allclose(spread(torch.from_numpy(x)), expected, rtol=1e-4)


def test_a_constant_has_no_spread():
    assert not spread(torch.full((1_000, 3), 0.1)).any()
