from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.attention_lstm.training_data import (
    LabeledSequences,
    canonical_rows,
)
from sklearn_seqattn.sequences import check_sequences

numbers = st.sampled_from([0.0, 1.0, 2.5])
rows_of_sets = st.lists(
    st.tuples(st.lists(numbers, min_size=1, max_size=3), st.integers(0, 1)),
    min_size=1,
    max_size=12,
)


def as_frame(values):
    names = {0.0: "a", 1.0: "b", 2.5: "ab"}
    return pd.DataFrame({"name": [names[v] for v in values], "value": values})


CONTAINERS = {
    "numbers": lambda values: np.array(values),
    "channels": lambda values: np.array([[v, 2 * v] for v in values]),
    "words": lambda values: [{0.0: "a", 1.0: "b", 2.5: "ab"}[v] for v in values],
    "events": as_frame,
}


def canonical(rows, kind="numbers", weights=None):
    """Give the canonical rows as (sequence, target, weight)."""
    X = check_sequences([CONTAINERS[kind](values) for values, _ in rows])
    y = np.array([target for _, target in rows])
    weights = np.ones(len(rows)) if weights is None else np.asarray(weights, float)
    kept, summed = canonical_rows(X, y, weights)
    return [
        (tuple(rows[i][0]), rows[i][1], weight)
        for i, weight in zip(kept, summed, strict=True)
    ]


@pytest.mark.parametrize("kind", CONTAINERS)
@given(rows_of_sets, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_does_not_matter_and_equal_rows_are_merged(kind, rows, random):
    found = canonical(rows, kind)
    shuffled = random.sample(rows, len(rows))
    assert canonical(shuffled, kind) == found
    content = [(values, target) for values, target, _ in found]
    assert len(set(content)) == len(content)
    expected = {}
    for values, target in rows:
        key = (tuple(values), target)
        expected[key] = expected.get(key, 0) + 1
    assert {(v, t): weight for v, t, weight in found} == expected


@given(rows_of_sets, st.lists(st.integers(1, 4), min_size=12, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_weight_of_k_is_k_copies(rows, counts):
    counts = counts[: len(rows)]
    copies = [
        row for row, count in zip(rows, counts, strict=True) for _ in range(count)
    ]
    assert canonical(rows, weights=counts) == canonical(copies)


def test_the_same_steps_cut_elsewhere_are_other_sequences():
    rows = [([0.0, 1.0], 0), ([0.0], 0), ([1.0], 0), ([0.0, 1.0, 0.0], 0)]
    assert len(canonical(rows)) == 4


def test_words_are_told_apart_where_they_end():
    X = check_sequences([["ab", "c"], ["a", "bc"], ["abc"]])
    assert len(canonical_rows(X, np.zeros(3), np.ones(3))[0]) == 3


def test_equal_sequences_with_other_targets_stay_apart():
    assert len(canonical([([1.0], 0), ([1.0], 1)])) == 2


def test_several_targets_are_compared_together():
    X = check_sequences([[1.0], [1.0], [1.0]])
    y = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]])
    rows, weights = canonical_rows(X, y, np.array([1.0, 10.0, 100.0]))
    assert dict(zip(rows.tolist(), weights.tolist(), strict=True)) == {0: 101, 1: 10}


def test_columns_of_events_are_told_apart():
    X = check_sequences(
        [pd.DataFrame({"a": ["x"], "b": ["y"]}), pd.DataFrame({"a": ["y"], "b": ["x"]})]
    )
    assert len(canonical_rows(X, np.zeros(2), np.ones(2))[0]) == 2


def test_categories_are_compared_by_value_and_not_by_code():
    frames = [
        pd.DataFrame({"a": pd.Categorical(["x"], categories=categories)})
        for categories in (["x", "y"], ["y", "x"])
    ]
    X = check_sequences(frames)
    assert len(canonical_rows(X, np.zeros(2), np.ones(2))[0]) == 1


def order_of(X, y=(0.0, -0.0, 1.0)):
    """Return the canonical order of three sequences."""
    rows, _ = canonical_rows(check_sequences(X, join=False), np.array(y), np.ones(3))
    return rows.tolist()


NUMBERS = [
    np.array([[1.0], [-0.0]]),
    np.array([[2.0], [0.0]]),
    np.array([[1.0], [3.0]]),
]


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", ">f8", "i1", "u8", "g", "O"])
def test_the_order_does_not_depend_on_the_dtype(dtype):
    changed = [x.astype(dtype) for x in NUMBERS]
    assert order_of(changed) == order_of(NUMBERS)
    assert order_of([changed[0], *NUMBERS[1:]]) == order_of(NUMBERS)


@pytest.mark.parametrize("dtype", ["f4", ">f8", "i8", ">i2"])
def test_the_order_does_not_depend_on_the_dtype_of_targets(dtype):
    X, y = [[1.0]] * 3, np.array([4, 2, -3])
    assert order_of(X, y.astype(dtype)) == order_of(X, y)
    assert order_of(X, -0.0 * y.astype(float)) == [0]


@pytest.mark.parametrize("numbers", ["f4", "i8", "Int64", "Float32", "float[pyarrow]"])
@pytest.mark.parametrize("names", ["str", "category", "string[pyarrow]"])
def test_the_order_of_events_does_not_depend_on_dtypes(numbers, names):
    frames = [
        pd.DataFrame({"v": [1.0, v], "name": ["a", name]})
        for v, name in [(0.0, "b"), (-0.0, "c"), (2.0, "b")]
    ]
    changed = [frame.astype({"v": numbers, "name": names}) for frame in frames]
    assert order_of(changed) == order_of(frames)


def test_long_sequences_are_hashed_in_blocks_of_any_memory_order():
    X = [np.random.default_rng(i).normal(size=(70_000, 4)) for i in range(3)]
    expected = order_of(X)
    assert order_of([np.asfortranarray(x) for x in X]) == expected
    X[0][-1, -1] += 1
    assert order_of([X[0], X[0].copy(), X[0].copy()], [0, 0, 0]) == [0]
    assert len(order_of([X[0], X[0] + np.eye(70_000, 4), X[1]], [0, 0, 0])) == 3


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ab")), min_size=1))
def test_static_values_are_part_of_a_row(rows):
    ages, kinds = zip(*rows, strict=True)
    static = pd.DataFrame({"age": [*map(float, ages)], "kind": pd.Categorical(kinds)})
    X = replace(check_sequences([[1.0, 2.0]] * len(rows)), static=static)
    ones = np.ones(len(rows))
    kept, weights = canonical_rows(X, np.zeros(len(rows)), ones)
    found = {rows[i]: weight for i, weight in zip(kept, weights, strict=True)}
    assert found == Counter(rows)
    data = LabeledSequences(X, np.zeros(len(rows)), ones)
    other = replace(data, sequences=replace(X, static=static.assign(age=7.0)))
    same = replace(data, sequences=replace(X, static=static.copy()))
    assert data.digests() == same.digests()
    assert data.digests()["X"] != other.digests()["X"]


@pytest.mark.parametrize(
    "as_container", [list, lambda x: pd.DataFrame({"n": x}, dtype=object)]
)
def test_a_text_without_a_form_in_utf_8_is_refused_by_name(as_container):
    X = check_sequences([as_container(["a", "\ud800"]), as_container(["a"])])
    with pytest.raises(ValueError, match=r"X has the text '\\ud800', .* in UTF-8"):
        canonical_rows(X, np.array([0, 1]), np.ones(2))
