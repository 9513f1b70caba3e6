"""`events_to_sequences` with a table of what is known of each id."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import events_to_sequences, sequences_to_events
from sklearn_seqattn.sequences import check_sequences

EVENTS = pd.DataFrame(
    {
        "who": ["c", "a", "c", "b", "a", "c"],
        "day": pd.to_datetime([f"2024-01-0{d}" for d in (3, 2, 1, 1, 1, 2)]),
        "drug": pd.Categorical(list("xyxyxy")),
        "dose": np.array([1, 2, 3, 4, 5, 6], dtype=np.float32),
        "note": ["p", "q", "r", "s", "t", "u"],
    }
)
STATIC = pd.DataFrame(
    {
        "who": ["a", "b", "c"],
        "age": pd.array([30, None, 50], dtype="Int64"),
        "sex": pd.Categorical(["f", "m", "f"]),
        "born": pd.to_datetime(["2000", "2001", "2002"]),
    }
)


def make(events=EVENTS, static=STATIC, **options):
    return events_to_sequences(
        events, **{"id": "who", "order": "day", "static": static, **options}
    )


def test_cells_are_those_of_the_frames():
    found = make()
    assert found.index.tolist() == ["c", "a", "b"]
    assert found.index.name == "who"
    frames = make(static=None)
    assert found.columns.tolist() == ["drug", "dose", "note", "age", "sex", "born"]
    for name in ("drug", "dose", "note"):
        for cell, frame in zip(found[name], frames, strict=True):
            assert list(cell) == frame[name].tolist()
    assert isinstance(found["drug"].iloc[0].dtype, pd.CategoricalDtype)
    assert found["dose"].iloc[0].dtype == np.float32
    assert isinstance(found["note"].iloc[0], np.ndarray)


def test_static_columns_keep_their_dtypes_and_get_the_order_of_the_ids():
    found, columns = make(), ["age", "sex", "born"]
    expected = STATIC.set_index("who").loc[["c", "a", "b"]]
    pd.testing.assert_frame_equal(found[columns], expected)


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_of_other_libraries(library):
    found = make(library(EVENTS), library(STATIC))
    expected = make()
    assert found.index.tolist() == expected.index.tolist()
    assert found["sex"].tolist() == expected["sex"].tolist()
    nested = ["drug", "dose", "note"]
    pd.testing.assert_frame_equal(
        check_sequences(found[nested]).values,
        check_sequences(expected[nested]).values,
        check_dtype=False,
        check_categorical=False,
    )


def test_one_column_and_the_ids_as_row_index():
    found = make(static=STATIC.set_index("who"), columns="note")
    assert found.columns.tolist() == ["note", "age", "sex", "born"]
    assert [list(cell) for cell in found["note"]] == [
        ["r", "u", "p"],
        ["t", "q"],
        ["s"],
    ]


def test_ids_of_several_columns():
    events, static = EVENTS.assign(ward=1), STATIC.assign(ward=1)
    found = make(events, static, id=["who", "ward"])
    assert found.index.tolist() == [("c", 1), ("a", 1), ("b", 1)]
    assert found["age"].tolist() == [50, 30, pd.NA]


@given(st.permutations(range(3)))
def test_the_order_of_the_static_rows_does_not_matter(rows):
    found = make(static=STATIC.iloc[list(rows)])
    pd.testing.assert_frame_equal(found[["sex"]], make()[["sex"]])


@pytest.mark.parametrize(
    ("static", "error", "message"),
    [
        (STATIC[:1], ValueError, r"static lacks 2 ids of frame: 'c', 'b'\. Both"),
        (
            pd.concat([STATIC, STATIC[:1].assign(who="z")]),
            ValueError,
            r"frame has no events of 1 id of static: 'z'\.",
        ),
        (STATIC.assign(who=[1, 2, 3]), ValueError, r"static lacks 3 ids of frame"),
        (STATIC.iloc[[0, 1, 2, 0]], ValueError, "several rows for the id 'a'"),
        (STATIC.assign(note=1), ValueError, r"both have the columns \['note'\]"),
        (
            STATIC.drop(columns="who"),
            ValueError,
            r"of the names \['who'\]; its columns",
        ),
        ({"who": ["a"]}, TypeError, "static is of type dict"),
        (pl.from_pandas(STATIC).lazy(), TypeError, r"pass static.collect\(\)"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_refused(static, error, message):
    with pytest.raises(error, match=message):
        make(static=static)


def test_many_ids_are_not_all_named():
    events = pd.DataFrame({"who": range(20), "dose": 1.0})
    static = pd.DataFrame({"who": [0], "age": [1]})
    with pytest.raises(ValueError, match=r"lacks 19 .*: 1, 2, 3, 4, 5, \.\.\.\. Both"):
        make(events, static, order=None)


def test_the_way_back_to_events_leaves_static_columns_out():
    events = pd.DataFrame(
        {
            "id": list("bba"),
            "step": [0, 1, 0],
            "act": list("xyx"),
            "at": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-01"]),
            "n": pd.array([1, None, 3], dtype="Int64"),
        }
    )
    static = pd.DataFrame({"id": ["a", "b"], "age": [30, 40]})
    X = events_to_sequences(events, id="id", order="step", static=static)
    pd.testing.assert_frame_equal(sequences_to_events(X), events)
    with pytest.raises(ValueError, match="without columns of sequences"):
        sequences_to_events(static)
