"""Continuations from memory say what reading the whole sequence again says."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import NextStateLSTM, Tokens
from sklearn_seqattn.next_state.cached_decoding import CachedContinuations
from sklearn_seqattn.next_state.decoding import Continuations

TINY = {
    "tokens": Tokens(8),
    "hidden_size": 8,
    "num_heads": 2,
    "max_epochs": 2,
    "random_state": 0,
}
RNG = np.random.RandomState(0)
X = [RNG.choice(list("abcde"), size=RNG.randint(2, 9)).tolist() for _ in range(40)]


def grow_both(model, X, growths):
    """Grow continuations with memory and without; yield what both say."""
    streams = model._encode(X)
    cached = model._continuations(streams)
    anew = Continuations(streams, model._last_log_proba)
    assert isinstance(cached, CachedContinuations)
    yield cached.log_proba(), anew.log_proba()
    for rows, columns in growths:
        rows, columns = np.array(rows), np.array(columns)
        cached, anew = (c.grow(rows, columns) for c in (cached, anew))
        yield cached.log_proba(), anew.log_proba()


@pytest.mark.parametrize("start_state", [True, False])
@pytest.mark.parametrize("encoder", ["lstm", "gru", "transformer"])
def test_growing_says_what_reading_anew_says(encoder, start_state):
    model = NextStateLSTM(**TINY, encoder=encoder, start_state=start_state).fit(X)
    growths = [([2, 0, 0, 1], [0, 1, 2, 3]), ([3, 3, 1], [4, 0, 0]), ([0], [1])]
    for found, expected in grow_both(model, X[:3], growths):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_empty_sequence_grows():
    model = NextStateLSTM(**TINY).fit(X)
    for found, expected in grow_both(model, [[], ["a"]], [([0, 1], [1, 2])]):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_events_grow_by_states_without_features():
    rng = np.random.RandomState(0)
    events = [
        pd.DataFrame({"state": x, "who": rng.choice(["p", "q"], len(x)), "n": 1.5})
        for x in X
    ]
    model = NextStateLSTM(**TINY, target="state").fit(events)
    for found, expected in grow_both(model, events[:3], [([1, 2], [0, 3])]):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_growing_before_asking_is_the_same():
    model = NextStateLSTM(**TINY).fit(X)
    streams = model._encode(X[:2])
    rows, columns = np.array([1, 0]), np.array([2, 2])
    grown = model._continuations(streams).grow(rows, columns).log_proba()
    asked = model._continuations(streams)
    asked.log_proba()
    np.testing.assert_array_equal(asked.grow(rows, columns).log_proba(), grown)


def test_large_networks_continue_fewer_sequences_together():
    small = NextStateLSTM(**TINY).fit(X)
    large = NextStateLSTM(**{**TINY, "hidden_size": 64}).fit(X)
    assert small._steps_together // large._steps_together == 8
    assert list(large._portions(3, 10**9)) == [(0, 1), (1, 2), (2, 3)]


def test_portions_change_no_rollout(monkeypatch):
    model = NextStateLSTM(**TINY).fit(X)
    together = model.rollout(X[:9], 4, strategy="beam", beam_width=3)
    monkeypatch.setattr(NextStateLSTM, "_steps_together", 80)  # two or three at a time
    apart = model.rollout(X[:9], 4, strategy="beam", beam_width=3)
    assert together[0].tolist() == apart[0].tolist()
    np.testing.assert_allclose(together[1], apart[1], atol=1e-5)
    drawn = model.sample(40, max_length=5, random_state=0)
    assert [len(x) for x in drawn] == [5] * 40
