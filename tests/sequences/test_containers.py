"""Every container of the same sequences is read alike, decided by its type."""

import array
from collections import UserList, deque

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from sklearn_seqattn.sequences import check_sequences

RNG = np.random.default_rng(0)
ONE = [RNG.normal(size=n) for n in (3, 1, 4)]  # one channel
TWO = [RNG.normal(size=(n, 2)) for n in (3, 1, 4)]  # two channels
TEXTS = ["a rose is", "a", "rose"]
NAMES = ["left", "right"]


def long_table(X, keys=(7, 3, 5)):
    """Return one frame whose rows are labeled by (instance, time)."""
    frames = [pd.DataFrame(x, columns=NAMES[: np.ndim(x[0]) + 1]) for x in X]
    return pd.concat(frames, keys=keys)


def cells(X):
    """Return a column of each channel, whose cells hold sequences."""
    return {name: [x[:, k] for x in X] for k, name in enumerate(NAMES)}


def lists(column):
    """Return the cells of a column as lists."""
    return [cell.tolist() for cell in column]


def each(kind):
    """Return a function that converts each sequence of a list."""
    return lambda X: [kind(x) for x in X]


ELEMENTS = {
    "tuple": each(tuple),
    "deque": each(deque),
    "UserList": each(UserList),
    "array.array": each(lambda x: array.array("d", x)),
    "memoryview": each(memoryview),
    "buffer of ctypes": each(lambda x: (np.ctypeslib.ctypes.c_double * len(x))(*x)),
    "Index": each(pd.Index),
    "Float64": each(lambda x: pd.array(x, dtype="Float64")),
    "arrow dtype": each(lambda x: pd.Series(x, dtype="double[pyarrow]")),
    "polars Series": each(pl.Series),
    "pyarrow Array": each(pa.array),
    "ChunkedArray": each(lambda x: pa.chunked_array([x])),
    "tensor": each(torch.tensor),
    "tensor with gradient": each(lambda x: torch.tensor(x, requires_grad=True)),
    "list of tensors": each(lambda x: list(torch.tensor(x, requires_grad=True))),
    "masked array without mask": each(np.ma.masked_array),
    "one-column frame": each(pd.DataFrame),
}

OUTER = {
    "tuple": tuple,
    "deque": deque,
    "UserList": UserList,
    "polars Series": lambda X: pl.Series(lists(X)),
    "pyarrow Array": lambda X: pa.array(lists(X)),
    "ChunkedArray": lambda X: pa.chunked_array([lists(X)]),
    "Series of arrow lists": lambda X: pd.Series(
        lists(X), dtype=pd.ArrowDtype(pa.list_(pa.float64()))
    ),
    "column of arrays": lambda X: pd.DataFrame({"a": X}),
    "column of Series": lambda X: pd.DataFrame({"a": [pd.Series(x) for x in X]}),
    "polars column": lambda X: pl.DataFrame({"a": lists(X)}),
    "pyarrow column": lambda X: pa.table({"a": lists(X)}),
    "arrow column": lambda X: pd.DataFrame(
        {"a": pd.Series(lists(X), dtype=pd.ArrowDtype(pa.list_(pa.float64())))}
    ),
    "long Series": lambda X: pd.concat([pd.Series(x) for x in X], keys=list("zxy")),
    "long frame": lambda X: pd.concat([pd.DataFrame(x) for x in X], keys=list("zxy")),
}

CHANNELS = {
    "list of polars frames": lambda X: [pl.DataFrame(x, schema=NAMES) for x in X],
    "list of pyarrow tables": lambda X: [
        pa.table(dict(zip(NAMES, x.T, strict=True))) for x in X
    ],
    "list of tensors": lambda X: [torch.tensor(x, requires_grad=True) for x in X],
    "long frame": long_table,
    "nested frame": lambda X: pd.DataFrame(cells(X)),
    "nested frame of Series": lambda X: pd.DataFrame(cells(X)).map(pd.Series),
    "nested polars frame": lambda X: pl.DataFrame(
        {name: lists(column) for name, column in cells(X).items()}
    ),
    "nested pyarrow table": lambda X: pa.table(
        {name: lists(column) for name, column in cells(X).items()}
    ),
    "object array of cells": lambda X: pd.DataFrame(cells(X)).to_numpy(),
}


def assert_same(found, X):
    """Compare what was read with a list of arrays."""
    assert found.kind == "numeric"
    assert found.lengths.tolist() == [len(x) for x in X]
    np.testing.assert_array_equal(
        found.values, np.concatenate(X).reshape(len(found.values), -1)
    )


@pytest.mark.parametrize("name", ELEMENTS)
def test_elements_of_one_channel(name):
    assert_same(check_sequences(ELEMENTS[name](ONE)), ONE)


@pytest.mark.parametrize("name", OUTER)
def test_containers_of_one_channel(name):
    assert_same(check_sequences(OUTER[name](ONE)), ONE)


