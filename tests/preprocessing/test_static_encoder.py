"""The vectors of static columns, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.preprocessing.static_encoder import StaticEncoder
from sklearn_seqattn.sequences.static_columns import read_static

FRAME = pd.DataFrame({"sex": ["f", "m", "f"], "age": [30, 50, 40], "ill": [1, 1, 1]})


def encode(frame, *, standardize=True, weights=None):
    static = read_static(frame, "X")
    weights = np.ones(len(frame)) if weights is None else weights
    return StaticEncoder(standardize=standardize).fit(static, weights)


def test_numbers_come_first_and_categories_are_one_hot():
    encoder = encode(FRAME, standardize=False)
    found = encoder.transform(read_static(FRAME, "X"))
    assert found.dtype == np.float32
    assert found.tolist() == [[30, 1, 1, 0], [50, 1, 0, 1], [40, 1, 1, 0]]
    assert encoder.output_size == 4


def test_numbers_are_standardized_and_constant_ones_are_zero():
    found = encode(FRAME).transform(read_static(FRAME, "X"))
    np.testing.assert_allclose(found[:, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(found[:, 0].std(), 1, rtol=1e-6)
    assert (found[:, 1] == 0).all()


def test_a_category_that_fit_did_not_see_is_zero():
    encoder = encode(FRAME)
    found = encoder.transform(read_static(FRAME.assign(sex=["f", "x", "m"]), "X"))
    assert found[:, 2:].tolist() == [[1, 0], [0, 0], [0, 1]]


@given(st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_a_weight_counts_as_copies(weights):
    rows = np.repeat(np.arange(3), weights)
    copies = FRAME.iloc[rows].reset_index(drop=True)
    found = encode(FRAME, weights=np.array(weights, float))
    expected = encode(copies)
    np.testing.assert_allclose(found.center_, expected.center_)
    np.testing.assert_allclose(found.scale_, expected.scale_)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("age", ["a", "b", "c"], "'age' holds categories .* held numbers in fit"),
        ("sex", [1.0, 2.0, 3.0], r"'sex' holds numbers, but it held categories \(str"),
        ("sex", pd.Categorical([1, 2, 1]), r"categories \(not strings\), but"),
        ("age", [1e300, 0, 0], "the static column 'age' .* beyond float32"),
    ],
)
def test_what_does_not_fit(column, values, message):
    encoder = encode(FRAME)
    with pytest.raises(ValueError, match=message):
        encoder.transform(read_static(FRAME.assign(**{column: values}), "X"))


def test_a_scale_beyond_float_is_refused_in_fit():
    frame = FRAME.assign(age=[1.5e308, -1.5e308, 0])
    with pytest.raises(ValueError, match="the static column 'age'"):
        encode(frame)
