"""Stores whose files are not what they should be are refused, before they are read."""

import json
import pickle
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, SequenceStore
from sklearn_seqattn.sequences import check_sequences

X = [np.arange(6.0).reshape(3, 2) + i for i in range(8)]
NAMES = ["ids.npy", "labels.npy", "offsets.npy", "store.json", "values.npy"]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("good")
    table = pa.table(
        {
            "id": np.repeat(np.arange(8), 3),
            "a": np.arange(24.0),
            "b": np.arange(24.0),
            "y": np.repeat(np.arange(8) % 2, 3),
        }
    )
    parquet.write_table(table, folder / "table.parquet")
    return SequenceStore.from_parquet(
        folder / "table.parquet",
        folder / "store",
        values=["a", "b"],
        id="id",
        label="y",
    ).folder


@pytest.fixture
def folder(good, tmp_path):
    return shutil.copytree(good, tmp_path / "store")


def test_a_store_has_these_files_and_opens(folder):
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert len(SequenceStore.open(str(folder))) == 8


def test_what_is_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no store at"):
        SequenceStore.open(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"is no store: it has no file store\.json"):
        SequenceStore.open(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="is no store"):
        SequenceStore.open(tmp_path / "file")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=name):
        SequenceStore.open(folder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [0, 3, 60, -1])
def test_a_truncated_file(folder, name, kept):
    path = folder / name
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=name):
        SequenceStore.open(folder)


@pytest.mark.parametrize("name", NAMES[:3] + NAMES[4:])
def test_a_longer_file(folder, name):
    with (folder / name).open("ab") as file:
        file.write(b"0")
    with pytest.raises(ValueError, match="bytes instead of"):
        SequenceStore.open(folder)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("values.npy", np.ones((23, 2))),
        ("values.npy", np.ones((24, 0))),
        ("values.npy", np.ones((24, 2, 1))),
        ("values.npy", np.asfortranarray(np.ones((24, 2)))),
        ("values.npy", np.ones((24, 2), complex)),
        ("values.npy", np.array([["a", "b"]] * 24)),
        ("values.npy", np.array([[None, 1]] * 24)),
        ("values.npy", np.zeros(24, [("a", "f8")])),
        ("labels.npy", np.arange(7)),
        ("labels.npy", np.arange(8)[:, None]),
        ("labels.npy", np.array([None] * 8)),
        ("ids.npy", np.arange(9)),
        ("ids.npy", np.array([{}] * 8)),
        ("offsets.npy", np.arange(0, 25, 3.0)),
        ("offsets.npy", np.arange(0, 25, 3)[:, None]),
        ("offsets.npy", np.arange(3, 28, 3)),
        ("offsets.npy", np.array([0, 6, 3, 9, 12, 15, 18, 21, 24])),
        ("offsets.npy", np.array([0, 3, 3, 9, 12, 15, 18, 21, 24])),
        ("offsets.npy", np.arange(0, 49, 6)),
        ("offsets.npy", np.array([0, -3, 3, 9, 12, 15, 18, 21, 24])),
        ("offsets.npy", np.array([0])),
        ("offsets.npy", np.array([], int)),
    ],
)
def test_an_array_that_does_not_belong_there(folder, name, array):
    np.save(folder / name, array, allow_pickle=True)
    with pytest.raises(ValueError, match=r"\.npy|no sequences"):
        SequenceStore.open(folder)


@pytest.mark.parametrize(
    "about",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        "\ud800".encode("utf-16", "surrogatepass"),
        '{"format": "zip"}',
        {"version": 2},
        {"version": True},
        {"version": "1"},
        {"labels_of": "rows"},
        {"labels_of": None},
        {"has_ids": 1},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_description_that_is_none(folder, about):
    path = folder / "store.json"
    if isinstance(about, dict):
        about = json.dumps(json.loads(path.read_text()) | about)
    path.write_bytes(about if isinstance(about, bytes) else about.encode())
    with pytest.raises(ValueError, match="store"):
        SequenceStore.open(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_other_byte_is_refused_or_read(good, folder, name, data):
    """No byte of a file makes the reader crash, or return sequences of other sizes."""
    content = bytearray((good / name).read_bytes())
    place = data.draw(st.integers(0, min(len(content), 200) - 1))
    content[place] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content)
    try:
        store = SequenceStore.open(folder)
        shapes = [x.shape for x in store]
    except ValueError:
        shapes = None
    finally:
        shutil.copy(good / name, folder / name)
    assert shapes is None or sum(shape[0] for shape in shapes) == 24


def test_a_change_after_opening_is_found_before_work(folder):
    store = SequenceStore.open(folder)
    pickled = pickle.dumps(store)
    values = np.load(folder / "values.npy")
    np.save(folder / "values.npy", values[:-1])
    for read in (
        lambda: check_sequences(store, join=False),
        lambda: AttentionLSTMClassifier().fit(store, store.labels),
    ):
        with pytest.raises(ValueError, match="has changed since the store was opened"):
            read()
    with pytest.raises(ValueError, match="rows"):
        pickle.loads(pickled)
    np.save(folder / "values.npy", values + 1)
    with pytest.raises(ValueError, match="has changed since it was pickled"):
        pickle.loads(pickled)


def test_a_file_that_became_shorter_is_not_read_beyond_its_end(folder):
    store = SequenceStore.open(folder)
    with (folder / "values.npy").open("r+b") as file:
        file.truncate(64)
    with pytest.raises(ValueError, match="has become shorter"):
        store[7]


def test_a_removed_store_is_found_before_work(folder):
    store = SequenceStore.open(folder)
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="has changed"):
        check_sequences(store, join=False)
