"""Long event tables to lists of sequences, and back."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import events_to_sequences, sequences_to_events
from sklearn_seqattn.sequences import check_sequences


@st.composite
def event_lists(draw):
    """Draw sequences of events with a categorical and a numeric column, and ids."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    frames = [
        pd.DataFrame(
            {
                "kind": draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n)),
                "size": draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n)),
            }
        )
        for n in lengths
    ]
    ids = draw(
        st.lists(
            st.integers(-50, 50),
            min_size=len(lengths),
            max_size=len(lengths),
            unique=True,
        )
    )
    return frames, ids


def assert_same_frames(found, expected):
    for left, right in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(left, right)


@given(event_lists(), st.booleans())
def test_sequences_survive_the_table(drawn, as_text):
    frames, ids = drawn
    ids = [f"case {i}" for i in ids] if as_text else ids
    table = sequences_to_events(frames, ids, id="case")
    assert list(table.columns) == ["case", "step", "kind", "size"]
    found = events_to_sequences(table, id="case", order="step")
    assert_same_frames(found, frames)
    assert found.index.tolist() == ids
    assert (found.index.name, found.name) == ("case", None)


@given(event_lists(), st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(drawn, random):
    table = sequences_to_events(*drawn)
    rows = list(range(len(table)))
    random.shuffle(rows)
    shuffled = table.iloc[rows]
    found = events_to_sequences(shuffled, id="id", order="step")
    assert list(found.index) == list(dict.fromkeys(shuffled["id"]))  # first occurrence
    assert_same_frames(found.loc[drawn[1]], drawn[0])


@given(event_lists())
def test_the_table_survives_sequences(drawn):
    table = sequences_to_events(*drawn, order="step")
    columns = ["step", "kind", "size"]
    sequences = events_to_sequences(table, id="id", order="step", columns=columns)
    back = sequences_to_events(sequences, order="step")
    pd.testing.assert_frame_equal(back, table)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1), min_size=1))
def test_one_column_gives_tokens(X):
    table = sequences_to_events(X, columns="state")
    found = events_to_sequences(table, id="id", order="step", columns="state")
    assert [x.tolist() for x in found] == X
    assert (found.index.tolist(), found.name) == (list(range(len(X))), "state")
    assert check_sequences(found).kind == "tokens"
    pd.testing.assert_frame_equal(sequences_to_events(found), table)


def test_arrays_with_channels():
    X = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0]])]
    table = sequences_to_events(X, ["u", "v"], columns=["left", "right"])
    assert table.to_dict("list") == {
        "id": ["u", "u", "v"],
        "step": [0, 1, 0],
        "left": [1, 3, 5],
        "right": [2, 4, 6],
    }
    found = events_to_sequences(table, id="id", columns=["left", "right"])
    for left, right in zip(found, X, strict=True):
        np.testing.assert_array_equal(left, right)


def test_times_sort_and_ties_keep_their_order():
    times = pd.to_datetime(["2020-02-01", "2020-01-01", "2020-02-01", "2019-01-01"])
    table = pd.DataFrame(
        {"who": ["p", "p", "p", "q"], "when": times, "what": ["b", "a", "c", "d"]},
        index=[9, 8, 7, 9],
    )
    found = events_to_sequences(table, id="who", order="when", columns="what")
    assert [x.tolist() for x in found] == [["a", "b", "c"], ["d"]]
    assert found.index.tolist() == ["p", "q"]
    unsorted = events_to_sequences(table, id="who", columns="what")
    assert unsorted["p"].tolist() == ["b", "a", "c"]
    frames = events_to_sequences(table, id="who", order="when")
    assert list(frames["p"].columns) == ["what"]


def test_labels_align_by_id():
    table = pd.DataFrame({"id": list("bab"), "v": [1.0, 2.0, 3.0]})
    X = events_to_sequences(table, id="id")
    y = pd.Series({"a": 0, "b": 1, "c": 2})
    assert y.loc[X.index].tolist() == [1, 0]
    assert X.loc["b"]["v"].tolist() == [1, 3]


