"""Ridge regression of large tables: the same as scikit-learn's, in parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_seqattn.kernels import feature_table
from sklearn_seqattn.kernels.gram_ridge import GramRidge

ALPHAS = np.logspace(-2, 5, 8)


def draw(seed, n, n_features, n_outputs):
    """Give features of which two are equal and one is constant, targets and weights."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, n_features)).astype(np.float32)
    features[:, -1] = features[:, 0]
    features[:, 1] = 3.0
    targets = features @ rng.normal(size=(n_features, n_outputs))
    targets += 100 + 5 * rng.normal(size=targets.shape)
    return features, targets, rng.uniform(0.1, 3.0, n)


def fitted(ridge, features, targets, weights, *advance):
    """Give the coefficients, constants and predictions for rows left out."""
    ridge.fit(features, targets, weights, *advance)
    return ridge.coef_, ridge.intercept_, ridge.left_out_


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_features=st.integers(3, 12),
    n=st.integers(3, 60),
    n_outputs=st.integers(1, 3),
    per_target=st.booleans(),
)
def test_equals_scikit_learn(seed, n_features, n, n_outputs, per_target):
    features, targets, weights = draw(seed, n, n_features, n_outputs)
    ridge = RidgeCV(
        ALPHAS,
        alpha_per_target=per_target,
        scoring="neg_mean_squared_error",
        store_cv_results=True,
    ).fit(features, targets, sample_weight=weights)
    found = GramRidge(ALPHAS, alpha_per_target=per_target)
    coef, intercept, left_out = fitted(found, features, targets, weights)
    options = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(coef, ridge.coef_.reshape(n_outputs, -1), **options)
    np.testing.assert_allclose(intercept, np.ravel(ridge.intercept_), **options)
    chosen = np.searchsorted(ALPHAS, np.broadcast_to(ridge.alpha_, n_outputs))
    expected = ridge.cv_results_.reshape(len(features), n_outputs, -1)
    expected = expected[:, np.arange(n_outputs), chosen]
    np.testing.assert_allclose(left_out, expected, **options)


def test_what_is_left_out_is_not_fitted():
    features, targets, weights = draw(0, 20, 4, 1)
    ridge = GramRidge(ALPHAS[3:4], alpha_per_target=True)
    *_, left_out = fitted(ridge, features, targets, weights)
    for row in range(20):
        kept = np.arange(20) != row
        one = Ridge(ALPHAS[3]).fit(features[kept], targets[kept], weights[kept])
        expected = one.predict(features[[row]]).ravel()
        np.testing.assert_allclose(left_out[row], expected, rtol=1e-4)


@pytest.mark.parametrize(("n", "n_features"), [(70, 5), (12, 30)])
@pytest.mark.parametrize("at_once", [1, 100, 2**21])
def test_parts_change_nothing_and_all_rows_are_counted(
    at_once, n, n_features, monkeypatch
):
    features, targets, weights = draw(1, n, n_features, 2)
    whole = GramRidge(ALPHAS, alpha_per_target=False)
    whole = fitted(whole, features, targets, weights)
    monkeypatch.setattr(feature_table, "_AT_ONCE", at_once)
    done, ridge = [], GramRidge(ALPHAS, alpha_per_target=False)
    parts = fitted(ridge, features, targets, weights, done.append)
    assert sum(done) == 2 * n
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
