"""The y of a tagger: containers, dtypes, missing labels, refusals."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.attention_lstm.sample_weights import read_weights
from sklearn_seqattn.attention_lstm.step_labels import check_step_labels, split_steps

LENGTHS = np.array([2, 1, 3])
WORDS = [["a", "b"], ["b"], ["a", "a", "b"]]
CODES = [[1, 0], [0], [1, 1, 0]]


def objects(y):
    array = np.empty(len(y), dtype=object)
    array[:] = [np.array(row) for row in y]
    return array


def padded(y):
    return [[*row, None, None][:3] for row in y]


CONTAINERS = {
    "lists": list,
    "tuples": lambda y: tuple(map(tuple, y)),
    "arrays": lambda y: [np.array(row) for row in y],
    "object array": objects,
    "Series of arrays": lambda y: pd.Series(list(objects(y))),
    "list of Series": lambda y: [pd.Series(row) for row in y],
    "column": lambda y: pd.DataFrame({"y": y}),
    "polars Series": lambda y: pl.Series(y),
    "polars column": lambda y: pl.DataFrame({"y": y}),
    "pyarrow": lambda y: pa.array(y),
    "table": lambda y: pd.DataFrame(padded(y)),
    "polars table": lambda y: pl.DataFrame(padded(y), orient="row"),
    "long Series": lambda y: pd.concat(map(pd.Series, y), keys=range(len(y))),
    "one column a sequence": lambda y: [np.array(row)[:, None] for row in y],
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("y", [WORDS, CODES])
def test_containers(name, y):
    found = check_step_labels(CONTAINERS[name](y), LENGTHS)
    assert found.values.tolist() == np.concatenate(y).tolist()
    assert found.known.all()


def test_tensors():
    found = check_step_labels([torch.tensor(row) for row in CODES], LENGTHS)
    assert found.values.tolist() == np.concatenate(CODES).tolist()


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (WORDS, "U"),
        (CODES, "i"),
        ([np.array(row, float) for row in CODES], "i"),
        ([np.array(row, bool) for row in CODES], "b"),
        ([np.array(row, np.uint8) for row in CODES], "u"),
        ([[True, False], [True], [None, False, True]], "b"),
        ([[1, None], [0], [2.0, 3, np.nan]], "i"),
    ],
)
def test_kinds_of_labels(y, kind):
    assert check_step_labels(y, LENGTHS).values.dtype.kind == kind


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, -1])
def test_missing_labels(missing):
    y = [[1, missing], [missing], [2, 1, missing]]
    found = check_step_labels(y, LENGTHS)
    assert found.known.tolist() == [True, False, False, True, True, False]
    assert found.values[found.known].tolist() == [1, 2, 1]


def test_minus_one_is_a_label_among_strings():
    y = [["-1", "b"], [None], ["b", "b", "b"]]
    assert (
        check_step_labels(y, LENGTHS).known.tolist() == [True, True, False] + [True] * 3
    )


@pytest.mark.parametrize("tail", [[None], [np.nan, np.nan], [-1]])
def test_missing_labels_after_the_end_are_padding(tail):
    y = [[1, 2, *tail], [1], [2, 2, 2]]
    assert check_step_labels(y, LENGTHS).values.tolist() == [1, 2, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("y", "error", "match"),
    [
        ([["a", "b"], ["b"]], ValueError, "X has 3 sequences, but y has labels for 2"),
        (
            [["a", "b"], ["b"], ["a", "b"]],
            ValueError,
            "sequence 2 has 3 steps but 2 labels",
        ),
        (
            [["a", "b", "c"], ["b"], ["a", "b", "c"]],
            ValueError,
            "sequence 0 has 2 steps but 3 labels",
        ),
        (["a b", "b", "a b c"], TypeError, r"such as y\[0\].split"),
        ([1, 2, 3], TypeError, r"y\[0\] is 1; expected one array"),
        ("abc", TypeError, "y is .*; expected one array of labels"),
        ({"a": 1}, TypeError, "y is of type dict"),
        (np.zeros((3, 2, 2)), ValueError, "y has shape"),
        ([np.zeros((2, 2)), [1], [1, 2, 3]], ValueError, r"y\[0\] has shape"),
        (pd.DataFrame({"a": WORDS, "b": WORDS}), ValueError, "a table of 2 columns"),
        ([[1.5, 2], [1], [1, 2, 3]], ValueError, "is 1.5 at step 0"),
        ([[1, np.inf], [1], [1, 2, 3]], ValueError, "is inf at step 1"),
        ([["a", "b"], [1], ["a"] * 3], TypeError, "sequence 1 is 1 of type int"),
        ([[b"a", b"b"], [b"a"], [b"a"] * 3], TypeError, "sequence 0 is b'a'"),
        ([[None, None], [None], [None] * 3], ValueError, "No step of y has a label"),
        ([[-1, -1], [-1], [-1] * 3], ValueError, "No step of y has a label"),
        (
            [np.array(row, "M8[D]") for row in ([1, 2], [3], [4, 5, 6])],
            TypeError,
            "labels are all strings",
        ),
    ],
)
def test_refusals(y, error, match):
    with pytest.raises(error, match=match):
        check_step_labels(y, LENGTHS)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_split_steps(lengths):
    flat = np.arange(sum(lengths))
    parts = split_steps(flat, np.array(lengths))
    assert [len(part) for part in parts] == lengths
    np.testing.assert_array_equal(np.concatenate(parts), flat)


def test_weights_are_called_weights():
    for weights, message in (
        ([[1.0, 2.0], None, [1.0] * 3], r"sample_weight\[1\] is None; .*one weight"),
        ("a", "sample_weight is of type str; pass one number"),
    ):
        with pytest.raises(TypeError, match=message):
            read_weights(weights, LENGTHS)
