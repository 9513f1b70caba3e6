"""Features of windows, by hand and against a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.windows.features import (
    NumberWindows,
    TokenWindows,
    describe_token,
)

lengths_of_sets = st.lists(st.integers(1, 6), min_size=1, max_size=5)
sizes = st.integers(0, 3)


@given(lengths_of_sets, sizes, st.integers(0, 99))
def test_windows_of_numbers_end_with_their_sequence(lengths, size, seed):
    steps = np.random.default_rng(seed).normal(size=(sum(lengths), 2))
    rows = np.arange(sum(lengths))
    found = NumberWindows(size).transform(steps, np.array(lengths), rows)
    expected = []
    for one in np.split(steps, np.cumsum(lengths)[:-1]):
        padded = np.pad(one, ((size, size), (0, 0)), mode="edge")
        for t in range(len(one)):
            window = padded[t : t + 2 * size + 1]
            expected.append(np.append(window, window.std(axis=0)))
    np.testing.assert_allclose(found, expected)
    some = rows[::2]
    part = NumberWindows(size).transform(steps, np.array(lengths), some)
    np.testing.assert_allclose(part, found[some])


@given(lengths_of_sets, sizes, st.integers(0, 99))
def test_windows_of_tokens_have_the_indicators_of_each_word(lengths, size, seed):
    words = np.random.default_rng(seed).choice(["a", "Bob", "c-3"], sum(lengths))
    words, rows = words.astype(object), np.arange(sum(lengths))
    features = TokenWindows(size).fit(words, np.array(lengths), rows)
    found = features.transform(words, np.array(lengths), rows).toarray()
    terms = [*features.counter_.get_feature_names_out(), "outside"]
    expected = []
    for one in np.split(words, np.cumsum(lengths)[:-1]):
        for t in range(len(one)):
            row = []
            for s in range(t - size, t + size + 1):
                inside = 0 <= s < len(one)
                has = set(describe_token(one[s])) if inside else {"outside"}
                row += [float(term in has) for term in terms]
            expected.append(row)
    np.testing.assert_array_equal(found, np.array(expected)[:, features.kept_])


def test_what_a_single_step_has_is_no_feature():
    words = np.array(["a", "a", "b"], dtype=object)
    features = TokenWindows(0).fit(words, np.array([3]), np.arange(3))
    found = features.transform(words, np.array([3]), np.arange(3)).toarray()
    assert (found.sum(axis=0) >= 2).all()
    alone = TokenWindows(0).fit(np.array([7]), np.array([1]), np.arange(1))
    assert alone.transform(np.array([7]), np.array([1]), np.arange(1)).sum() == 1


def test_a_window_of_unknown_words_knows_where_a_sequence_ends():
    words = np.array(["a", "b"] * 3, dtype=object)
    features = TokenWindows(1).fit(words, np.array([2, 2, 2]), np.arange(6))
    new = np.array([1, 2, 3], dtype=object)
    found = features.transform(new, np.array([3]), np.arange(3)).toarray()
    assert found.sum(axis=1).tolist() == [1, 0, 1]


def test_indicators():
    assert describe_token("A") == ["=a", "#X", "@X", "+1"]
    assert describe_token("ABc9") == [
        *("=abc9", "^abc", "^ab", "^a", "$bc9", "$c9", "$9", "#Xx9", "@XXx9", "+4")
    ]
    long = describe_token("Encyclopedia")
    assert long[-3:] == ["#Xx", "@Xxxxxxxx", "+10"]
    assert {"^ency", "$edia"} <= set(long)
    assert describe_token(12) == ["=12"]
