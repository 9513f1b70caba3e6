import numpy as np
import pytest

from sklearn_seqattn import AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.shrinkage import halves, trust

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


def test_halves_hold_every_row_once():
    first, second = halves(7, seed=0)
    assert sorted([*first, *second]) == list(range(7))
    assert abs(len(first) - len(second)) <= 1


def test_trust_in_noise_is_small_and_in_truth_is_whole():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(400, 2))
    noise, truth = rng.normal(size=(1, 400, 2)), y[np.newaxis]
    assert trust(noise, y, np.ones(400)).max() < 0.15
    np.testing.assert_allclose(trust(truth, y, np.ones(400)), 1.0)
    np.testing.assert_allclose(trust(truth / 3, y, np.ones(400)), 1.0)
    np.testing.assert_allclose(trust(-truth, y, np.ones(400)), 0.0)


def test_trust_is_the_weighted_least_squares_slope():
    rng = np.random.default_rng(0)
    p, y, w = rng.normal(size=(3, 50))
    y = 0.5 * p + 0.1 * y
    w = np.abs(w)
    slope = (w * p * y).sum() / (w * p * p).sum()
    shares = trust(p.reshape(1, 50, 1), y.reshape(50, 1), w)
    np.testing.assert_allclose(shares, [[slope]])


@pytest.mark.parametrize("kernel_features", [None, 168])
def test_noise_is_hardly_worse_than_the_mean(kernel_features):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(120, 12)), rng.normal(3, size=120)
    params = {"kernel_features": kernel_features, "max_epochs": 20, **SMALL}
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
def test_smallest_sets(n):
    X, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 3
    for features in (None, 84):
        model = AttentionLSTMRegressor(
            kernel_features=features, max_epochs=2, random_state=0, **SMALL
        )
        assert np.isfinite(model.fit(X, y).predict(X)).all()
