import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_seqattn import AttentionLSTMRegressor, RandomKernels
from sklearn_seqattn.attention_lstm.shrinkage import halves, stacking_weights

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


def test_halves_hold_every_row_once():
    first, second = halves(7, seed=0)
    assert sorted([*first, *second]) == list(range(7))
    assert abs(len(first) - len(second)) <= 1


def test_noise_gets_little_weight_and_the_truth_gets_all():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(400, 2))
    noise, truth = rng.normal(size=(1, 400, 2)), y[np.newaxis]
    assert stacking_weights(noise, y, np.ones(400)).max() < 0.15
    np.testing.assert_allclose(stacking_weights(truth, y, np.ones(400)), 1.0)
    np.testing.assert_allclose(stacking_weights(truth / 3, y, np.ones(400)), 1.0)
    np.testing.assert_allclose(stacking_weights(-truth, y, np.ones(400)), 0.0)


def test_the_weight_is_the_weighted_least_squares_slope():
    rng = np.random.default_rng(0)
    p, y, w = rng.normal(size=(3, 50))
    y = 0.5 * p + 0.1 * y
    w = np.abs(w)
    slope = (w * p * y).sum() / (w * p * p).sum()
    found = stacking_weights(p.reshape(1, 50, 1), y.reshape(50, 1), w)
    np.testing.assert_allclose(found, [[slope]])


@given(
    arrays(float, (3, 20), elements=st.floats(-5, 5)),
    arrays(float, 20, elements=st.floats(-5, 5)),
)
@settings(max_examples=50, deadline=None)
def test_no_allowed_weights_have_a_smaller_error(predictions, y):
    found = stacking_weights(predictions[:, :, None], y[:, None], np.ones(20))[:, 0]
    assert found.min() >= 0
    assert found.sum() <= 1 + 1e-9
    error = lambda weights: np.sum((weights @ predictions - y) ** 2)  # noqa: E731
    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(4), 500)[:, :3]  # not negative, at most 1 in all
    near = np.clip(found + rng.normal(0, 0.01, (200, 3)), 0, None)
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1)
    for weights in (*others, *near, *np.eye(3), np.zeros(3)):
        assert error(found) <= error(weights) + 1e-6 * (1 + error(weights))


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
def test_smallest_sets(n):
    X, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 3
    for blend in (None, RandomKernels(84)):
        model = AttentionLSTMRegressor(
            blend=blend, max_epochs=2, random_state=0, **SMALL
        )
        assert np.isfinite(model.fit(X, y).predict(X)).all()
