"""Training on random prefixes: the rows, the partners, and what it is for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_zoo import DATED_EVENTS, SMALL, TOKENS

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NGrams,
    RandomKernels,
)
from sklearn_seqattn.attention_lstm.rules import (
    BLENDED_CLASSIFIER_RULES,
    BLENDED_RULES,
    NUMBER_RULES,
    TOKEN_RULES,
)
from sklearn_seqattn.attention_lstm.training_data import LabeledSequences, draw_cuts
from sklearn_seqattn.kernels.fitting import fit_kernel_partner
from sklearn_seqattn.kernels.heads import ClassHead
from sklearn_seqattn.ngrams.model import LabeledRows, fit_ngrams
from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.kernel_partner import KernelPartner
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.training.batching import SequenceDataset


def late_walks(n=60, n_steps=12, seed=0):
    """Return noise whose second half tells its class by its level."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, n_steps, 1))
    X[:, n_steps // 2 :, 0] += 3.0 * y[:, None]
    return list(X), y


def late_tokens(n=60, n_steps=8, seed=0):
    """Return tokens of which the last ones tell the class."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    first = rng.choice(["ba", "bu", "di"], (n, n_steps // 2))
    last = np.where(y[:, None], "yes", "no").repeat(n_steps // 2, axis=1)
    return [list(x) for x in np.hstack([first, last])], y


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_each_sequence_is_whole_once_and_shorter_twice(lengths):
    lengths = np.array(lengths)
    cuts = draw_cuts(lengths)
    assert cuts.shape == (len(lengths), 3)
    assert (cuts <= lengths[:, None]).all()
    assert (cuts >= np.minimum(lengths, 1)[:, None]).all()
    whole = -np.arange(len(lengths)) % 3
    np.testing.assert_array_equal(cuts[np.arange(len(lengths)), whole], lengths)


def test_lengths_are_spread_over_the_sequence():
    cuts = draw_cuts(np.full(3000, 1000)).ravel()
    quarters = np.histogram(cuts[cuts < 1000], [0, 10, 100, 250, 500, 750, 999])[0]
    # Half of them are uniform, half have a uniform logarithm.
    bounds = np.array([1, 10, 100, 250, 500, 750, 999])
    expected = 3000 * np.diff(np.log(bounds) / np.log(1000) + bounds / 1000)
    np.testing.assert_allclose(quarters, expected, rtol=0.05)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=8), st.data())
def test_rows_are_beginnings_of_the_sequences_in_rounds(lengths, data):
    X = [np.arange(n) + 10 * i for i, n in enumerate(lengths)]
    n = len(X)
    table = LabeledSequences(check_sequences(X), np.arange(n), np.arange(1.0, n + 1))
    assert table.cut() is table
    rows = data.draw(st.permutations(range(n)))
    table = table.with_cuts().take(np.array(rows))
    cut = table.cut()
    assert len(cut) == 3 * n == table.n_rounds * n
    for k, (x, target) in enumerate(
        zip(cut.sequences.to_list(), cut.targets, strict=True)
    ):
        assert target == rows[k % n]
        np.testing.assert_array_equal(x[:, 0], X[target][: len(x)])
        assert cut.weights[k] == target + 1


def test_the_kernels_leave_out_all_rows_of_a_sequence():
    X, y = late_walks(24)
    values = np.concatenate(X).astype(np.float32)
    lengths = np.array([len(x) for x in X])

    def fit(starts, lengths, y, seed=None):
        dataset = SequenceDataset(values, lengths, y, starts=starts)
        dataset.n_rounds = len(y) // 24
        return fit_kernel_partner(partner, dataset, ClassHead(2, False), seed)

    partner = KernelPartner(1, 2, KernelConfig(max_length=12, n_features=168))
    starts, cuts = np.cumsum(lengths) - lengths, draw_cuts(lengths)
    found = fit(np.tile(starts, 3), cuts.T.ravel(), np.tile(y, 3), seed=0)
    coef = partner.coef.clone()
    rounds = [fit(starts, one, y) for one in cuts.T]
    # Up to the factor of all logits, each round is a fit of its own.
    for k, one in enumerate(rounds):
        part = found[24 * k : 24 * (k + 1)]
        np.testing.assert_allclose(
            part / np.abs(part).max(), one / np.abs(one).max(), rtol=1e-3, atol=1e-4
        )
    assert coef.shape == partner.coef.shape


def test_n_grams_leave_out_all_rows_of_a_sequence():
    # Each sequence has a token of its own, which tells nothing about the others.
    X = check_sequences([[f"own {i}", f"own {i}"] for i in range(20)] * 3)
    y = np.tile(np.arange(20) % 2, 3)
    ngrams, part = NGrams(char_ngram_range=None), LabeledRows(X, y, np.ones(60))
    _, left_out = fit_ngrams(ngrams, "softmax", 2, part, n_rounds=3)
    np.testing.assert_allclose(left_out[:, 0], left_out[:, 1], atol=1e-6)
    _, seen = fit_ngrams(ngrams, "softmax", 2, part)
    assert np.abs(seen[:, 0] - seen[:, 1]).max() > 0.1


def test_n_grams_return_outputs_in_the_order_of_the_rows():
    X, y = late_tokens(30)
    rows = check_sequences(X * 3)
    part = LabeledRows(rows, np.tile(y, 3), np.ones(90))
    _, left_out = fit_ngrams(NGrams(), "softmax", 2, part, n_rounds=3)
    np.testing.assert_array_equal(left_out.argmax(axis=1), part.targets)
    np.testing.assert_allclose(left_out[:30], left_out[30:60])


def log_loss(model, X, y):
    """Return the mean log loss."""
    return -np.log(model.predict_proba(X)[np.arange(len(y)), y]).mean()


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (late_walks, {"blend": RandomKernels(168), "front_end": None}),
        (late_walks, {"blend": None, "front_end": None, "lr": 0.03, "max_epochs": 12}),
    ],
    ids=["kernels", "network"],
)
def test_short_prefixes_are_answered_with_doubt(data, options):
    (X, y), (X_test, y_test) = data(), data(seed=1)
    options = {**SMALL, "max_epochs": 5, **options}
    losses = {}
    for random_prefixes in (False, True):
        model = AttentionLSTMClassifier(**options, random_prefixes=random_prefixes)
        model.fit(X, y)
        short = [x[: len(x) // 2] for x in X_test]  # tells nothing
        losses[random_prefixes] = log_loss(model, short, y_test)
        assert model.score(X_test, y_test) > 0.9
    assert losses[True] < losses[False]
    assert losses[True] < 0.85  # a coin has 0.69


@pytest.mark.parametrize("blend", [None, RandomKernels(168)])
def test_a_regressor_learns_from_prefixes(blend):
    X, y = late_walks(40)
    X_test, y_test = late_walks(40, seed=1)
    short = [x[:6] for x in X_test]
    options = {**SMALL, "front_end": None, "hidden_size": 8, "batch_size": 10}
    options = {**options, "max_epochs": 15, "lr": 0.03, "blend": blend}
    errors = {}
    for random_prefixes in (False, True):
        model = AttentionLSTMRegressor(**options, random_prefixes=random_prefixes)
        model.fit(X, y)
        assert model.score(X_test, y_test) > 0.5
        errors[random_prefixes] = np.mean((model.predict(short) - y_test) ** 2)
    assert errors[True] < errors[False]
    assert errors[True] < 0.4  # the mean has 0.25


@pytest.mark.parametrize(
    ("options", "X"),
    [
        ({"blend": RandomKernels(168)}, late_walks()[0]),
        ({**TOKENS, "blend": "ngrams"}, late_tokens()[0]),
        ({"blend": None}, (DATED_EVENTS * 3)[:60]),
    ],
    ids=["numbers", "tokens", "events"],
)
@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_neither_order_nor_copies_matter(estimator, options, X, early_stopping):
    y, weights = np.arange(60) % 2, 1 + np.arange(60) % 3 // 2
    model = estimator(
        **{**SMALL, **options}, random_prefixes=True, early_stopping=early_stopping
    )
    expected = model.fit(X, y, sample_weight=weights)._outputs(X[:5])
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(60), weights))
    model.fit([X[i] for i in order], y[order])
    np.testing.assert_allclose(model._outputs(X[:5]), expected, rtol=1e-5, atol=1e-6)


def test_sequences_without_tokens_stay_so():
    X, y = late_tokens(30)
    model = AttentionLSTMClassifier(**TOKENS, blend="ngrams", random_prefixes=True)
    assert model.fit([[], *X[1:]], y).predict_proba([[]]).shape == (1, 2)


def test_further_epochs_and_given_validation_data():
    X, y = late_walks(30)
    model = AttentionLSTMClassifier(
        **{**SMALL, "blend": RandomKernels(168)}, random_prefixes=True
    )
    model.fit(X, y, X_val=X[:10], y_val=y[:10])
    assert model.history_["valid_loss"].notna().all()
    model.partial_fit(X, y)
    assert model.n_iter_ == 2


def test_the_number_of_batches_stays():
    X, y = late_walks(30)
    whole = LabeledSequences(check_sequences(X), y, np.ones(30))
    cut = whole.with_cuts()
    every = (NUMBER_RULES, BLENDED_RULES, BLENDED_CLASSIFIER_RULES, TOKEN_RULES)
    for rules in every:
        epochs = rules.max_epochs(whole, 8)
        assert rules.max_epochs(cut, 8) == -(-epochs // 3)