def test_several_columns_are_one_id():
    table = pd.DataFrame(
        {
            "site": ["v", "u", "v", "u", "v"],
            "case": [1, 1, 2, 1, 1],
            "v": [0, 1, 2, 3, 4],
        }
    )
    found = events_to_sequences(table, id=["site", "case"], columns="v")
    assert found.index.tolist() == [("v", 1), ("u", 1), ("v", 2)]
    assert found.index.names == ["site", "case"]
    assert [x.tolist() for x in found] == [[0, 4], [1, 3], [2]]
    assert found.loc[("u", 1)].tolist() == [1, 3]
    back = sequences_to_events(found)
    assert list(back.columns) == ["site", "case", "step", "v"]
    again = events_to_sequences(back, id=["site", "case"], order="step", columns="v")
    pd.testing.assert_index_equal(again.index, found.index)
    assert [x.tolist() for x in again] == [x.tolist() for x in found]


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1),
    st.sampled_from([["a"], ["a", "b"], ["a", "b", "c"]]),
)
def test_sequences_are_the_groups_of_their_ids(rows, id):
    table = pd.DataFrame(rows, columns=list("abc")).assign(row=range(len(rows)))
    found = events_to_sequences(table, id=id, columns="row")
    expected = {}
    for row, values in enumerate(rows):
        key = values[: len(id)] if len(id) > 1 else values[0]
        expected.setdefault(key, []).append(row)
    found = {key: x.tolist() for key, x in found.items()}
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas])
def test_tables_of_other_libraries(convert):
    table = pd.DataFrame(
        {
            "id": ["p", "q", "p"],
            "time": pd.to_datetime(["2020-02-01", "2020-01-01", "2019-01-01"]),
            "kind": pd.Categorical(["x", "y", "x"]),
            "size": [1.5, None, 2.5],
            "note": [None, "b", "c"],
        }
    )
    expected = events_to_sequences(table, id="id", order="time")
    found = events_to_sequences(convert(table), id="id", order="time")
    assert found.index.tolist() == expected.index.tolist()
    assert_same_frames(found, expected)
    back = sequences_to_events([convert(x) for x in expected], id="id")
    expected = sequences_to_events(list(expected), id="id")
    pd.testing.assert_frame_equal(back, expected, check_categorical=False)


def test_rows_of_each_sequence_are_numbered_from_0():
    table = pd.DataFrame({"id": [1, 2, 1], "v": [1, 2, 3]}, index=[7, 8, 9])
    found = events_to_sequences(table, id="id")
    assert [x.index.tolist() for x in found] == [[0, 1], [0]]


def test_ids_of_the_caller_come_before_those_of_the_index():
    X = pd.Series([["a"], ["b"]], index=pd.Index([3, 4], name="case"), name="state")
    table = sequences_to_events(X, ["u", "v"])
    assert table.to_dict("list") == {
        "id": ["u", "v"],
        "step": [0, 0],
        "state": ["a", "b"],
    }


def test_categorical_columns_stay_categorical():
    table = pd.DataFrame({"id": [1, 2, 1], "a": pd.Categorical(["x", "y", "x"])})
    found = events_to_sequences(table, id="id")
    assert found[1]["a"].dtype == table["a"].dtype
    back = sequences_to_events(found)
    assert back["a"].dtype == table["a"].dtype


def test_categories_that_differ_stay_categories():
    frames = [pd.DataFrame({"a": pd.Categorical([v])}) for v in (1, 2)]
    table = sequences_to_events(frames)
    assert table["a"].dtype == pd.CategoricalDtype([1, 2])


def test_the_input_is_not_changed():
    frames = [pd.DataFrame({"step": [3, 4], "a": [1, 2]})]
    table = sequences_to_events(frames)
    assert table["step"].tolist() == [3, 4]
    assert list(frames[0].columns) == ["step", "a"]


TABLE = pd.DataFrame({"id": [1, 1], "t": [0, 1], "a": ["x", "y"]})


