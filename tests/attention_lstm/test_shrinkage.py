from copy import deepcopy

import numpy as np
import pytest
from test_losses import ALL

from sklearn_seqattn import AttentionLSTMRegressor, RandomKernels
from sklearn_seqattn.attention_lstm.losses import make_loss
from sklearn_seqattn.attention_lstm.shrinkage import (
    cautious_weights,
    shrink,
    stacking_weights,
)

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


@pytest.mark.parametrize("blend", [None, RandomKernels(84)])
def test_shrinking_scales_and_shifts_the_outputs(blend):
    X, y = np.random.default_rng(0).normal(size=(9, 12)), np.arange(9.0)
    params = {"blend": blend, "max_epochs": 2, "early_stopping": False, **SMALL}
    model = AttentionLSTMRegressor(random_state=0, **params).fit(X, y)
    before = model._outputs(X)
    kept = 0.25 if blend is None else 0.125  # of a sum that is half of each
    shrink(model.network_, kept, np.array([kept]), intercept=3.0)
    np.testing.assert_allclose(model._outputs(X), 0.25 * before + 3.0, rtol=1e-6)


def test_network_and_partner_have_shares_of_their_own():
    X, y = np.random.default_rng(0).normal(size=(9, 12)), np.arange(9.0)
    params = {"blend": RandomKernels(84), "max_epochs": 2, **SMALL}
    model = AttentionLSTMRegressor(random_state=0, **params).fit(X, y)
    outputs = {}
    for shares in ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0)):
        copy = deepcopy(model)
        shrink(copy.network_, *shares)
        outputs[shares] = copy._outputs(X)
    shrink(model.network_, 0.5, 0.25)
    both, partner = outputs[1.0, 1.0], outputs[0.0, 1.0]
    expected = 0.5 * (both - partner) + 0.25 * partner
    np.testing.assert_allclose(model._outputs(X), expected, rtol=1e-6)
    assert (outputs[0.0, 0.0] == 0).all()


@pytest.mark.parametrize("blend", [None, RandomKernels(168)])
def test_noise_is_hardly_worse_than_the_mean(blend):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(120, 12)), rng.normal(3, size=120)
    params = {"blend": blend, "max_epochs": 20, **SMALL}
    error = {}
    for stopping in ("auto", False):
        model = AttentionLSTMRegressor(
            early_stopping=stopping, random_state=0, **params
        )
        predicted = model.fit(X[:60], y[:60]).predict(X[60:])
        error[stopping] = np.mean((predicted - y[60:]) ** 2)
    assert error["auto"] < 1.1 * np.mean((y[:60].mean() - y[60:]) ** 2)
    assert error["auto"] < error[False]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("loss", "quantile"), ALL)
def test_smallest_sets(n, loss, quantile):
    X, y = np.arange(2.0 * n).reshape(n, 2), (1 + np.arange(n)) % 3
    for blend in (None, RandomKernels(84)):
        model = AttentionLSTMRegressor(
            loss=loss,
            quantile=quantile,
            blend=blend,
            max_epochs=2,
            random_state=0,
            **SMALL,
        )
        assert np.isfinite(model.fit(X, y).predict(X)).all()


def two_predictors(noise, n=64):
    """Return predictions of which the sum is best, and stretches of time."""
    random = np.random.RandomState(0)
    y = random.normal(size=(n, 1))
    first, second = random.normal(size=(2, n, 1))
    predictions = np.stack([y + 0.5 * first, y + noise * second])
    return predictions, y, np.ones(n), np.array_split(np.arange(n), 8)


def test_shares_go_to_the_best_alone_where_time_does_not_confirm_the_sum():
    predictions, y, weights, stretches = two_predictors(noise=3.0)
    loss = make_loss("squared_error")
    summed, _ = stacking_weights(predictions, y, weights, loss)
    assert summed[1] > 0
    found, _ = cautious_weights(predictions, y, weights, loss, stretches)
    alone, _ = stacking_weights(predictions[:1], y, weights, loss)
    np.testing.assert_allclose(found, [alone[0], [0.0]])


def test_shares_of_a_sum_that_time_confirms_are_nearly_those_of_least_loss():
    predictions, y, weights, stretches = two_predictors(noise=0.5)
    loss = make_loss("squared_error")
    summed, _ = stacking_weights(predictions, y, weights, loss)
    found, _ = cautious_weights(predictions, y, weights, loss, stretches)
    np.testing.assert_allclose(found, summed, atol=0.05)


@pytest.mark.parametrize(("loss", "quantile"), ALL)
@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_shares_lie_between_those_of_one_alone_and_of_the_sum(loss, quantile, noise):
    predictions, y, weights, stretches = two_predictors(noise)
    targets, loss = np.exp(y), make_loss(loss, quantile)

    def joined(pair):
        return np.concatenate([one.ravel() for one in pair])

    found = joined(cautious_weights(predictions, targets, weights, loss, stretches))
    summed = joined(stacking_weights(predictions, targets, weights, loss))
    lines = []
    for row in range(2):
        first = joined(stacking_weights(predictions[[row]], targets, weights, loss))
        alone = np.insert(first, 1 - row, 0.0)
        ends = np.sort([alone, summed], axis=0)
        lines.append(((ends[0] <= found + 1e-9) & (found <= ends[1] + 1e-9)).all())
    assert any(lines)


def test_windows_of_a_series_are_weighed_with_caution():
    random = np.random.RandomState(0)
    series = np.sin(np.arange(90) / 4) + 0.1 * random.normal(size=90)
    windows = np.lib.stride_tricks.sliding_window_view(series, 13)
    X, y = windows[:, :-1], windows[:, -1]
    model = AttentionLSTMRegressor(
        max_epochs=1, blend=RandomKernels(84), random_state=0, **SMALL
    ).fit(X, y)
    share, partner_share, _ = model.network_.mixture
    assert share == 0  # after one epoch it tells nothing
    assert partner_share > 0.5


@pytest.mark.parametrize("n", [4, 31, 32])
@pytest.mark.parametrize(("loss", "quantile"), ALL)
def test_few_sequences_count_network_and_kernels_alike(n, loss, quantile):
    X = np.random.default_rng(0).normal(size=(n, 6))
    for y in (2.0 + X[:, 0] - X[:, 0].min(), np.full(n, 2.0)):
        model = AttentionLSTMRegressor(
            loss=loss,
            quantile=quantile,
            max_epochs=1,
            blend=RandomKernels(84),
            random_state=0,
            **SMALL,
        ).fit(X, y)
        share, partner_share, _ = model.network_.mixture
        assert (share == partner_share) == (n < 32 or y.std() == 0)
        if y.std() == 0:
            np.testing.assert_allclose(model.predict(X), 2.0, rtol=1e-6)
