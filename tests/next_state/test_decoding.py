"""Narrowing of distributions, drawing and beam search."""

import numpy as np
import pytest

from sklearn_seqattn.next_state.decoding import (
    Continuations,
    beam_search,
    draw,
    narrow,
)
from sklearn_seqattn.next_state.streams import NOTHING, make_streams
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID

# Three states; the last is the end in some tests. Rows by the last id seen.
CHAIN = np.log(np.array([[0.6, 0.4, 1e-9], [1e-9, 0.1, 0.9], [0.31, 0.29, 0.4]]))


def chain_from(*states):
    """Return the continuations of a first-order chain that is in some states."""
    ids = np.array(states) + FIRST_ID
    ones, last = np.ones(len(ids), dtype=int), np.full(len(ids), NOTHING)
    streams = make_streams(ids, ones, last, has_start=False)
    return Continuations(
        streams,
        lambda streams: CHAIN[streams.ids[np.cumsum(streams.lengths) - 1] - FIRST_ID],
    )


def test_temperature():
    flat = narrow(np.log([[0.9, 0.1]]), temperature=1e9)
    sharp = narrow(np.log([[0.9, 0.1]]), temperature=1e-3)
    np.testing.assert_allclose(flat, [[0.5, 0.5]])
    np.testing.assert_allclose(sharp, [[1.0, 0.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [(0.5, [1, 0, 0]), (0.6, [0.625, 0.375, 0]), (1.0, [0.5, 0.3, 0.2])],
)
def test_top_p_keeps_the_fewest(top_p, expected):
    found = narrow(np.log([[0.5, 0.3, 0.2]]), top_p=top_p)
    np.testing.assert_allclose(found, [expected])


def test_draws_have_the_right_frequencies():
    drawn = draw(chain_from(0), 4000, 1, None, np.random.RandomState(0))
    share = np.mean([columns[0] == 0 for columns in drawn])
    assert share == pytest.approx(0.6, abs=0.03)


def test_draws_stop_at_the_end():
    generator = np.random.RandomState(0)
    drawn = draw(chain_from(1), 200, 5, 2, generator)
    assert {len(columns) for columns in drawn} >= {0, 1}
    assert all((columns != 2).all() for columns in drawn)


def test_beam_search_finds_the_better_path():
    # Greedy from 0: 0 then 0 (0.36); through 1: 0.4 * 0.9 to state 2 is as good,
    # and in three steps 0.4 * 0.9 * 0.4 = 0.144 < 0.216; end after 2 makes it 0.36.
    greedy, _ = beam_search(chain_from(0), 3, 1, 2)
    best, steps = beam_search(chain_from(0), 3, 4, 2)
    assert greedy.tolist() == [[0, 0, 0]]
    assert best.tolist() == [[1, 2, 2]]
    np.testing.assert_allclose(np.exp(steps), [[0.4, 0.9, 1.0]])


def test_a_wide_beam_is_exhaustive():
    best, steps = beam_search(chain_from(0, 2), 3, 27, None)
    for i, start in enumerate([0, 2]):
        every = {
            (a, b, c): CHAIN[start, a] + CHAIN[a, b] + CHAIN[b, c]
            for a in range(3)
            for b in range(3)
            for c in range(3)
        }
        assert tuple(best[i]) == max(every, key=every.get)
        assert steps[i].sum() == pytest.approx(max(every.values()))


def test_all_paths_may_have_ended():
    best, steps = beam_search(chain_from(1), 4, 1, 2)
    assert best.tolist() == [[2, 2, 2, 2]]
    np.testing.assert_allclose(np.exp(steps), [[0.9, 1, 1, 1]])


def test_continuations_grow_without_changing():
    before = chain_from(0, 1)
    after = before.grow(np.array([1, 1, 0]), np.array([2, 0, 0]))
    np.testing.assert_array_equal(after.log_proba(), CHAIN[[2, 0, 0]])
    np.testing.assert_array_equal(before.log_proba(), CHAIN[[0, 1]])
    assert after.streams.lengths.tolist() == [2, 2, 2]
