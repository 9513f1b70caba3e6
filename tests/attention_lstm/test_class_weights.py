import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from sklearn_seqattn.attention_lstm.class_weights import weigh_classes

CLASSES = np.array(["a", "b", "c"])


def test_none_weighs_all_classes_alike():
    found = weigh_classes(None, CLASSES, np.array([0, 2]), np.ones(2))
    assert found.tolist() == [1.0, 1.0, 1.0]


def test_a_class_that_a_dict_does_not_name_counts_once():
    codes = np.array([0, 1, 2, 0])
    found = weigh_classes({"a": 10, "c": 0.5}, CLASSES, codes, np.ones(4))
    assert found.tolist() == [10.0, 1.0, 0.5]


def test_balanced_by_hand():
    codes = np.array([0, 0, 0, 1])
    found = weigh_classes("balanced", CLASSES[:2], codes, np.ones(4))
    np.testing.assert_allclose(found, [4 / 6, 2.0])


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=20)
)
@settings(max_examples=50, deadline=None)
def test_balanced_counts_a_weight_of_k_as_k_rows(rows):
    codes = np.array([code for code, _ in rows])
    counts = np.array([count for _, count in rows], dtype=float)
    found = weigh_classes("balanced", CLASSES, codes, counts)
    copies = np.repeat(codes, counts.astype(int))
    of_copies = compute_sample_weight("balanced", copies)
    of_code = dict(zip(copies.tolist(), of_copies.tolist(), strict=True))
    expected = [of_code[code] for code in codes.tolist()]
    np.testing.assert_allclose(found[codes], expected, rtol=1e-12)
    totals = np.bincount(codes, weights=counts * found[codes])
    np.testing.assert_allclose(totals[totals > 0], totals.max())  # all alike


def test_an_unknown_class_is_an_error():
    with pytest.raises(ValueError, match="a weight for 'd', but the classes are"):
        weigh_classes(
            {"a": 1, "b": 1, "c": 1, "d": 2}, CLASSES, np.array([0]), np.ones(1)
        )


def test_no_weight_at_all_is_an_error():
    with pytest.raises(ValueError, match="class_weight is 0 for the class of every"):
        weigh_classes({"b": 0}, CLASSES, np.array([1, 1]), np.ones(2))


@pytest.mark.parametrize("weight", [-1, np.nan, np.inf, "2", None])
def test_a_weight_is_a_finite_number_from_zero(weight):
    with pytest.raises(ValueError, match="class_weight gives the class 'b'"):
        weigh_classes({"b": weight}, CLASSES, np.array([0]), np.ones(1))
