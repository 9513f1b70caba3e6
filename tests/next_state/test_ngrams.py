"""The counts and smoothing, against worked examples and slow references."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.next_state.contexts import context_rows
from sklearn_seqattn.next_state.ngrams import NgramModel, _row_keys
from sklearn_seqattn.next_state.streams import StateStreams

# One sequence: start a b a b c, with start = 0, a = 2, b = 3, c = 4 and columns
# a = 0, b = 1, c = 2.
IDS = np.array([0, 2, 3, 2, 3])
TARGETS = np.array([0, 1, 0, 1, 2])


def fit(order, **params):
    contexts = context_rows(IDS, np.array([5]), order)
    model = NgramModel(order, 5, 3, **params)
    return model.fit(contexts, TARGETS, np.ones(5))


def after(model, *ids):
    contexts = context_rows(np.array(ids), np.array([len(ids)]), model.order)
    return np.exp(model.log_proba(contexts))[-1]


def test_kneser_ney_by_hand():
    # Bigrams: start a 1, a b 2, b a 1, b c 1. Continuation counts: a follows start
    # and b (2), b follows a (1), c follows b (1), in all 4. With D = 1/2:
    # p(a) = 1.5/4 + (1.5/4)/3 = 1/2, p(b) = p(c) = 0.5/4 + (1.5/4)/3 = 1/4.
    model = fit(1, discount=0.5)
    unigram = np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(after(model, 4), unigram)  # c was never followed
    # p(. | a) = (2 - 1/2)/2 for b, and 1/4 passed on.
    np.testing.assert_allclose(after(model, 2), [0, 0.75, 0] + 0.25 * unigram)
    # p(. | b) = (1 - 1/2)/2 for a and for c, and 1/2 passed on.
    np.testing.assert_allclose(after(model, 3), [0.25, 0, 0.25] + 0.5 * unigram)


def test_kneser_ney_of_order_two_by_hand():
    # Trigrams: (start) a 1 has nothing before it, start a b 1, a b a 1, b a b 1,
    # a b c 1. Bigram counts: start a 1 (as it was seen); a b 2, preceded by start
    # and b; b a 1 and b c 1, each preceded by a. Unigrams as in order one.
    model = fit(2, discount=0.5)
    unigram = np.array([0.5, 0.25, 0.25])
    after_b = [0.25, 0, 0.25] + 0.5 * unigram
    np.testing.assert_allclose(after(model, 2, 3), [0.25, 0, 0.25] + 0.5 * after_b)
    np.testing.assert_allclose(after(model, 3, 3), after_b)  # b b was never seen
    np.testing.assert_allclose(after(model, 0), [0.5, 0, 0] + 0.5 * unigram)


def test_additive_by_hand():
    model = fit(1, smoothing="additive", alpha=1.0)
    np.testing.assert_allclose(after(model, 2), np.array([1, 3, 1]) / 5)
    np.testing.assert_allclose(after(model, 3), np.array([2, 1, 2]) / 5)
    np.testing.assert_allclose(after(model, 4), np.full(3, 1 / 3))


def test_additive_takes_a_context_whole():
    model = fit(2, smoothing="additive", alpha=1.0)
    np.testing.assert_allclose(after(model, 3, 3), np.full(3, 1 / 3))  # b b: unseen
    np.testing.assert_allclose(after(model, 0, 2), np.array([1, 2, 1]) / 4)


def test_backoff_takes_the_longest_context_seen():
    model = fit(2, smoothing="backoff", alpha=1.0)
    np.testing.assert_allclose(after(model, 3, 3), np.array([2, 1, 2]) / 5)
    np.testing.assert_allclose(after(model, 4, 4), np.array([3, 3, 2]) / 8)


@pytest.mark.parametrize("smoothing", ["kneser_ney", "additive", "backoff"])
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(2, 5), min_size=1, max_size=6), min_size=1),
    st.integers(0, 4),
    st.booleans(),
)
def test_every_distribution_sums_to_one(smoothing, sequences, order, start):
    sequences = [[0] * start + s for s in sequences]
    ids = np.concatenate(sequences)
    lengths = np.array([len(s) for s in sequences])
    contexts = context_rows(ids, lengths, order)
    targets = np.roll(np.maximum(ids - 2, 0), -1)
    model = NgramModel(order, 6, 4, smoothing=smoothing)
    model.fit(contexts, targets, np.ones(len(ids)))
    queries = np.random.RandomState(0).randint(-1, 6, (20, order))
    queries = np.where(np.cumsum(queries < 0, axis=1) > 0, -1, queries)
    proba = np.exp(model.log_proba(np.concatenate([contexts, queries])))
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert (proba > 0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=2, max_size=30), st.integers(1, 3))
def test_plain_counts_match_a_dictionary(sequence, order):
    ids = np.array([0, *sequence])
    contexts = context_rows(ids, np.array([len(ids)]), order)[:-1]
    model = NgramModel(order, 5, 3, smoothing="additive", alpha=0.5)
    model.fit(contexts, np.array(sequence) - 2, np.ones(len(sequence)))
    proba = np.exp(model.log_proba(contexts))
    rows = [tuple(row) for row in contexts]
    for row, found in zip(rows, proba, strict=True):
        followers = [s - 2 for r, s in zip(rows, sequence, strict=True) if r == row]
        counts = np.bincount(followers, minlength=3) + 0.5
        np.testing.assert_allclose(found, counts / counts.sum())


def test_a_weight_counts_as_copies():
    contexts = context_rows(IDS, np.array([5]), 2)
    weights = np.array([1, 2, 1, 3, 1])
    copies = np.repeat(np.arange(5), weights)
    one = NgramModel(2, 5, 3).fit(contexts, TARGETS, weights)
    other = NgramModel(2, 5, 3).fit(contexts[copies], TARGETS[copies], np.ones(8))
    np.testing.assert_allclose(one.log_proba(contexts), other.log_proba(contexts))


def test_row_keys_survive_wide_rows():
    # 50 columns of base 1000 are far beyond 63 bits
    rows = np.random.RandomState(0).randint(0, 1000, (40, 50))
    rows = np.concatenate([rows, rows[:10]])
    keys = _row_keys(rows, 1000)
    assert len(np.unique(keys)) == 40
    np.testing.assert_array_equal(keys[40:], keys[:10])


def test_what_follows_sequences_follows_each_symbol():
    model = fit(2)
    streams = StateStreams(np.array([0, 2, 3, 0, 2]), np.array([3, 2]), None, True)
    found = np.exp(model.follow(streams))
    for row, prefix in zip(found, ([0], [0, 2], [0, 2, 3], [0], [0, 2]), strict=True):
        np.testing.assert_allclose(row, after(model, *prefix))
    np.testing.assert_array_equal(
        np.exp(model.follow(streams, last=True)), found[[2, 4]]
    )
