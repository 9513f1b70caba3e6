"""AttentionLSTMRegressor."""

import numpy as np
import pytest

from sklearn_seqattn import AttentionLSTMRegressor

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


def maxima(n_samples=80, seed=0):
    """Sequences and their maximum and mean."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=rng.integers(4, 12)) for _ in range(n_samples)]
    return X, np.array([[x.max(), x.mean()] for x in X])


def test_learns_one_target():
    X, Y = maxima(200)
    regressor = AttentionLSTMRegressor(max_epochs=40, random_state=0).fit(X, Y[:, 0])
    X_new, Y_new = maxima(seed=1)
    assert regressor.predict(X_new).shape == (80,)
    assert regressor.score(X_new, Y_new[:, 0]) > 0.9


def test_learns_several_targets():
    X, Y = maxima(200)
    regressor = AttentionLSTMRegressor(max_epochs=40, random_state=0).fit(X, Y)
    X_new, Y_new = maxima(seed=1)
    assert regressor.predict(X_new).shape == (80, 2)
    assert regressor.score(X_new, Y_new) > 0.85


def test_one_column_stays_a_column():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=1, random_state=0, **SMALL)
    column = regressor.fit(X, Y[:, :1]).predict(X)
    assert column.shape == (80, 1)
    np.testing.assert_array_equal(regressor.fit(X, Y[:, 0]).predict(X), column.ravel())


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (1.0, 1e9), (1e12, -1e14)])
def test_units_of_the_target_do_not_matter(scale, shift):
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=2, random_state=0, **SMALL)
    plain = regressor.fit(X, Y[:, 0]).predict(X)
    moved = regressor.fit(X, Y[:, 0] * scale + shift).predict(X)
    assert moved.dtype == np.float64
    np.testing.assert_allclose((moved - shift) / scale, plain, atol=1e-4)


def test_a_constant_target_is_predicted():
    X, _ = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=30, random_state=0)
    predicted = regressor.fit(X, np.full(80, 7.0)).predict(X)
    np.testing.assert_allclose(predicted, 7.0, atol=0.2)


def test_weights_decide_mean_and_scale_of_the_target():
    X, Y = maxima(4)
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    regressor = AttentionLSTMRegressor(max_epochs=1, random_state=0, **SMALL)
    regressor.fit(X, Y, sample_weight=weights)
    mean = np.average(Y, axis=0, weights=weights)
    np.testing.assert_allclose(regressor.target_encoder_.center_, mean)
    variance = np.average((Y - mean) ** 2, axis=0, weights=weights)
    np.testing.assert_allclose(regressor.target_encoder_.scale_, np.sqrt(variance))


def test_partial_fit_and_warm_start_keep_the_scaling():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(random_state=0, **SMALL)
    regressor.partial_fit(X[:40], Y[:40, 0])
    mean = regressor.target_encoder_.center_.copy()
    for _ in range(20):
        regressor.partial_fit(X[40:], Y[40:, 0])
    np.testing.assert_array_equal(regressor.target_encoder_.center_, mean)
    assert regressor.n_iter_ == 21
    losses = regressor.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[1]
    regressor.set_params(warm_start=True, max_epochs=2).fit(X, Y[:, 0])
    assert regressor.n_iter_ == 23


def test_early_stopping_on_a_held_out_part():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(
        early_stopping=True, n_iter_no_change=2, max_epochs=100, lr=0.05, random_state=0
    ).fit(X, Y)
    history = regressor.history_
    assert len(history) == history["valid_loss"].idxmin() + 1 + 2


def test_training_goes_on_in_single_precision():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=2, warm_start=True, **SMALL)
    weights = next(regressor.fit(X, Y).network_.parameters())
    assert weights.dtype.itemsize == 8
    regressor.fit(X, Y)
    weights = next(regressor.network_.parameters()).detach().numpy()
    np.testing.assert_array_equal(weights, weights.astype(np.float32))
