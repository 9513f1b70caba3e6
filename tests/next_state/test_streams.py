"""Symbols, columns and the vocabulary."""

import numpy as np

from sklearn_seqattn.next_state.streams import (
    NOTHING,
    UNSEEN,
    make_streams,
)


def test_streams_say_what_follows():
    ids = np.array([2, 3, 1, 4])  # (a b ?) and (c)
    last = np.array([5, NOTHING])
    streams = make_streams(ids, np.array([3, 1]), last, has_start=True)
    assert streams.ids.tolist() == [0, 2, 3, 1, 0, 4]
    assert streams.lengths.tolist() == [4, 2]
    assert streams.following.tolist() == [0, 1, UNSEEN, 5, 2, NOTHING]
    assert streams.scored.tolist() == [False, True, True, True, False, False]


def test_streams_without_start():
    streams = make_streams(
        np.array([2, 3]), np.array([2]), np.array([NOTHING]), has_start=False
    )
    assert streams.ids.tolist() == [2, 3]
    assert streams.scored.tolist() == [True, False]


def test_take_keeps_the_rows_of_a_sequence_together():
    ids = np.array([2, 3, 4, 5, 6])
    last = np.full(3, NOTHING)
    streams = make_streams(ids, np.array([2, 0, 3]), last, has_start=True)
    taken = streams.take(np.array([2, 1]))
    assert taken.ids.tolist() == [0, 4, 5, 6, 0]
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
    assert longer.ids.tolist() == [0, 4, 2, 3, 0, 2, 3, 4, 4, 0, 4, 3, 2]
    expected = [0, 7, 0, 0, 0, 5, 6, 0, 0, 0, 7, 0, 0]
    assert longer.features["numbers"][:, 0].tolist() == expected
    same = streams.continued(np.array([0]), np.zeros((1, 0), dtype=int))
    assert same.ids.tolist() == [0, 2, 3]
