"""Earlier steps of a sequence as observations: a slow reference, and what they do."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn import Counts, NextStateLSTM
from sklearn_seqattn.next_state import cache
from sklearn_seqattn.next_state.cache import (
    MAX_COMMON,
    earlier_steps,
    find_cache_weights,
    with_cache,
)
from sklearn_seqattn.next_state.streams import StateStreams
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID, PADDING_ID, UNKNOWN_ID

N_STATES = 3
WEIGHTS = np.arange(1.0, 2.0 + MAX_COMMON)


def streams_of(sequences):
    """Lay sequences of columns out as streams; -1 is an unknown state."""
    whole = [
        [PADDING_ID, *(UNKNOWN_ID if c < 0 else c + FIRST_ID for c in s)]
        for s in sequences
    ]
    lengths = np.array([len(s) for s in whole])
    return StateStreams(np.concatenate(whole), lengths, None, True)


def in_common(states, now, then):
    """Count the states before two steps, and at them, that are the same."""
    n = 0
    while n < min(then + 1, MAX_COMMON) and states[now - n] == states[then - n]:
        n += 1
    return n


def slowly(proba, streams):
    """Do `with_cache` one pair of steps at a time."""
    proba, ends = proba.copy(), np.cumsum(streams.lengths)
    for start, end in zip(ends - streams.lengths, ends, strict=True):
        states = streams.ids[start:end]
        for now in range(len(states)):
            for then in range(now):
                column = states[then + 1] - FIRST_ID
                if column >= 0:
                    weight = WEIGHTS[in_common(states, now, then)]
                    proba[start + now, column] += weight
    return proba / proba.sum(axis=1, keepdims=True)


sequences = st.lists(
    st.lists(st.integers(-1, N_STATES - 1), max_size=12), min_size=1, max_size=4
)


@settings(max_examples=50, deadline=None)
@given(sequences, st.randoms(use_true_random=False), st.sampled_from([1, 5, 2**18]))
def test_it_is_an_urn(sequences, random, n_pairs):
    streams = streams_of(sequences)
    n = len(streams.ids)
    generator = np.random.RandomState(random.randint(0, 2**31))
    proba = generator.dirichlet(np.ones(N_STATES), n)
    with patch.object(cache, "_PAIRS", n_pairs):
        found = with_cache(np.log(proba), streams, np.arange(n), WEIGHTS)
    np.testing.assert_allclose(np.exp(found), slowly(proba, streams))
    last = np.cumsum(streams.lengths) - 1
    alone = with_cache(np.log(proba[last]), streams, last, WEIGHTS)
    np.testing.assert_allclose(alone, found[last])


def test_by_hand():
    # a b a: before the last a there are the start (nothing in common, followed by a)
    # the a (one state in common, followed by b) and the b (none, followed by a).
    streams = streams_of([[0, 1, 0]])
    weights = np.array([0.5, 2.0, *np.ones(MAX_COMMON - 1)])
    found = with_cache(np.log([[0.2, 0.3, 0.5]]), streams, np.array([3]), weights)
    np.testing.assert_allclose(np.exp(found[0]), np.array([1.2, 2.3, 0.5]) / 4)


def test_only_so_many_states_are_compared():
    streams = streams_of([[0] * 20])
    ((_, _, _, common),) = earlier_steps(streams, np.array([20]))
    assert common.tolist() == [0, 1, 2, 3, 4, 5, *[MAX_COMMON] * 14]


def test_an_impossible_state_becomes_possible():
    streams = streams_of([[0, 0]])
    impossible = np.array([[-np.inf, 0.0, -np.inf]])
    found = np.exp(with_cache(impossible, streams, np.array([2]), WEIGHTS))
    np.testing.assert_allclose(found[0], [0.75, 0.25, 0])


def test_an_impossible_state_spoils_no_search():
    streams = streams_of([[0, 1, 2]])
    columns = np.array([0, 1, 2])
    weights = find_cache_weights(np.full(3, -np.inf), streams, np.arange(3), columns)
    assert np.isfinite(weights).all()


def drawn(repeat, n=60, seed=0):
    """Draw sequences that repeat themselves after seven states, or do not."""
    generator = np.random.RandomState(seed)
    parts = generator.randint(0, N_STATES, (n, 3, 7))
    return [np.tile(p[0], 3) if repeat else p.ravel() for p in parts]


@pytest.mark.parametrize("repeat", [True, False])
def test_the_weights_are_those_of_the_data(repeat):
    streams = streams_of(drawn(repeat))
    rows = np.flatnonzero(np.arange(len(streams.ids)) % 22 < 21)
    columns = streams.ids[rows + 1] - FIRST_ID
    log_proba = np.full(len(rows), -np.log(N_STATES))
    weights = find_cache_weights(log_proba, streams, rows, columns)
    assert weights.shape == (1 + MAX_COMMON,)
    assert (np.diff(weights[1:]) >= 0).all()
    every = np.tile(log_proba[:, None], N_STATES)
    gain = with_cache(every, streams, rows, weights)[np.arange(len(rows)), columns]
    if repeat:
        assert weights[6] > 3
        assert gain.mean() > -0.6
    else:
        assert weights[:3].max() < 0.1
        assert gain.mean() > -np.log(N_STATES) - 1e-6


def test_sequences_that_repeat_themselves_are_recognised():
    train, test = drawn(True), drawn(True, n=20, seed=1)
    params = {"hidden_size": 8, "max_epochs": 2, "random_state": 0}
    without = NextStateLSTM(**params, blend=Counts(cache=False)).fit(train)
    model = NextStateLSTM(**params).fit(train)
    assert without.cache_weights_ is None
    assert model.perplexity(test) < 0.8 * without.perplexity(test)
    assert model.score(test) > 0.7
    once_more = [s[:-2].tolist() for s in test]
    assert np.mean(model.predict(once_more) == [s[-2] for s in test]) > 0.8
    states, _ = model.rollout(once_more, 2)
    assert np.mean(states == [s[-2:] for s in test]) > 0.8