@pytest.mark.parametrize("name", CHANNELS)
def test_containers_of_channels(name):
    assert_same(check_sequences(CHANNELS[name](TWO)), TWO)


def test_columns_of_cells_are_channels_whatever_stands_first_in_arrays():
    assert_same(check_sequences(pd.DataFrame(cells(TWO)), channels_first=True), TWO)


def test_ranges_are_sequences():
    expected = [np.arange(4), np.arange(2, 9)]
    assert_same(check_sequences([range(4), range(2, 9)]), expected)


@pytest.mark.parametrize("lengths", [(4,), (4, 4), (4, 5)])
@pytest.mark.parametrize("n_channels", [None, 1, 3])
def test_object_arrays_are_lists_whatever_shape_they_happen_to_have(
    lengths, n_channels
):
    shapes = [(n,) if n_channels is None else (n, n_channels) for n in lengths]
    X = [RNG.normal(size=shape) for shape in shapes]
    ragged = np.empty(len(X), dtype=object)
    ragged[:] = [list(x) for x in X]
    stacked = np.array(X, dtype=object) if len(set(lengths)) == 1 else ragged
    for container in (ragged, stacked):
        assert_same(check_sequences(container), X)


def test_a_long_table_keeps_the_order_of_instances_and_rows():
    table = long_table(TWO).iloc[[5, 0, 6, 3, 1, 7, 2, 4]]
    found = check_sequences(table)
    assert [len(x) for x in found.to_list()] == [4, 3, 1]
    np.testing.assert_array_equal(found[0], TWO[2][[1, 2, 3, 0]])
    np.testing.assert_array_equal(found[1], TWO[0])


def test_a_long_table_of_events():
    table = long_table(TWO).assign(task="go")
    found = check_sequences(table)
    assert found.kind == "events"
    assert list(found.columns) == [*NAMES, "task"]


TEXT_CONTAINERS = {
    "array": np.array,
    "object array": lambda X: np.array(X, dtype=object),
    "Series": pd.Series,
    "Series of categories": lambda X: pd.Series(X, dtype="category"),
    "arrow strings": lambda X: pd.Series(X, dtype="string[pyarrow]"),
    "polars Series": pl.Series,
    "pyarrow Array": pa.array,
    "tuple": tuple,
    "column": lambda X: pd.DataFrame({"text": X}),
    "column of an array": lambda X: np.array(X)[:, np.newaxis],
    "column of an object array": lambda X: np.array(X, dtype=object)[:, np.newaxis],
    "polars column": lambda X: pl.DataFrame({"text": X}),
    "pyarrow column": lambda X: pa.table({"text": X}),
}


@pytest.mark.parametrize("name", TEXT_CONTAINERS)
def test_texts_are_split_in_every_container(name):
    found = check_sequences(TEXT_CONTAINERS[name](TEXTS))
    assert [x.tolist() for x in found.to_list()] == [x.split() for x in TEXTS]
    assert set(map(type, found.values)) == {str}


TOKENS = [["a", "b", "a"], ["b"]]
TOKEN_ELEMENTS = {
    "np.str_": each(lambda x: [np.str_(token) for token in x]),
    "object array of np.str_": each(
        lambda x: np.array([np.str_(token) for token in x], dtype=object)
    ),
    "categories": each(lambda x: pd.Categorical(x, categories=["b", "a"])),
    "Index": each(pd.Index),
    "arrow strings": each(lambda x: pd.array(x, dtype="string[pyarrow]")),
    "polars Series": each(pl.Series),
    "polars categories": each(lambda x: pl.Series(x, dtype=pl.Categorical)),
    "pyarrow Array": each(pa.array),
    "pyarrow dictionary": each(lambda x: pa.array(x).dictionary_encode()),
    "StringDType": each(lambda x: np.array(x, dtype=np.dtypes.StringDType())),
    "deque": each(deque),
    "column of lists": lambda X: pd.DataFrame({"tokens": X}),
    "polars column of lists": lambda X: pl.DataFrame({"tokens": X}),
    "polars Series of lists": lambda X: pl.Series(X),
}


@pytest.mark.parametrize("name", TOKEN_ELEMENTS)
def test_tokens_in_every_container(name):
    found = check_sequences(TOKEN_ELEMENTS[name](TOKENS))
    assert [x.tolist() for x in found.to_list()] == TOKENS
    assert set(map(type, found.values)) == {str}


def test_empty_sequences_are_allowed_of_tokens_alone():
    for X in (["a b", ""], [["a", "b"], []], pd.Series([["a", "b"], np.array([])])):
        found = check_sequences(X, allow_empty=True)
        assert found.lengths.tolist() == [2, 0]
        assert found.values.tolist() == ["a", "b"]
    found = check_sequences([[1], [], [2]], tokens=True, allow_empty=True)
    assert found.lengths.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match=r"X\[1\] has 0 steps"):
        check_sequences([[1.0], []], allow_empty=True)
