"""Weights of features and of pairs that are learned together."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sklearn_seqattn.windows.chain_model import ChainModel, Runs, pieces

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, 12, 40)
#: Labels that mostly stay, and what is seen of them.
CODES = np.concatenate([np.cumsum(RNG.random(n) < 0.2) % 3 for n in LENGTHS])
FEATURES = np.eye(3)[CODES] + RNG.normal(size=(len(CODES), 3))
ONES = np.ones(len(CODES))


def fit(features=FEATURES, codes=CODES, weights=ONES, lengths=LENGTHS, **options):
    return ChainModel(3, **options).fit(Runs(features, lengths), codes, weights, 1.0)


def test_without_a_chain_it_is_logistic_regression():
    model = fit(is_chain=False)
    assert model.chain_ is None
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(
        np.vstack([FEATURES, np.zeros((3, 3))]),
        np.append(CODES, [0, 1, 2]),
        sample_weight=np.append(ONES, [1 / 3] * 3),
    )
    np.testing.assert_allclose(model.coef_, reference.coef_, atol=2e-3)


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_it_learns_that_labels_stay(looks_ahead):
    model = fit(looks_ahead=looks_ahead)
    transitions = model.chain_.transitions
    assert (np.diag(transitions) > transitions.max(axis=1) - 1e-9).all()
    runs = Runs(FEATURES, LENGTHS)
    right = model.outputs(runs).argmax(axis=1) == CODES
    alone = fit(is_chain=False).outputs(runs).argmax(axis=1) == CODES
    assert right.mean() > alone.mean() + 0.03


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_a_weight_is_a_number_of_copies(looks_ahead):
    copies = np.arange(len(LENGTHS)) % 3
    rows = np.repeat(np.arange(len(LENGTHS)), copies)
    starts = np.cumsum(LENGTHS) - LENGTHS
    steps = np.concatenate([starts[row] + np.arange(LENGTHS[row]) for row in rows])
    weighed = fit(weights=np.repeat(copies, LENGTHS) * 1.0, looks_ahead=looks_ahead)
    repeated = fit(
        FEATURES[steps],
        CODES[steps],
        np.ones(len(steps)),
        LENGTHS[rows],
        looks_ahead=looks_ahead,
    )
    for name in ("coef_", "intercept_"):
        found, wanted = (getattr(model, name) for model in (weighed, repeated))
        np.testing.assert_allclose(found, wanted, atol=5e-3)


def test_sparse_features_are_as_dense_ones():
    dense, found = fit(), fit(sparse.csr_array(FEATURES))
    np.testing.assert_allclose(found.coef_, dense.coef_, atol=1e-6)


def test_pieces():
    assert pieces(np.array([256, 1, 600])).tolist() == [256, 1, 256, 256, 88]
