import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import SequenceStore
from sklearn_seqattn.sequences import check_sequences, mapped_rows, stored_steps
from sklearn_seqattn.sequences.array_list import blocks_of

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 2)) for n in RNG.integers(1, 9, 12)]
Y = np.arange(12) % 3


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores") / "numbers"
    return SequenceStore.from_generator(zip(X, Y, strict=True), folder, labeled=True)


def same(found, expected):
    """Return whether sequences are equal in shape, dtype and every bit."""
    return len(found) == len(expected) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "?", ">f4", "f2"])
@pytest.mark.parametrize("n_channels", [None, 1, 3])
def test_what_is_stored_comes_back(dtype, n_channels, tmp_path):
    shapes = [(n,) if n_channels is None else (n, n_channels) for n in (3, 1, 5)]
    arrays = [RNG.integers(0, 2, shape).astype(dtype) for shape in shapes]
    store = SequenceStore.from_generator(arrays, tmp_path / "store")
    little = [array.astype(array.dtype.newbyteorder("<")) for array in arrays]
    assert same(list(store), little)
    assert store.n_channels == n_channels
    assert store.dtype == little[0].dtype
    assert store.lengths.tolist() == [3, 1, 5]
    assert store.labels is None
    assert store.ids is None
    assert not store[0].flags.writeable or store[0].base is None
    read, expected = check_sequences(store, join=False), check_sequences(little)
    assert same(read.to_list(), expected.to_list())


@given(
    st.one_of(
        st.lists(st.integers(-12, 11)),
        st.lists(st.booleans(), min_size=12, max_size=12).map(np.array),
        st.slices(12),
        st.lists(st.integers(0, 11)).map(lambda rows: np.array(rows, dtype=np.int32)),
    )
)
def test_a_part_has_the_rows_that_numpy_takes(store, key):
    rows = np.arange(12)[key]
    part = store[key]
    assert isinstance(part, SequenceStore)
    assert same(list(part), [X[row] for row in rows])
    assert part.labels.tolist() == Y[rows].tolist()
    assert part.shape == (len(rows),)
    again = part[::-1]
    assert same(list(again), [X[row] for row in rows[::-1]])


def test_one_sequence_is_an_array(store):
    for row in (0, -1, np.int64(3)):
        assert same([store[row]], [X[row]])
    with pytest.raises(IndexError):
        store[12]
    with pytest.raises(IndexError, match="one axis"):
        store[np.array([[0, 1]])]
    with pytest.raises(IndexError):
        store[["a"]]


def test_a_part_reads_nothing(store, monkeypatch):
    monkeypatch.setattr(mapped_rows.MappedRows, "read", None)
    part = store[[3, 4]][1:]
    assert part.lengths.tolist() == [len(X[4])]
    assert pickle.loads(pickle.dumps(part)).folder == store.folder


def test_a_pickle_holds_the_path_alone(tmp_path):
    store = SequenceStore.from_generator([np.ones((1000, 9))] * 50, tmp_path / "store")
    stored = pickle.dumps(store)
    assert len(stored) < 2000
    assert same(list(pickle.loads(stored)[:2]), list(store[:2]))


def test_labels_of_steps_are_an_array_for_each_sequence(tmp_path):
    labels = [np.arange(len(x)) for x in X]
    pairs = zip(X, labels, strict=True)
    store = SequenceStore.from_generator(pairs, tmp_path / "store", labeled=True)
    assert [one.tolist() for one in store[[2, 0]].labels] == [
        labels[2].tolist(),
        labels[0].tolist(),
    ]


def test_strings_are_labels(tmp_path):
    pairs = [([1.0, 2.0], "up"), ([3.0], "downwards")]
    store = SequenceStore.from_generator(pairs, tmp_path / "store", labeled=True)
    assert store.labels.tolist() == ["up", "downwards"]
    assert repr(store).startswith("<SequenceStore of 2 sequences, 3 steps, float64")


def test_sequences_beyond_the_mapped_parts_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped_rows, "WINDOW", 4096)
    monkeypatch.setattr(stored_steps, "_COPIED_BELOW", 0)
    lengths = [1, 900, 5, 1, 3000, 400, 2, 7, 500, 90]
    arrays = [RNG.normal(size=(n, 1)) for n in lengths]
    store = SequenceStore.from_generator(arrays, tmp_path / "store")
    for order in (range(10), range(9, -1, -1), RNG.permutation(10)):
        assert same([store[i] for i in order], [arrays[i] for i in order])
    assert len(store._files.values._windows) <= 4


@pytest.mark.parametrize("copied_below", [0, 2**16])
def test_blocks_of_a_part_are_those_of_a_list(store, copied_below, monkeypatch):
    monkeypatch.setattr(stored_steps, "_COPIED_BELOW", copied_below)
    rows = [5, 0, 0, 11]
    read = check_sequences(store[rows], join=False)
    expected = check_sequences([X[row] for row in rows], join=False)
    found, wanted = (
        list(blocks_of(x.values, x.starts, x.starts + x.lengths, 4))
        for x in (read, expected)
    )
    assert same(found, wanted)


