"""Tables of sequences: how their columns are read, and put back."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.containers import open_container
from sklearn_seqattn.sequences.nested import nest

DAYS = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-04"])
EVENTS = {
    "act": [["a", "b", "a"], ["b"]],
    "amount": [[1.0, 2.0, 3.0], [4.0]],
    "at": [DAYS, DAYS[:1]],
}
AS_CELLS = {
    "lists": list,
    "arrays": np.array,
    "objects": lambda cell: np.array(list(cell), dtype=object),
    "Series": pd.Series,
    "later rows of a Series": lambda cell: pd.Series(
        cell, index=range(5, 5 + len(cell))
    ),
    "categories": lambda cell: pd.Series(cell).astype("category"),
}


def cells(make, names):
    return pd.DataFrame(
        {
            name: pd.Series([make(cell) for cell in EVENTS[name]], dtype=object)
            for name in names
        }
    )


def frames(names):
    rows = range(len(EVENTS["act"]))
    return [pd.DataFrame({name: EVENTS[name][i] for name in names}) for i in rows]


@pytest.mark.parametrize("make", AS_CELLS)
@pytest.mark.parametrize("names", [["act", "amount"], ["at", "amount", "act"]])
def test_columns_of_several_kinds_are_the_events_of_frames(make, names):
    if make == "categories":  # of numbers and dates, too, they would be categories
        table = cells(list, names)
        table["act"] = cells(AS_CELLS[make], names)["act"]
    else:
        table = cells(AS_CELLS[make], names)
    found, expected = check_sequences(table), check_sequences(frames(names))
    assert found.kind == expected.kind == "events"
    assert found.columns.tolist() == names
    assert found.lengths.tolist() == expected.lengths.tolist()
    pd.testing.assert_frame_equal(
        found.values.astype(object), expected.values.astype(object)
    )


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table])
def test_list_columns_of_other_libraries_are_the_same_events(make):
    lists = {name: [list(cell) for cell in EVENTS[name]] for name in EVENTS}
    found, expected = check_sequences(make(lists)), check_sequences(frames(EVENTS))
    pd.testing.assert_frame_equal(
        found.values.astype(object), expected.values.astype(object), check_dtype=False
    )


def test_one_column_of_dates_is_a_column_of_events():
    found = check_sequences(cells(pd.Series, ["at"]))
    assert found.kind == "events"
    assert found.values["at"].tolist() == [*DAYS, DAYS[0]]


def test_categories_of_numbers_are_no_numbers():
    table = cells(list, ["amount"])
    table["code"] = [
        pd.Series(pd.Categorical([1, 2, 1])),
        pd.Series(pd.Categorical([2])),
    ]
    found = check_sequences(table).values
    assert found["code"].tolist() == [1, 2, 1, 2]
    assert isinstance(found["code"].dtype, pd.CategoricalDtype)


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("names", [["amount"], ["at"], ["act", "amount", "at"]])
def test_what_was_read_is_put_back(names, as_array):
    table = cells(np.array, names)
    table.insert(1, "age", [30, 40])
    table["sex"] = ["f", "m"]
    X = table.to_numpy(object) if as_array else table.set_axis([7, 3])
    container = open_container(X)
    assert container.static.shape == (2, 2)
    found = nest(container.items, container)
    assert type(found) is type(X)
    assert found.shape == X.shape
    assert not as_array or found.dtype == object
    if not as_array:
        assert found.columns.tolist() == X.columns.tolist()
        assert found.index.tolist() == [7, 3]
        assert found["age"].dtype == X["age"].dtype
    for old, new in zip(
        np.ravel(np.asarray(X)), np.ravel(np.asarray(found)), strict=True
    ):
        assert np.ndim(old) == np.ndim(new)
        assert np.all(np.asarray(old) == np.asarray(new))


@pytest.mark.parametrize("channels_first", [False, True])
def test_new_channels_are_the_last_columns(channels_first):
    table = pd.DataFrame({"a": [[1, 2], [3]], "age": [1, 2], "b": [[5, 6], [7]]})
    container = open_container(table, channels_first=channels_first)
    wider = [np.concatenate([x, x[:1]]) for x in container.items]
    if not channels_first:
        wider = [np.column_stack([x, x[:, 0]]) for x in container.items]
    columns = pd.Index(["a", "b", "more"])
    found = nest(wider, container, columns, channels_first=channels_first)
    assert found.columns.tolist() == ["a", "age", "b", "more"]
    assert found["more"].map(list).tolist() == [[1, 2], [3]]
    assert found["b"].map(list).tolist() == [[5, 6], [7]]


def test_a_missing_first_category_does_not_make_numbers():
    table = pd.DataFrame({"a": [[None, "x"]], "b": [[1.0, 2.0]]})
    found = check_sequences(table, allow_nan=True)
    assert found.kind == "events"
    assert found.values["a"].tolist()[1] == "x"
