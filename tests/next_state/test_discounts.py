"""Discounts from counts of counts."""

import numpy as np
import pytest

from sklearn_seqattn.next_state.discounts import discounts

SINGLE = 20 / 40  # n1 / (n1 + 2 n2) for n1 = 20 and n2 = 10
SEVERAL = [1 - 2 * SINGLE / 2, 2 - 3 * SINGLE * 0.6, 3 - 4 * SINGLE * 4 / 6]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((20, 10, 6, 4), SEVERAL),
        ((20, 10, 6, 0), [SINGLE] * 3),
        ((20, 10, 100, 4), [SINGLE] * 3),  # 2 - 3 D n3 / n2 is negative
        ((0, 10, 6, 4), [0.5] * 3),
    ],
)
def test_discounts_from_counts_of_counts(times, expected):
    counts = np.repeat([1.0, 2.0, 3.0, 4.0], times)
    wanted = np.repeat([*expected, expected[2]], times)
    np.testing.assert_allclose(discounts(counts), wanted)


def test_a_fixed_discount_is_at_most_the_count():
    assert discounts(np.array([0.1, 1.0, 7.0]), 0.3).tolist() == [0.1, 0.3, 0.3]
