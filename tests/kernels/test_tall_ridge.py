"""Ridge regression of many rows: the same as scikit-learn's, a few rows at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_seqattn.kernels import tall_ridge
from sklearn_seqattn.kernels.tall_ridge import fit_tall_ridge

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


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_features=st.integers(3, 12),
    n_more=st.integers(1, 60),
    n_outputs=st.integers(1, 3),
    per_target=st.booleans(),
)
def test_equals_scikit_learn(seed, n_features, n_more, n_outputs, per_target):
    features, targets, weights = draw(seed, n_features + n_more, n_features, n_outputs)
    ridge = RidgeCV(
        ALPHAS,
        alpha_per_target=per_target,
        scoring="neg_mean_squared_error",
        store_cv_results=True,
    ).fit(features, targets, sample_weight=weights)
    coef, intercept, left_out = fit_tall_ridge(
        features,
        targets,
        weights,
        ALPHAS,
        per_target=per_target,
        advance=lambda n: None,
    )
    options = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(coef, ridge.coef_.reshape(n_outputs, -1), **options)
    np.testing.assert_allclose(intercept, np.ravel(ridge.intercept_), **options)
    chosen = np.searchsorted(ALPHAS, np.broadcast_to(ridge.alpha_, n_outputs))
    found = ridge.cv_results_.reshape(len(features), n_outputs, -1)
    expected = found[:, np.arange(n_outputs), chosen]
    np.testing.assert_allclose(left_out, expected, **options)


def test_what_is_left_out_is_not_fitted():
    features, targets, weights = draw(0, 20, 4, 1)
    *_, left_out = fit_tall_ridge(
        features, targets, weights, ALPHAS[3:4], per_target=True, advance=lambda n: None
    )
    for row in range(20):
        kept = np.arange(20) != row
        ridge = Ridge(ALPHAS[3]).fit(features[kept], targets[kept], weights[kept])
        expected = ridge.predict(features[[row]]).ravel()
        np.testing.assert_allclose(left_out[row], expected, rtol=1e-4)


@pytest.mark.parametrize(("at_once", "n_parts"), [(1, 5), (1000, 2), (2**31, 1)])
def test_parts_change_nothing_and_all_rows_are_counted(at_once, n_parts, monkeypatch):
    features, targets, weights = draw(1, 70, 5, 2)
    monkeypatch.setattr(tall_ridge, "_AT_ONCE", at_once)
    done = []
    found = fit_tall_ridge(
        features, targets, weights, ALPHAS, per_target=False, advance=done.append
    )
    assert sum(done) == 140
    assert len(done) == 2 * n_parts
    monkeypatch.undo()
    whole = fit_tall_ridge(
        features, targets, weights, ALPHAS, per_target=False, advance=lambda n: None
    )
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
