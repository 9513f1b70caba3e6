"""Weights of features and of pairs that are learned together."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression
from test_chain import probability

from sklearn_seqattn.windows.chain import LabelChain, StepOrder
from sklearn_seqattn.windows.chain_model import ChainModel, Runs, pieces, sequence_loss

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, 12, 40)
#: Labels that mostly stay, and what is seen of them.
CODES = np.concatenate([np.cumsum(RNG.random(n) < 0.2) % 3 for n in LENGTHS])
FEATURES = np.eye(3)[CODES] + RNG.normal(size=(len(CODES), 3))
ONES = np.ones(len(CODES))


def loss_of(values, looks_ahead, shape, codes, weights, lengths):
    """Return the loss and its gradient by logits and transitions in one vector."""
    order = StepOrder(lengths)
    n_classes = shape[1]
    logits = values[: -(n_classes**2)].reshape(shape)
    chain = LabelChain(values[-(n_classes**2) :].reshape(n_classes, -1), looks_ahead)
    arranged = map(order.arrange, (logits, codes, weights))
    loss, of_logits, of_pairs = sequence_loss(chain, *arranged, order)
    return loss, np.append(order.restore(of_logits), of_pairs)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_gradient_is_that_of_the_loss(seed, looks_ahead):
    rng = np.random.default_rng(seed)
    lengths, n_classes = rng.integers(1, 6, rng.integers(1, 5)), rng.integers(2, 4)
    shape = lengths.sum(), n_classes
    values = rng.normal(size=shape[0] * n_classes + n_classes**2)
    codes, weights = rng.integers(0, n_classes, shape[0]), rng.random(shape[0])
    given = looks_ahead, shape, codes, weights, lengths
    error = check_grad(
        lambda v: loss_of(v, *given)[0], lambda v: loss_of(v, *given)[1], values
    )
    assert error < 1e-5


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_the_loss_is_that_of_whole_sequences_of_labels(looks_ahead):
    rng = np.random.default_rng(0)
    chain = LabelChain(rng.normal(size=(3, 3)), looks_ahead)
    logits, codes = rng.normal(size=(4, 3)), np.array([2, 0, 0, 1])
    weights = {y: probability(chain, logits, y) for y in product(range(3), repeat=4)}
    wanted = -np.log(weights[tuple(codes)] / sum(weights.values()))
    found = sequence_loss(chain, logits, codes, np.ones(4), StepOrder(np.array([4])))
    assert found[0] == pytest.approx(wanted)


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
