"""Losses of the regressor."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_pinball_loss

from sklearn_seqattn.attention_lstm.losses import make_loss, weighted_quantile
from sklearn_seqattn.training.optimization import WeightedLoss

ALL = [
    ("squared_error", None),
    ("absolute_error", None),
    ("poisson", None),
    ("quantile", 0.9),
]
TARGETS = np.array([[1.0], [2.0], [4.0]])
WEIGHTS = np.array([1.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("name", "quantile", "losses"),
    [
        ("squared_error", None, [4.0, 0.0, 9.0]),
        ("absolute_error", None, [2.0, 0.0, 3.0]),
        ("poisson", None, [np.exp(3) - 3, np.exp(2) - 4, np.exp(1) - 4]),
        ("quantile", 0.9, [0.1 * 2, 0.0, 0.9 * 3]),
        ("quantile", 0.25, [0.75 * 2, 0.0, 0.25 * 3]),
    ],
)
@pytest.mark.parametrize("n_targets", [1, 2])
def test_weighted_losses_of_known_outputs(name, quantile, losses, n_targets):
    criterion = WeightedLoss(make_loss(name, quantile).module())
    outputs = torch.tensor([[3.0], [2.0], [1.0]]).expand(3, n_targets)
    targets = torch.from_numpy(TARGETS).float().expand(3, n_targets)
    found = criterion(outputs, (targets, torch.from_numpy(WEIGHTS).float()))
    assert found.item() == pytest.approx(np.dot(losses, WEIGHTS) / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "quantile", "center", "scale"),
    [
        ("squared_error", None, 2.75, np.sqrt((1.75**2 + 0.75**2 + 2 * 1.25**2) / 4)),
        ("absolute_error", None, 3.0, (2 + 1 + 2 * 1) / 4),
        ("poisson", None, 0.0, 2.75),
        ("quantile", 0.2, 1.0, (1 + 2 * 3) / 4),
        ("quantile", 0.9, 4.0, (3 + 2) / 4),
    ],
)
def test_center_and_scale_count_weights_as_copies(name, quantile, center, scale):
    loss = make_loss(name, quantile)
    found = loss.standardization(TARGETS, WEIGHTS)
    np.testing.assert_allclose(found, [[center], [scale]])
    copies = loss.standardization(np.repeat(TARGETS, [1, 1, 2], axis=0), np.ones(4))
    np.testing.assert_allclose(found, copies)


@given(
    arrays(float, 9, elements=st.integers(-50, 50)),
    arrays(float, 9, elements=st.integers(1, 4)),
    st.floats(0.05, 0.95),
)
@settings(max_examples=100, deadline=None)
def test_no_number_has_a_smaller_pinball_loss_than_the_quantile(y, weights, level):
    def error(number):
        return mean_pinball_loss(
            y, np.full(9, number), sample_weight=weights, alpha=level
        )

    (found,) = weighted_quantile(y[:, None], weights, level)
    assert all(error(found) <= error(other) + 1e-9 for other in y)


@pytest.mark.parametrize(("name", "quantile"), ALL)
def test_zero_is_the_constant_of_least_loss(name, quantile):
    y = np.random.default_rng(0).poisson(3.0, (201, 1)).astype(float)
    loss = make_loss(name, quantile)
    center, scale = loss.standardization(y, np.ones(201))
    targets = torch.from_numpy((y - center) / scale)

    def error(constant):
        return loss.module()(torch.full((201, 1), constant), targets).mean()

    assert all(error(0.0) <= error(other) + 1e-9 for other in (-0.3, -0.01, 0.01, 0.3))


@pytest.mark.parametrize("mean", [1e-300, 1.0, 1e300])
def test_counts_are_positive_and_finite_whatever_the_output(mean):
    loss = make_loss("poisson")
    center, scale = loss.standardization(np.array([[0.0], [2 * mean]]), np.ones(2))
    found = loss.decode(np.array([[-1e5], [0.0], [1e5]]), center, scale)
    assert (found > 0).all()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[1], mean)


def test_counts_that_are_none():
    loss = make_loss("poisson")
    with pytest.raises(ValueError, match=r"y\[1, 0\] is -2.0, but loss='poisson'"):
        loss.check(np.array([[1.0], [-2.0]]))
    with pytest.raises(ValueError, match=r"requires sum\(y\) > 0.* in column 1"):
        loss.standardization(np.array([[1.0, 0.0], [2.0, 0.0]]), np.ones(2))


def test_a_quantile_loss_needs_a_quantile():
    with pytest.raises(ValueError, match="loss='quantile' needs quantile"):
        make_loss("quantile")
    assert make_loss("poisson", 0.3) == make_loss("poisson")
