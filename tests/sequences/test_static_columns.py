"""Static columns: their kinds, and what is refused by its row and column."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_seqattn import AttentionLSTMClassifier, EventEncoder
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.static_columns import read_static

NUMBERS = {
    "int": [1, 2],
    "bool": [True, False],
    "nullable": pd.array([1, 2], dtype="Int64"),
    "decimal": [Decimal("1.5"), Decimal(2)],
    "objects": pd.Series([1, 2.5], dtype=object),
    "duration": pd.to_timedelta([1, 2], unit="s"),
}
CATEGORIES = {
    "strings": ["b", "a"],
    "objects": pd.Series(["b", "a"], dtype=object),
    "categories": pd.Categorical(["b", "a"]),
    "categories of numbers": pd.Categorical([3, 1]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    found = read_static(pd.DataFrame({"v": NUMBERS[name]}), "X")["v"]
    assert found.dtype == np.float64
    if name == "duration":
        assert found.tolist() == [1, 2]
    else:
        assert found.tolist() == [float(v) for v in NUMBERS[name]]


@pytest.mark.parametrize("name", CATEGORIES)
def test_categories(name):
    found = read_static(pd.DataFrame({"v": CATEGORIES[name]}), "X")["v"]
    assert isinstance(found.dtype, pd.CategoricalDtype)
    assert found.tolist() == list(CATEGORIES[name])


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1.0, np.nan], ValueError, r"X\[1\] has a missing .* 'v'.*SimpleImputer"),
        (["a", None], ValueError, r"X\[1\] has a missing value .* column 'v'"),
        ([pd.NA, 2], ValueError, r"X\[0\] has a missing value"),
        ([np.inf, 1], ValueError, r"X\[0\] contains infinity in the static column 'v'"),
        (["a", 1], TypeError, r"X\[1\] holds 1 of type int .*'v', but the values bef"),
        ([1, {}], TypeError, r"X\[1\] holds \{\} of type dict"),
        ([10**400, 1], ValueError, "static column 'v'"),
        (pd.to_datetime(["2020-01-01"] * 2), TypeError, "holds dates; make a number"),
        ([pd.Timestamp(0), pd.Timestamp(1, tz="UTC")], TypeError, "holds dates"),
    ],
    ids=str,
)
def test_what_is_refused(values, error, message):
    frame = pd.DataFrame({"v": pd.Series(values, dtype=getattr(values, "dtype", "O"))})
    with pytest.raises(error, match=message):
        read_static(frame, "X")


def test_columns_of_polars_have_the_same_kinds():
    frame = pl.DataFrame(
        {"n": [1, 2], "b": [True, False], "s": ["a", "b"], "c": ["x", "y"]},
        schema_overrides={"c": pl.Categorical},
    )
    found = read_static(frame.to_pandas(), "X")
    kinds = [isinstance(dtype, pd.CategoricalDtype) for dtype in found.dtypes]
    assert kinds == [False, False, True, True]


def test_a_reader_of_sequences_alone_names_the_columns():
    frame = pd.DataFrame({"a": [[1.0, 2.0], [3.0]], "age": [7, 8], "name": ["x", "y"]})
    message = (
        "X has columns of single values beside sequences (static columns), "
        "['age', 'name'], but check_sequences reads sequences alone; leave these "
        "columns out."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        check_sequences(frame)


@pytest.mark.parametrize("other", ["one", pd.Timestamp("2025-01-01"), (1, 2)])
def test_categories_of_several_kinds_are_refused(other):
    mixed = pd.Categorical([1, other] * 3)
    nested = pd.DataFrame({"x": [np.ones(2)] * 6, "kind": mixed})
    frames = [pd.DataFrame({"kind": mixed})] * 2
    for model, X in (
        (AttentionLSTMClassifier(max_epochs=1), nested),
        (EventEncoder(), frames),
    ):
        with pytest.raises(TypeError, match=r"'kind' holds .* beside .*astype"):
            model.fit(X, [0, 1] * (len(X) // 2))
