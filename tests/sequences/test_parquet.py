import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sklearn_seqattn import SequenceStore
from sklearn_seqattn.sequences import parquet as reading

RNG = np.random.default_rng(0)
LENGTHS = [3, 1, 5, 2]
X = [RNG.normal(size=(n, 2)) for n in LENGTHS]
IDS = ["d", "a", "c", "b"]
LABELS = ["up", "down", "up", "up"]
STEPS = [np.arange(n) for n in LENGTHS]


def lists(arrays):
    return pa.array([array.tolist() for array in arrays])


LONG = pa.table(
    {
        "id": np.repeat(IDS, LENGTHS),
        "a": np.concatenate(X)[:, 0],
        "b": np.concatenate(X)[:, 1],
        "y": np.repeat(LABELS, LENGTHS),
        "tag": np.concatenate(STEPS),
    }
)
NESTED = pa.table(
    {
        "id": IDS,
        "a": lists([x[:, 0] for x in X]),
        "b": lists([x[:, 1] for x in X]),
        "steps": lists(X),
        "fixed": pa.array(
            [x.tolist() for x in X], pa.large_list(pa.list_(pa.float64(), 2))
        ),
        "y": LABELS,
        "tag": lists(STEPS),
    }
)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes tables to files, and then a store."""

    def write(*tables, **options):
        paths = [tmp_path / f"{i}.parquet" for i in range(len(tables))]
        for path, table in zip(paths, tables, strict=True):
            parquet.write_table(table, path)
        paths = paths[0] if len(paths) == 1 else paths
        return SequenceStore.from_parquet(paths, tmp_path / "store", **options)

    return write


@pytest.fixture(params=[2**15, 2, 1])
def rows_at_once(request, monkeypatch):
    for kind in (reading._LongRows, reading._ListRows):
        monkeypatch.setattr(kind, "at_once", request.param)


@pytest.mark.usefixtures("rows_at_once")
@pytest.mark.parametrize(
    ("table", "values"),
    [
        (LONG, ["a", "b"]),
        (NESTED, ["a", "b"]),
        (NESTED, "steps"),
        (NESTED, ["steps"]),
        (NESTED, "fixed"),
    ],
    ids=["long", "channels", "steps", "list of steps", "fixed"],
)
@pytest.mark.parametrize("n_files", [1, 2])
def test_all_layouts_hold_the_same_sequences(write, table, values, n_files):
    cut = len(table) // 2 if n_files == 2 else len(table)
    tables = [table[:cut], table[cut:]][:n_files]
    store = write(*tables, values=values, id="id", label="y")
    assert [x.tolist() for x in store] == [x.tolist() for x in X]
    assert store.ids.tolist() == IDS
    assert store.labels.tolist() == LABELS


@pytest.mark.usefixtures("rows_at_once")
@pytest.mark.parametrize("table", [LONG, NESTED], ids=["long", "nested"])
def test_labels_of_steps(write, table):
    store = write(table, values="a", id="id", step_label="tag")
    assert store.n_channels is None
    assert [x.tolist() for x in store] == [x[:, 0].tolist() for x in X]
    assert [one.tolist() for one in store.labels] == [one.tolist() for one in STEPS]


def test_dtypes_stay_and_missing_numbers_are_nan(write):
    table = pa.table(
        {"id": [1, 1, 2], "x": pa.array([1.5, None, 2], pa.float32()), "n": [1, 2, 3]}
    )
    store = write(table, values="x", id="id")
    assert store.dtype == np.float32
    np.testing.assert_array_equal(store[0], [1.5, np.nan])
    assert store.ids.tolist() == [1, 2]


def test_dictionaries_are_labels(write):
    y = LONG["y"].dictionary_encode()
    table = LONG.set_column(LONG.schema.get_field_index("y"), "y", y)
    assert write(table, values="a", id="id", label="y").labels.tolist() == LABELS


def long(**columns):
    return pa.table({"id": [1, 1, 2], "x": [1.0, 2.0, 3.0]} | columns)


def nested(**columns):
    return pa.table({"x": [[1.0], [2.0, 3.0]]} | columns)


BAD = {
    "unsorted": (long(id=[1, 2, 1]), {"id": "id"}, ValueError, "id=1 begins again"),
    "no id": (long(), {}, ValueError, "hold one step a row; name the column"),
    "no such column": (long(), {"id": "name"}, ValueError, "no column 'name'; its col"),
    "ids missing": (
        long(id=[1, None, 2]),
        {"id": "id"},
        ValueError,
        "'id' has missing",
    ),
    "text": (long(x=["a", "b", "c"]), {"id": "id"}, TypeError, "'x' holds string"),
    "dates": (
        long(x=pa.array([1, 2, 3], pa.timestamp("s"))),
        {"id": "id"},
        TypeError,
        "'x' holds timestamp",
    ),
    "missing integers": (
        long(x=[1, None, 2]),
        {"id": "id"},
        ValueError,
        "which only floating-point numbers can have",
    ),
    "two labels": (
        long(y=[0, 1, 1]),
        {"id": "id", "label": "y"},
        ValueError,
        "id=1 has the labels 0 and 1 in column 'y'",
    ),
    "labels missing": (
        long(y=[0, 0, None]),
        {"id": "id", "label": "y"},
        ValueError,
        "'y' has missing values",
    ),
    "both labels": (
        long(y=[0, 0, 1]),
        {"id": "id", "label": "y", "step_label": "y"},
        ValueError,
        "one of label and step_label",
    ),
    "labels of steps are words": (
        long(y=["a", "b", "c"]),
        {"id": "id", "step_label": "y"},
        TypeError,
        "'y' holds string",
    ),
    "no values": (long(), {"values": [], "id": "id"}, ValueError, "at least one col"),
    "no list": (nested(x=[[1.0], None]), {}, ValueError, "row 1 is missing in col"),
    "an empty list": (nested(x=[[1.0], []]), {}, ValueError, "row 1 has shape"),
    "lists of words": (nested(x=[["a"], ["b"]]), {}, TypeError, "'x' holds string"),
    "other lengths": (
        nested(z=[[1.0, 2.0], [1.0, 2.0]]),
        {"values": ["x", "z"]},
        ValueError,
        r"row 0 has \[1, 2\] steps in the columns",
    ),
    "ragged steps": (
        nested(x=[[[1.0, 2.0]], [[1.0], [1.0, 2.0]]]),
        {},
        ValueError,
        "row 1 has steps of 1 to 2 numbers",
    ),
    "missing steps": (
        nested(x=[[[1.0]], [None]]),
        {},
        ValueError,
        "row 1 has a missing step",
    ),
    "lists and numbers": (
        nested(z=[1.0, 2.0]),
        {"values": ["x", "z"]},
        ValueError,
        "'x' and 'z' of values hold lists and single",
    ),
    "lists as a label": (
        nested(y=[[1], [2, 3]]),
        {"label": "y"},
        TypeError,
        "by step_label=",
    ),
    "a number as labels of steps": (
        nested(y=[1, 2]),
        {"step_label": "y"},
        TypeError,
        "'y' holds int64, but no lists",
    ),
    "no rows": (long()[:0], {"id": "id"}, ValueError, "There are no sequences"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_named(write, name, tmp_path):
    table, options, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        write(table, **{"values": "x", **options})
    assert [path.name for path in tmp_path.iterdir()] == ["0.parquet"]


def test_files_of_two_layouts(write):
    with pytest.raises(ValueError, match="columns of lists, others of single numbers"):
        write(LONG, NESTED, values="a", id="id")


def test_a_file_of_something_else(tmp_path):
    (tmp_path / "x.parquet").write_text("a,b")
    with pytest.raises(ValueError, match=r"x\.parquet is no Parquet file"):
        SequenceStore.from_parquet(tmp_path / "x.parquet", tmp_path / "s", values="a")
    with pytest.raises(FileNotFoundError):
        SequenceStore.from_parquet(tmp_path / "y.parquet", tmp_path / "s", values="a")


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"sklearn_seqattn\[parquet\]"):
        SequenceStore.from_parquet("x.parquet", tmp_path / "s", values="a")


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_rows_without_an_id_are_refused(tmp_path, missing):
    table = pa.table({"i": pa.array([1.0, missing, missing]), "v": [1.0, 2.0, 3.0]})
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="column 'i' has missing values"):
        SequenceStore.from_parquet(
            tmp_path / "x.parquet", tmp_path / "s", values="v", id="i"
        )
