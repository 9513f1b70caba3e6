from copy import deepcopy

import numpy as np
import pytest
from test_losses import ALL

from sklearn_seqattn import AttentionLSTMRegressor, RandomKernels
from sklearn_seqattn.attention_lstm.shrinkage import shrink

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
