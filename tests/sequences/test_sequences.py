"""The validator: every container gives the same sequences, and errors say where."""

import numpy as np
import pandas as pd
import pytest
from bad_inputs import BAD_INPUTS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import BaseEstimator

from sklearn_seqattn.sequences import Sequences, check_sequences, validate_sequences
from sklearn_seqattn.sequences.array_list import ArrayList


@st.composite
def numeric_lists(draw):
    """Draw a list of arrays (T_i, D)."""
    n_channels = draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    numbers = st.floats(-1e6, 1e6, width=32)
    return [
        draw(arrays(np.float64, (n, n_channels), elements=numbers)) for n in lengths
    ]


def object_array(items):
    """Return a 1-D object array with one item an element."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def padded(items):
    """Return (n, T, D), padded with NaN at the end."""
    array = np.full((len(items), max(map(len, items)), items[0].shape[1]), np.nan)
    for row, item in zip(array, items, strict=True):
        row[: len(item)] = item
    return array


def assert_same(found, expected):
    """Compare two Sequences, dtypes included."""
    assert found.kind == expected.kind
    assert found.values.dtype == expected.values.dtype
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.lengths, expected.lengths)


# Containers --------------------------------------------------------------------------


@given(numeric_lists())
def test_containers_of_numbers_are_equivalent(X):
    expected = Sequences(np.concatenate(X), np.array([len(x) for x in X]))
    for container in [
        X,
        tuple(X),
        object_array(X),
        pd.Series(list(X)),
        [x.tolist() for x in X],
        [x.astype(object) for x in X],
        [pd.DataFrame(x) for x in X],
        padded(X),
    ]:
        assert_same(check_sequences(container), expected)
    transposed = [x.T for x in X]
    assert_same(check_sequences(transposed, channels_first=True), expected)
    swapped = padded(X).swapaxes(1, 2)
    assert_same(check_sequences(swapped, channels_first=True), expected)


@given(st.integers(1, 4), st.integers(1, 4))
def test_tables_are_univariate_sequences(n_sequences, n_steps):
    table = np.arange(n_sequences * n_steps, dtype=float).reshape(n_sequences, -1)
    expected = check_sequences(table[:, :, np.newaxis])
    assert expected.lengths.tolist() == [n_steps] * n_sequences
    for container in [
        table,
        np.asfortranarray(table),
        table.astype(int),
        table.astype(object),
        table.tolist(),
        list(table),
        pd.DataFrame(table),
        [pd.Series(row) for row in table],
    ]:
        assert_same(check_sequences(container), expected)
        assert_same(check_sequences(container, channels_first=True), expected)


@given(st.lists(st.lists(st.sampled_from(["a", "bb", "é"]), min_size=1), min_size=1))
def test_containers_of_tokens_are_equivalent(X):
    expected = np.array([token for x in X for token in x], dtype=object)
    for container in [
        X,
        [tuple(x) for x in X],
        [np.array(x) for x in X],
        [np.array(x, dtype=object) for x in X],
        [np.array(x, dtype=np.dtypes.StringDType()) for x in X],
        [pd.Series(x) for x in X],
        [pd.Series(x, dtype="category") for x in X],
        [" ".join(x) for x in X],
        np.array([" ".join(x) for x in X]),
        pd.Series(["\t".join(x) for x in X]),
        object_array(X),
    ]:
        for tokens in [None, True]:
            found = check_sequences(container, tokens=tokens)
            assert found.kind == "tokens"
            assert found.values.tolist() == expected.tolist()
            assert found.lengths.tolist() == [len(x) for x in X]


def test_tables_of_tokens():
    for table in [
        np.array([["a", "b"], ["c", "a"]]),
        np.array([["a", "b"], ["c", "a"]], dtype=object),
        pd.DataFrame({"s": ["a", "c"], "t": ["b", "a"]}),
        [["a", "b"], ["c", "a"]],
    ]:
        found = check_sequences(table)
        assert found.kind == "tokens"
        assert found.values.tolist() == ["a", "b", "c", "a"]


@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.int64, bool, float])
def test_integer_tokens(dtype):
    X = [np.array([1, 0, 1], dtype=dtype), np.array([1], dtype=dtype)]
    found = check_sequences(X, tokens=True)
    assert found.kind == "tokens"
    assert found.values.dtype == np.int64
    assert found.values.tolist() == [1, 0, 1, 1]
    assert check_sequences(X).kind == "numeric"


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["f4", "f4"], "f4"),
        (["f4", "f8"], "f8"),
        (["f2", "f2"], "f8"),
        (["i4", "f4"], "f8"),
        (["?", "u1"], "f8"),
    ],
)
def test_dtype(dtypes, expected):
    X = [np.ones((2, 3), dtype=dtype) for dtype in dtypes]
    assert check_sequences(X).values.dtype == expected
    assert check_sequences(list(map(pd.DataFrame, X))).values.dtype == expected


def test_events_keep_their_columns():
    X = [
        pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}, index=[5, 7]),
        pd.DataFrame({"a": ["x"], "b": [0.5]}),
    ]
    found = check_sequences(X)
    assert found.kind == "events"
    assert list(found.columns) == ["a", "b"]
    assert found.values["b"].tolist() == [1, 2, 0.5]
    assert found[1]["a"].tolist() == ["x"]
    assert [len(frame) for frame in found.to_list()] == [2, 1]
    taken = found.take([1, 0, 1]).joined()
    assert taken.values["a"].tolist() == ["x", "x", "y", "x"]


def test_nothing_is_copied_without_need():
    table = np.ones((3, 4))
    table.setflags(write=False)
    assert np.shares_memory(check_sequences(table).values, table)
    padded_array = np.ones((3, 4, 2), dtype=np.float32)
    padded_array.setflags(write=False)
    assert np.shares_memory(check_sequences(padded_array).values, padded_array)


# Sequences ---------------------------------------------------------------------------


@given(numeric_lists(), st.data())
def test_take_and_index(X, data):
    sequences = check_sequences(X)
    assert len(sequences) == len(X)
    indices = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1))
    taken = sequences.take(np.array(indices))
    for steps, index in zip(taken.to_list(), indices, strict=True):
        np.testing.assert_array_equal(steps, X[index])
        np.testing.assert_array_equal(sequences[index], X[index])
    assert np.shares_memory(taken[0], sequences.values)
    assert np.shares_memory(sequences[-1], sequences.values)
    np.testing.assert_array_equal(sequences[-1], X[-1])


def test_take_accepts_masks_and_no_index():
    sequences = check_sequences([[1.0], [2.0, 3.0], [4.0]])
    taken = sequences.take(np.array([True, False, True]))
    assert [steps.ravel().tolist() for steps in taken.to_list()] == [[1], [4]]
    assert len(sequences.take([])) == 0


@given(numeric_lists(), st.data())
def test_joined_has_the_own_steps_alone_and_copies_only_a_selection(X, data):
    sequences = check_sequences(X)
    assert sequences.joined() is sequences
    indices = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1))
    joined = sequences.take(indices).joined()
    expected = np.concatenate([sequences[i] for i in indices])
    np.testing.assert_array_equal(joined.values, expected)
    assert joined.joined() is joined


def test_a_selection_of_all_the_steps_in_another_order_is_joined_in_its_order():
    taken = check_sequences([[1.0, 2.0], [3.0, 4.0]]).take([1, 0])
    assert taken.joined().values.ravel().tolist() == [3, 4, 1, 2]


@given(numeric_lists(), st.data(), st.integers(1, 12), st.booleans())
def test_blocks_are_all_steps_in_order_and_bounded(X, data, n_steps, join):
    indices = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1))
    sequences = check_sequences(X, join=join).take(indices)
    blocks, rows = zip(*sequences.blocks(n_steps), strict=True)
    assert [len(block) for block in blocks[:-1]] == [n_steps] * (len(blocks) - 1)
    assert 1 <= len(blocks[-1]) <= n_steps
    expected = np.concatenate([X[i] for i in indices])
    np.testing.assert_array_equal(np.concatenate(blocks), expected)
    lengths = [len(X[i]) for i in indices]
    assert (
        np.concatenate(rows).tolist()
        == np.repeat(range(len(indices)), lengths).tolist()
    )


def test_a_block_of_one_sequence_is_no_copy():
    X = [np.ones((9, 2)), np.ones((3, 2))]
    blocks = [block for block, _ in check_sequences(X, join=False).blocks(4)]
    assert [np.shares_memory(block, X[0]) for block in blocks] == [True, True, False]


def test_few_values_are_copied_at_once():
    X = [np.ones((1000, 300))] * 3
    sizes = [block.size for block, _ in check_sequences(X, join=False).blocks()]
    assert max(sizes) <= 2**18


@given(numeric_lists())
def test_ranges_are_those_of_every_channel(X):
    sequences = check_sequences(X)
    lowest, highest = sequences.channel_ranges()
    np.testing.assert_array_equal(lowest, sequences.values.min(axis=0))
    np.testing.assert_array_equal(highest, sequences.values.max(axis=0))


# Bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make_input", "kwargs", "exception", "message"),
    [pytest.param(*row[1:], id=row[0]) for row in BAD_INPUTS],
)
def test_bad_input(make_input, kwargs, exception, message):
    with pytest.raises(exception) as caught:
        check_sequences(make_input(), **kwargs)
    assert str(caught.value) == message
    assert message.startswith("X")


def test_the_input_has_a_name():
    with pytest.raises(ValueError, match=r"^X_val\[1\] has 0 steps"):
        check_sequences([[1], []], input_name="X_val")


# Estimators --------------------------------------------------------------------------


class Stub(BaseEstimator):
    """An estimator that only validates."""

    def fit(self, X, **kwargs):
        validate_sequences(self, X, reset=True, **kwargs)
        return self

    def check(self, X, **kwargs):
        return validate_sequences(self, X, reset=False, **kwargs)


def test_tables_set_and_check_the_columns():
    table = pd.DataFrame(np.ones((3, 4)), columns=list("abcd"))
    stub = Stub().fit(table)
    assert (stub.n_features_in_, stub.input_size_) == (4, 1)
    assert stub.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names should match"):
        stub.check(table[list("dcba")])
    stub = Stub().fit(table.to_numpy())
    assert not hasattr(stub, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 3 features, but Stub is expecting 4"):
        stub.check(np.ones((2, 3)))


def test_lists_never_set_columns_unless_they_are_tables_by_hand():
    assert not hasattr(Stub().fit([np.ones(3), np.ones(3)]), "n_features_in_")
    assert not hasattr(Stub().fit(np.ones((2, 3, 1))), "n_features_in_")
    assert not hasattr(Stub().fit([[1, 2], [3]]), "n_features_in_")
    assert not hasattr(Stub().fit([[[1], [2]], [[3], [4]]]), "n_features_in_")
    stub = Stub().fit([[1, 2], [3, 4]])
    assert stub.n_features_in_ == 2
    stub.check([[1, 2, 3], [4, 5, 6]])  # rectangular by accident: not compared
    stub.check(np.ones((2, 5, 1)))


def test_a_new_fit_forgets_the_old_one():
    stub = Stub().fit(pd.DataFrame(np.ones((3, 2)), columns=["a", "b"]))
    stub.fit([["a"], ["b", "a"]])
    for attribute in ["n_features_in_", "feature_names_in_", "input_size_"]:
        assert not hasattr(stub, attribute)


@pytest.mark.parametrize(
    ("fitted", "given", "kwargs", "message"),
    [
        (
            [np.ones((2, 3))],
            [np.ones((2, 4))],
            {},
            "X has 4 channels a step, but Stub was fitted on 3; pass the same "
            "channels.",
        ),
        (
            np.ones((2, 3)),
            np.ones((2, 3, 2)),
            {},
            "X has 2 channels a step, but Stub was fitted on 1; pass the same "
            "channels.",
        ),
        (
            [[1.0]],
            [["a"]],
            {},
            "X holds strings (tokens), but Stub was fitted on numbers; pass the same "
            "kind of sequences.",
        ),
        (
            [["a"]],
            [[1]],
            {"tokens": True},
            "X holds integers (tokens), but Stub was fitted on strings (tokens); pass "
            "the same kind of sequences.",
        ),
        (
            [pd.DataFrame({"a": ["x"]})],
            [pd.DataFrame({"a": [1]})],
            {},
            "X holds numbers, but Stub was fitted on events with categories or dates; "
            "pass the same kind of sequences.",
        ),
        (
            [pd.DataFrame({"a": [1], "b": [2]})],
            [pd.DataFrame({"b": [2], "a": [1]})],
            {},
            "X has the columns ['b', 'a'], but Stub was fitted on ['a', 'b']; pass the "
            "same columns in the same order.",
        ),
    ],
)
def test_input_unlike_that_of_the_fit(fitted, given, kwargs, message):
    stub = Stub().fit(fitted, **kwargs)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (compared below)
        stub.check(given, **kwargs)
    assert str(caught.value) == message


# ArrayList ---------------------------------------------------------------------------


@given(numeric_lists())
def test_unjoined_lists_are_not_copied_and_say_the_same(X):
    unjoined, joined = check_sequences(X, join=False), check_sequences(X)
    assert isinstance(unjoined.values, ArrayList)
    assert all(
        np.shares_memory(steps, x) or steps.dtype != x.dtype
        for steps, x in zip(unjoined.to_list(), X, strict=True)
    )
    assert unjoined.values.shape == joined.values.shape
    assert len(unjoined.values) == len(joined.values)
    assert unjoined.values.dtype == joined.values.dtype
    np.testing.assert_array_equal(unjoined.joined().values, joined.values)
    for steps, expected in zip(unjoined.to_list(), joined.to_list(), strict=True):
        assert steps.dtype == expected.dtype
        np.testing.assert_array_equal(steps, expected)


def test_numbers_of_several_types_are_read_as_one():
    X = [np.array([1, 2]), np.array([0.5], np.float32), np.array([True])]
    found = check_sequences(X, join=False).to_list()
    assert [steps.dtype for steps in found] == 3 * [np.float64]
    assert [steps.ravel().tolist() for steps in found] == [[1, 2], [0.5], [1]]
