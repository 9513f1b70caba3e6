"""The contexts of positions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.next_state.contexts import context_rows


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), st.integers(0, 9))
def test_last_contexts_are_the_last_of_all(lengths, order):
    lengths = np.array(lengths)
    ids = np.arange(lengths.sum())
    every = context_rows(ids, lengths, order)
    found = context_rows(ids, lengths, order, last=True)
    np.testing.assert_array_equal(found, every[np.cumsum(lengths) - 1])