def test_missing_values_are_named_by_sequence_and_step(tmp_path, monkeypatch):
    arrays = [np.ones((50, 2), np.float32) for _ in range(20)]
    arrays[13][7, 1] = np.nan
    store = SequenceStore.from_generator(arrays, tmp_path / "store")
    for x in (store, arrays):
        with pytest.raises(ValueError, match=r"X\[13\] contains NaN at step 7, chan"):
            check_sequences(x, join=False)
    assert len(check_sequences(store, join=False, allow_nan=True)) == 20
    monkeypatch.setattr("sklearn_seqattn.sequences.array_list._VALUES_AT_ONCE", 10)
    with pytest.raises(ValueError, match=r"X\[3\] contains NaN at step 7, channel 1"):
        check_sequences(store[10:], join=False)


def test_integers_are_numbers_or_tokens(tmp_path):
    states = [np.array([3, 1, 2], np.int32), np.array([7], np.int32)]
    store = SequenceStore.from_generator(states, tmp_path / "states")
    numbers = check_sequences(store, join=False)
    assert (numbers.kind, numbers.values.dtype) == ("numeric", np.float64)
    tokens = check_sequences(store[::-1], tokens=True)
    assert tokens.values.tolist() == [7, 3, 1, 2]
    assert tokens.values.dtype == np.int64
    two = SequenceStore.from_generator([np.ones((2, 2), int)], tmp_path / "two")
    with pytest.raises(TypeError, match="X has channels or columns"):
        check_sequences(two, tokens=True)
    halves = SequenceStore.from_generator([[0.5]], tmp_path / "halves")
    with pytest.raises(ValueError, match=r"X\[0\] holds 0.5 at step 0, but tokens"):
        check_sequences(halves, tokens=True)


def test_numbers_are_not_read_at_once(store):
    with pytest.raises(TypeError, match=r"pass a list .* such as list\(X\[:1000\]\)"):
        check_sequences(store)


def test_an_empty_part_is_refused(store):
    with pytest.raises(ValueError, match="0 sample"):
        check_sequences(store[:0], join=False)


BAD = {
    "nothing": ([], ValueError, "There are no sequences"),
    "a scalar": ([1.0], TypeError, r"sequence 0 is of type float"),
    "text": (["a b"], TypeError, "sequence 0"),
    "strings": ([["a", "b"]], TypeError, "encode tokens as integers first"),
    "objects": ([np.array([None, 1.0])], TypeError, "object"),
    "complex": ([np.ones(3, complex)], TypeError, "complex128"),
    "an empty one": ([[1.0], []], ValueError, "sequence 1 has shape"),
    "three axes": ([np.ones((2, 2, 2))], ValueError, r"sequence 0 has shape \(2, 2, 2"),
    "other channels": ([np.ones((2, 2)), np.ones((2, 3))], ValueError, "same channels"),
    "other axes": ([np.ones((2, 1)), np.ones(2)], ValueError, "same channels"),
    "another dtype": ([np.ones(2, "f4"), np.ones(2)], ValueError, "to one dtype first"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_stored_is_named_and_leaves_nothing(name, tmp_path):
    sequences, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        SequenceStore.from_generator(sequences, tmp_path / "store")
    assert not list(tmp_path.iterdir())


BAD_LABELS = {
    "no pair": ([[1.0, 2.0, 3.0]], TypeError, "sequence 0 is no pair"),
    "mixed": ([([1.0], "a"), ([1.0], 2)], TypeError, "all be strings, numbers or"),
    "objects": ([([1.0], {})], TypeError, "strings, numbers or dates"),
    "too few": ([([1.0, 2.0], [1])], ValueError, "sequence 0 has 2 steps, but labels"),
    "words": ([([1.0], ["a"])], TypeError, "encode others first"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_labels_that_cannot_be_stored_are_named(name, tmp_path):
    pairs, kind, message = BAD_LABELS[name]
    with pytest.raises(kind, match=message):
        SequenceStore.from_generator(pairs, tmp_path / "store", labeled=True)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_generator_leaves_nothing(tmp_path):
    def broken():
        yield [1.0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SequenceStore.from_generator(broken(), tmp_path / "store")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_not_overwritten(store):
    with pytest.raises(FileExistsError, match="exists; give another folder"):
        SequenceStore.from_generator([[1.0]], store.folder)


def test_a_label_that_is_missing_is_named(tmp_path):
    pairs = [([1.0, 2.0], "a"), ([1.0], None)]
    with pytest.raises(ValueError, match=r"1.* has no label \(None\)"):
        SequenceStore.from_generator(iter(pairs), tmp_path / "s", labeled=True)
    assert not (tmp_path / "s").exists()
