"""Weights of sequences and of steps."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from sklearn_seqattn.attention_lstm.sample_weights import check_weights, read_weights

LENGTHS = np.array([2, 3])
STEPS = [[1.0, 2.0], [0.0, 0.0, 3.0]]


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda w: tuple(map(tuple, w)),
        lambda w: [np.array(row) for row in w],
        pd.Series,
        lambda w: pd.DataFrame({"weight": w}),
        lambda w: pd.concat(map(pd.Series, w), keys=["a", "b"]),
    ],
)
def test_weights_of_steps(make):
    weights, of_steps = read_weights(make(STEPS), LENGTHS)
    assert of_steps.tolist() == [1, 2, 0, 0, 3]
    assert weights.tolist() == [1.5, 1]


def test_weights_of_sequences():
    for given in ([2, 3], np.array([2, 3]), pd.Series([2, 3])):
        weights, of_steps = read_weights(given, LENGTHS)
        assert weights.tolist() == [2, 3]
        assert of_steps.tolist() == [2, 2, 3, 3, 3]
    assert read_weights(None, LENGTHS)[1].tolist() == [1] * 5


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ([[1, 2], [1, 2]], "sequence 1 has 3 steps but 2 weights"),
        ([[1, 2], [1, -2, 0]], "sequence 1 is -2.0 at step 1"),
        ([[1, 2], [1, np.nan, 0]], "sequence 1 is nan at step 1"),
        ([1, -1], "negative"),
        ([0, 0], "zero for every sequence"),
        (np.ones((2, 3)), "must be 1D"),
    ],
)
def test_refusals(weights, match):
    with pytest.raises(ValueError, match=f"(?i){match}"):
        read_weights(weights, LENGTHS)


@pytest.mark.parametrize(
    "make",
    [
        list,
        pl.Series,
        lambda w: pd.Series(w, index=[7, 5]),
        lambda w: torch.tensor(w, requires_grad=True),
        lambda w: np.ma.masked_array(w, mask=False),
    ],
)
def test_weights_in_any_container_are_the_same_weights(make):
    assert check_weights(make([1.0, 2.5]), np.zeros(2)).tolist() == [1.0, 2.5]
    assert check_weights(np.float64(2), np.zeros(2)).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({0: 1.0}, r"pass list\(sample_weight.values\(\)\)"),
        (iter([1.0, 2.0]), r"pass list\(sample_weight\)"),
        (np.ma.masked_equal([1.0, 2.0], 1), "sample_weight is a masked array"),
    ],
)
def test_what_is_no_weight_is_named(weights, message):
    with pytest.raises(TypeError, match=message):
        check_weights(weights, np.zeros(2))


def test_a_missing_weight_is_not_a_weight_of_zero():
    with pytest.raises(ValueError, match="sample_weight contains NaN"):
        check_weights([None, None], np.zeros(2))


@pytest.mark.parametrize("zeros", [[0, 0], [0.0, -0.0], [False, False]])
def test_weights_of_zero_alone_are_an_error(zeros):
    with pytest.raises(ValueError, match="sample_weight is zero for every sequence"):
        check_weights(zeros, np.zeros(2))
