"""Stacking weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_pinball_loss
from test_losses import ALL

from sklearn_seqattn.attention_lstm.losses import make_loss
from sklearn_seqattn.attention_lstm.shrinkage import stacking_weights


def mean_loss(name, quantile, outputs, y):
    """Return the loss of outputs, by other formulas than those under test."""
    if name == "squared_error":
        return np.mean((outputs - y) ** 2)
    if name == "poisson":
        return np.mean(np.exp(outputs) - outputs * y)
    if name == "absolute_error":
        return np.mean(np.abs(outputs - y))
    return mean_pinball_loss(y, outputs, alpha=quantile)


def draw(name, n=400, seed=0):
    """Return standardized targets (n, 2), and what an oracle predicts of them."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, 2))
    if name != "poisson":
        return truth, truth
    y = rng.poisson(np.exp(truth) * 20.0)
    mean = y.mean(axis=0)
    return y / mean, truth + np.log(20.0 / mean)


@pytest.mark.parametrize(("name", "quantile"), ALL)
def test_noise_gets_little_weight_and_the_truth_gets_all(name, quantile):
    y, truth = draw(name)
    noise = np.random.default_rng(1).normal(size=(1, 400, 2))

    def stack(predictions):
        return stacking_weights(predictions, y, np.ones(400), make_loss(name, quantile))

    assert stack(noise)[0].max() < 0.15
    shares, intercepts = stack(truth[None])
    np.testing.assert_allclose(shares, 1.0, atol=0.02)
    np.testing.assert_allclose(intercepts, 0.0, atol=0.05)
    np.testing.assert_allclose(stack(truth[None] / 3)[0], 1.0)
    np.testing.assert_allclose(stack(-truth[None])[0], 0.0, atol=1e-9)


@pytest.mark.parametrize(("name", "quantile"), ALL)
def test_a_weight_of_two_is_two_copies(name, quantile):
    y, truth = draw(name, 60)
    noisy = truth + np.random.default_rng(1).normal(0, 2.0, (2, 60, 2))
    loss, weights = make_loss(name, quantile), 1 + np.arange(60) % 2
    found = stacking_weights(noisy, y, weights.astype(float), loss)
    twice = [np.repeat(a, weights, axis=-2) for a in (noisy, y)]
    expected = stacking_weights(*twice, np.ones(90), loss)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_weight_is_the_weighted_least_squares_slope():
    rng = np.random.default_rng(0)
    p, y, w = rng.normal(size=(3, 50))
    y = 0.5 * p + 0.1 * y
    w = np.abs(w)
    slope = (w * p * y).sum() / (w * p * p).sum()
    loss = make_loss("squared_error")
    found, _ = stacking_weights(p.reshape(1, 50, 1), y.reshape(50, 1), w, loss)
    np.testing.assert_allclose(found, [[slope]])


@pytest.mark.parametrize(("name", "quantile"), ALL)
@given(
    arrays(float, (3, 20), elements=st.floats(-5, 5)),
    arrays(float, 20, elements=st.floats(0, 5)),
)
@settings(max_examples=30, deadline=None)
def test_no_allowed_weights_have_a_smaller_loss(name, quantile, predictions, y):
    loss = make_loss(name, quantile)
    y[0] = 1.0  # no set of counts is all 0
    shares, intercepts = stacking_weights(
        predictions[:, :, None], y[:, None], np.ones(20), loss
    )
    found, intercept = shares[:, 0], intercepts[0]
    assert found.min() >= 0
    assert found.sum() <= 1 + 1e-9

    def error(weights, moved=0.0):
        outputs = weights @ predictions + intercept + moved
        return mean_loss(name, quantile, outputs, y)

    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(4), 500)[:, :3]  # not negative, at most 1 in all
    near = np.clip(found + rng.normal(0, 0.01, (200, 3)), 0, None)
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1)
    moves = rng.normal(0, 0.1, 703) if loss.recalibrates else np.zeros(703)
    for weights, moved in zip((*others, *near, *np.eye(3)), moves, strict=True):
        assert error(found) <= error(weights, moved) + 1e-5 * (1 + abs(error(found)))


def test_counts_of_a_part_that_are_all_zero_leave_the_constant():
    loss = make_loss("poisson")
    found = stacking_weights(np.ones((2, 5, 1)), np.zeros((5, 1)), np.ones(5), loss)
    np.testing.assert_array_equal(found[0], np.zeros((2, 1)))
    np.testing.assert_array_equal(found[1], [0.0])
