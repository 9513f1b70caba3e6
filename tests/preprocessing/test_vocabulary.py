"""The states that have an id, and their counts."""

import numpy as np
import pytest

from sklearn_seqattn.preprocessing.vocabulary import Vocabulary


def learn(states, min_count=1, before=None):
    states = np.array(states, dtype=object)
    return Vocabulary.learn(states, np.ones(len(states)), min_count, before)


def test_vocabulary_drops_rare_states():
    vocabulary = learn(["b", "a", "b", "c"], min_count=2)
    assert vocabulary.states.tolist() == ["b"]
    assert vocabulary.ids_of(np.array(["b", "a"], dtype=object)).tolist() == [2, 1]
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
    assert vocabulary.ids_of(np.array([3, 7, 9])).tolist() == [2, 3, 1]


def test_no_state_is_frequent_enough():
    with pytest.raises(ValueError, match=r"'a', has 2. Lower min_count"):
        learn(["a", "a", "b"], min_count=3)


def test_states_of_small_weight_are_kept_unless_they_must_be_frequent():
    states, weights = np.array(["a", "b", "a"], dtype=object), np.array([1.5, 0.5, 0.5])
    assert Vocabulary.learn(states, weights).states.tolist() == ["a", "b"]
    assert Vocabulary.learn(states, weights, 2).states.tolist() == ["a"]


def test_a_long_state_does_not_widen_the_others():
    states = np.array(["x" * 10_000, *map(str, range(1000))], dtype=object)
    vocabulary = Vocabulary.learn(states)
    assert vocabulary.states.nbytes < 10_000
    np.testing.assert_array_equal(
        np.sort(vocabulary.ids_of(states)), 2 + np.arange(1001)
    )
