"""Symbols, columns and the vocabulary."""

import numpy as np
import pytest

from sklearn_seqattn.next_state.streams import (
    NOTHING,
    UNSEEN,
    Vocabulary,
    make_streams,
)


def learn(states, min_count=1, before=None):
    states = np.array(states, dtype=object)
    return Vocabulary.learn(states, np.ones(len(states)), min_count, before)


def test_streams_say_what_follows():
    symbols = np.array([2, 3, 1, 4])  # (a b ?) and (c)
    last = np.array([5, NOTHING])
    streams = make_streams(symbols, np.array([3, 1]), last, has_start=True)
    assert streams.symbols.tolist() == [0, 2, 3, 1, 0, 4]
    assert streams.lengths.tolist() == [4, 2]
    assert streams.following.tolist() == [0, 1, UNSEEN, 5, 2, NOTHING]
    assert streams.scored.tolist() == [False, True, True, True, False, False]


def test_streams_without_start():
    streams = make_streams(
        np.array([2, 3]), np.array([2]), np.array([NOTHING]), has_start=False
    )
    assert streams.symbols.tolist() == [2, 3]
    assert streams.scored.tolist() == [True, False]


def test_take_keeps_the_rows_of_a_sequence_together():
    symbols = np.array([2, 3, 4, 5, 6])
    last = np.full(3, NOTHING)
    streams = make_streams(symbols, np.array([2, 0, 3]), last, has_start=True)
    taken = streams.take(np.array([2, 1]))
    assert taken.symbols.tolist() == [0, 4, 5, 6, 0]
    assert taken.following.tolist() == [2, 3, 4, NOTHING, NOTHING]


def test_continued_sequences_have_unknown_features():
    numbers = {"numbers": np.array([[5.0], [6.0], [7.0]])}
    streams = make_streams(
        np.array([2, 3, 4]),
        np.array([2, 1]),
        np.full(2, NOTHING),
        has_start=True,
        features=numbers,
    )
    longer = streams.continued(np.array([1, 0, 1]), np.array([[0, 1], [2, 2], [1, 0]]))
    assert longer.lengths.tolist() == [4, 5, 4]
    assert longer.symbols.tolist() == [0, 4, 2, 3, 0, 2, 3, 4, 4, 0, 4, 3, 2]
    expected = [0, 7, 0, 0, 0, 5, 6, 0, 0, 0, 7, 0, 0]
    assert longer.features["numbers"][:, 0].tolist() == expected
    same = streams.continued(np.array([0]), np.zeros((1, 0), dtype=int))
    assert same.symbols.tolist() == [0, 2, 3]


def test_vocabulary_drops_rare_states():
    vocabulary = learn(["b", "a", "b", "c"], min_count=2)
    assert vocabulary.states.tolist() == ["b"]
    assert vocabulary.symbols_of(np.array(["b", "a"], dtype=object)).tolist() == [2, 1]
    assert vocabulary.unknown_mass == (2 + 0.5) / (4 + 1)  # a and c are unknown


def test_unknown_mass_of_states_seen_once():
    assert learn(["b", "a", "b", "c"]).unknown_mass == (2 + 0.5) / (4 + 1)
    assert learn(["a", "a"]).unknown_mass == 0.5 / 3


def test_vocabulary_grows():
    before = learn(["b", "b", "a"], min_count=2)
    after = learn(["a", "c"], min_count=2, before=before)
    assert after.states.tolist() == ["a", "b"]
    assert after.counts.to_dict() == {"a": 2, "b": 2, "c": 1}


def test_integers_stay_integers():
    vocabulary = learn([7, 3, 7])
    assert vocabulary.states.dtype == np.int64
    assert vocabulary.symbols_of(np.array([3, 7, 9])).tolist() == [2, 3, 1]


def test_no_state_is_frequent_enough():
    with pytest.raises(ValueError, match=r"'a', occurs 2 times. Lower min_count"):
        learn(["a", "a", "b"], min_count=3)
