"""Classes, labels and numbers: what is accepted, and the way back."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.target_checks import check_labels, check_numbers
from sklearn_seqattn.attention_lstm.targets import (
    ClassTargets,
    LabelTargets,
    NumberTargets,
    learn_labels,
)

LENGTHS = np.array([3, 2, 4, 1])
CLASSES = [1, 0, 0, 1]
AS_CLASSES = {
    "list": list,
    "tuple": tuple,
    "int8": lambda y: np.array(y, "int8"),
    "big-endian": lambda y: np.array(y, ">i4"),
    "float": lambda y: np.array(y, float),
    "bool": lambda y: np.array(y, bool),
    "object": lambda y: np.array(y, object),
    "column": lambda y: np.array(y)[:, None].ravel(),
    "Series": pd.Series,
    "Int64": lambda y: pd.Series(y, dtype="Int64"),
    "category": lambda y: pd.Series(y, dtype="category"),
    "polars": pl.Series,
    "pyarrow": pa.array,
    "torch": torch.tensor,
    "torch with gradients": lambda y: torch.tensor(y, dtype=float, requires_grad=True),
    "bfloat16": lambda y: torch.tensor(y).bfloat16(),
    "0-D tensors": lambda y: list(torch.tensor(y)),
    "sparse column": lambda y: pd.Series(y, dtype=pd.SparseDtype(int, 0)).to_frame(),
}


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("kind", AS_CLASSES)
def test_classes_in_any_container_are_the_same_classes(kind):
    y = check_labels(AS_CLASSES[kind](CLASSES), LENGTHS)
    targets = learn_labels(y, None)
    assert isinstance(targets, ClassTargets)
    assert targets.encode(y).tolist() == CLASSES
    assert targets.classes_.astype(int).tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("kind", AS_CLASSES)
def test_numbers_in_any_container_are_the_same_numbers(kind):
    y = check_numbers(AS_CLASSES[kind](CLASSES), LENGTHS)
    assert y.dtype == np.float64
    assert y.ravel().tolist() == CLASSES


@pytest.mark.parametrize("check", [check_labels, check_numbers])
@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (iter(CLASSES), TypeError, r"y is of type .*pass list\(y\)"),
        (dict(enumerate(CLASSES)), TypeError, r"pass list\(y.values\(\)\)"),
        ({1, 2, 3, 4}, TypeError, "a set has no order"),
        (1, TypeError, "y is of type int; expected an array or a list"),
        ("abcd", TypeError, "y is of type str; expected an array or a list"),
        (np.zeros((4, 1, 1)), ValueError, r"y has shape \(4, 1, 1\)"),
        (np.ma.masked_equal(CLASSES, 1), TypeError, "y is a masked array"),
        (pd.Series([1, pd.NA, 0, 1], dtype="Int64"), ValueError, r"y\[1\]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_y_is_named(check, y, error, message):
    with pytest.raises(error, match=message):
        check(y, LENGTHS)


@pytest.mark.parametrize("kind", ["list", "array", "frame", "csr", "csc", "coo_array"])
def test_labels_in_any_container_are_the_same_labels(kind):
    labels = np.array([[1, 0], [0, 0], [1, 1], [0, 1]])
    make = {
        "list": np.ndarray.tolist,
        "array": np.asarray,
        "frame": pd.DataFrame,
        "csr": sparse.csr_matrix,
        "csc": sparse.csc_array,
        "coo_array": sparse.coo_array,
    }
    given = make[kind](labels)
    if kind == "list":
        given = np.array(given)
    y = check_labels(given, LENGTHS)
    assert isinstance(learn_labels(y, None), LabelTargets)
    assert y.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0, 1, 1], ValueError, "X has 4 sequences, but y has 3 labels"),
        ([[0] * n for n in LENGTHS], ValueError, "y has one entry for each step"),
        ([np.zeros(n) for n in LENGTHS], ValueError, "y has one entry for each step"),
        (
            [[0, 1], [1], [0, 1], [1, 1]],
            ValueError,
            r"y\[1\] has 1 value, but y\[0\] has 2 values",
        ),
        (
            [0, [1], 0, 1],
            ValueError,
            r"y\[1\] has 1 value, but y\[0\] is a single value",
        ),
        (["a", None, "b", "a"], ValueError, r"y\[1\] is None"),
        (["a", "b", np.nan, "a"], ValueError, r"y\[2\] is nan"),
        ([0, 1, pd.NA, 1], ValueError, r"y\[2\] is <NA>"),
        ([0.0, 1.0, np.nan, 1.0], ValueError, "NaN"),
        (np.array(["a", 1, "b", 2], object), TypeError, r"y\[1\] is 1, but y\[0\]"),
        ([0.5, 1.25, 2.5, 3.0], ValueError, "continuous"),
        ([Decimal(1), Decimal(0)] * 2, TypeError, r"y\[0\] is Decimal"),
        (np.array([b"a", b"b"] * 2), TypeError, "decode the labels"),
        (["a", "a", "a", "a"], ValueError, "y has 1 class: 'a'"),
    ],
    ids=str,
)
def test_what_is_no_label_is_named(y, error, message):
    with pytest.raises(error, match=message):
        learn_labels(check_labels(y, LENGTHS), None)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0.0, 1.0], ValueError, "X has 4 sequences, but y has 2 targets"),
        ([np.zeros(n) for n in LENGTHS], ValueError, "y has one entry for each step"),
        ([0.0, np.inf, 1.0, 2.0], ValueError, "y contains infinity"),
        ([0.0, None, 1.0, 2.0], ValueError, r"NaN at y\[1\]"),
        ([[0.0, 1.0], [np.nan, 2.0]] * 2, ValueError, r"NaN at y\[1, 0\]"),
        (["a", "b", "c", "d"], TypeError, r"y\[0\] is 'a' of type str"),
        (np.array(["1", "2", "3", "4"]), TypeError, "y has dtype <U1"),
        (pd.date_range("2020", periods=4), TypeError, "y has dtype datetime64"),
        (pd.to_timedelta([1, 2, 3, 4], "h"), TypeError, "y has dtype timedelta64"),
        ([0, 1, 2, 10**400], ValueError, "too large to convert"),
        (sparse.csr_array(np.eye(4)), TypeError, r"pass y.toarray\(\)"),
    ],
    ids=str,
)
def test_what_is_no_number_is_named(y, error, message):
    with pytest.raises(error, match=message):
        check_numbers(y, LENGTHS)


@given(
    arrays(
        float,
        st.tuples(st.integers(2, 9), st.integers(1, 3)),
        elements=st.floats(-1e9, 1e9),
    )
)
@settings(max_examples=50, deadline=None)
def test_numbers_come_back_in_their_unit(y):
    targets = NumberTargets(y.shape[1:])
    columns = targets.encode(y)
    targets.fit(columns, np.ones(len(y)))
    standardized = targets.standardize(columns)
    assert standardized.dtype == np.float32
    spread = np.abs(y).max() + 1e-30
    np.testing.assert_allclose(targets.predict(standardized), y, atol=1e-5 * spread)


@pytest.mark.parametrize("far", [1e39, -1.7e308])
def test_numbers_too_far_from_those_that_were_scaled(far):
    targets = NumberTargets((2,))
    targets.fit(np.array([[1.0, 5], [3, 5]]), np.ones(2))
    assert np.isfinite(targets.standardize(np.array([[1e38, 1]]))).all()
    message = (
        re.escape(f"y has the target {far}, too far") + ".* 2 with a deviation of 1"
    )
    with pytest.raises(ValueError, match=message):
        targets.standardize(np.array([[1.0, 5], [far, 5]]))


def test_a_fit_is_refused_before_any_work():
    X = [np.zeros(n) for n in LENGTHS]
    for estimator in (AttentionLSTMClassifier(), AttentionLSTMRegressor()):
        with pytest.raises(ValueError, match=r"entry for each step.*LSTMTagger"):
            estimator.fit(X, [np.zeros(n) for n in LENGTHS])
        assert not hasattr(estimator, "net_")