@pytest.mark.parametrize(
    ("frame", "kwargs", "exception", "message"),
    [
        (
            [1],
            {"id": "id"},
            TypeError,
            "frame is of type list, but a DataFrame is expected.",
        ),
        (
            TABLE.iloc[:0],
            {"id": "id"},
            ValueError,
            "frame has 0 rows, but at least one event is required.",
        ),
        (
            TABLE,
            {"id": "case"},
            ValueError,
            "frame has no column 'case'; its columns are ['id', 't', 'a'].",
        ),
        (
            TABLE,
            {"id": "id", "order": "time"},
            ValueError,
            "frame has no column 'time'; its columns are ['id', 't', 'a'].",
        ),
        (
            TABLE,
            {"id": "id", "order": ["t"]},
            ValueError,
            "frame has no column ['t']; its columns are ['id', 't', 'a'].",
        ),
        (
            TABLE,
            {"id": "id", "columns": ["a", "b"]},
            ValueError,
            "frame has no column 'b'; its columns are ['id', 't', 'a'].",
        ),
        (
            TABLE[["id", "t"]],
            {"id": "id", "order": "t"},
            ValueError,
            "frame has no columns besides ['id', 't']; every event needs at least one "
            "feature.",
        ),
        (
            TABLE,
            {"id": ["id", "case"]},
            ValueError,
            "frame has no column 'case'; its columns are ['id', 't', 'a'].",
        ),
        (
            TABLE,
            {"id": []},
            ValueError,
            "id is an empty list; name at least one column.",
        ),
        (
            TABLE,
            {"id": ["id", "id"]},
            ValueError,
            "id has columns that occur more than once: ['id']; column names must be "
            "unique.",
        ),
        (
            TABLE,
            {"id": "id", "columns": ["a", "t", "a"]},
            ValueError,
            "columns has columns that occur more than once: ['a']; column names must "
            "be unique.",
        ),
        (
            TABLE.assign(case=["u", None]),
            {"id": ["id", "case"]},
            ValueError,
            "frame has a missing value in column 'case', row 1; every event needs one, "
            "so drop or fill such rows first.",
        ),
        (
            TABLE.assign(id=[1, np.nan]),
            {"id": "id"},
            ValueError,
            "frame has a missing value in column 'id', row 1; every event needs one, "
            "so drop or fill such rows first.",
        ),
        (
            TABLE.assign(t=[None, 1]),
            {"id": "id", "order": "t"},
            ValueError,
            "frame has a missing value in column 't', row 0; every event needs one, "
            "so drop or fill such rows first.",
        ),
    ],
)
def test_bad_tables(frame, kwargs, exception, message):
    with pytest.raises(exception) as caught:
        events_to_sequences(frame, **kwargs)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("sequences", "kwargs", "message"),
    [
        ([], {}, "sequences holds 0 sequences, but at least 1 is required."),
        (
            [["a"]],
            {},
            "sequences[0] is of type list; pass DataFrames only, or arrays only "
            "together with the names of their columns.",
        ),
        (
            [["a"], np.ones((2, 3))],
            {"columns": "state"},
            "sequences[1] has shape (2, 3), which does not fit 1 column name "
            "['state'].",
        ),
        (
            [["a"]],
            {"columns": "state", "ids": [1, 2]},
            "ids has 2 elements for 1 sequence.",
        ),
        (
            [["a"], ["b"]],
            {"columns": "state", "ids": ["u", "u"]},
            "ids holds 'u' more than once; every sequence needs its own id.",
        ),
        (
            [TABLE, np.ones(2)],
            {},
            "sequences[1] is of type ndarray, but other elements are DataFrames; all "
            "sequences need the same kind of container.",
        ),
        (
            [TABLE, TABLE[["id", "a"]]],
            {"id": "case"},
            "sequences[1] has the columns ['id', 'a'], but sequences[0] has ['id', "
            "'t', 'a']; all frames need the same columns in the same order.",
        ),
        (
            [["a"]],
            {"columns": "state", "id": "step"},
            "The table has a column 'step' already; choose another name by id.",
        ),
        (
            [["a"]],
            {"columns": "state", "id": ["site", "case"]},
            "id names 2 columns ['site', 'case'], but an id has 1 part.",
        ),
        (
            [TABLE],
            {},
            "The table has a column 'id' already; choose another name by id.",
        ),
    ],
)
def test_bad_sequences(sequences, kwargs, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        sequences_to_events(sequences, **kwargs)
    assert str(caught.value) == message


def test_an_event_log_as_it_comes(shared_data):
    log = pd.read_csv(shared_data / "states" / "helpdesk_events.csv")
    found = events_to_sequences(
        log, id="CaseID", order="CompleteTimestamp", columns="ActivityID"
    )
    assert len(found) == log["CaseID"].nunique()
    assert sum(map(len, found)) == len(log)
