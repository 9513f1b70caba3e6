import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from sklearn_seqattn.kernels import feature_table
from sklearn_seqattn.kernels.feature_table import FeatureTable
from sklearn_seqattn.kernels.gram_ridge import PASSES, GramRidge
from sklearn_seqattn.kernels.ridge import (
    ALPHAS,
    fit_ridge_classification,
    fit_ridge_regression,
    left_out_regression,
)


def draw(n, p, n_outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, p)).astype(np.float32)
    targets = features[:, :n_outputs] + rng.normal(size=(n, n_outputs)) + [[5.0]]
    return features, targets, rng.integers(1, 4, n).astype(float)


@pytest.fixture(params=[(40, 7), (20, 30), (25, 25), (3, 5)], ids=str)
def problem(request):
    return draw(*request.param)


@pytest.mark.parametrize("per_target", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_ridge_of_scikit_learn(problem, per_target, weighted):
    features, targets, weights = problem
    weights = weights if weighted else None
    expected = RidgeCV(
        ALPHAS,
        scoring="neg_mean_squared_error",
        store_cv_results=True,
        alpha_per_target=per_target,
    ).fit(features, targets, sample_weight=weights)
    chosen = np.searchsorted(ALPHAS, np.broadcast_to(expected.alpha_, 3))
    left_out = expected.cv_results_[:, np.arange(3), chosen]
    found = GramRidge(ALPHAS, alpha_per_target=per_target)
    found.fit(features, targets, weights)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=1e-4)
    np.testing.assert_allclose(found.left_out_, left_out, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(12, 4), (12, 20)], ids=str)
def test_left_out_is_what_a_fit_without_the_row_predicts(shape):
    features, targets, weights = draw(*shape)
    weights[[2, 5]] = 0.0
    one = np.array([0.1])
    found = GramRidge(one, alpha_per_target=False).fit(features, targets, weights)
    for row in range(12):
        kept = np.arange(12) != row
        fit = GramRidge(one, alpha_per_target=False)
        fit.fit(features[kept], targets[kept], weights[kept])
        expected = features[row] @ fit.coef_.T + fit.intercept_
        np.testing.assert_allclose(found.left_out_[row], expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(40, 7), (20, 30)], ids=str)
def test_a_weight_is_a_number_of_copies(shape):
    features, targets, weights = draw(*shape)
    copies = np.repeat(np.arange(len(features)), weights.astype(int))
    one = np.array([2.0])
    found = GramRidge(one, alpha_per_target=False).fit(features, targets, weights)
    copied = GramRidge(one, alpha_per_target=False)
    copied.fit(features[copies], targets[copies])
    np.testing.assert_allclose(found.coef_, copied.coef_, atol=1e-8)


@pytest.mark.parametrize("shape", [(40, 7), (20, 30)], ids=str)
@pytest.mark.parametrize("in_memory", [False, True])
def test_parts_and_files_change_nothing(shape, in_memory, monkeypatch):
    features, targets, weights = draw(*shape)
    whole = GramRidge(ALPHAS, alpha_per_target=True).fit(features, targets, weights)
    monkeypatch.setattr(feature_table, "_AT_ONCE", 50)
    monkeypatch.setattr(feature_table, "_MOST_IN_MEMORY", 2**26 if in_memory else 0)
    table = FeatureTable(*shape)
    table[np.arange(len(features))] = features
    parts = GramRidge(ALPHAS, alpha_per_target=True).fit(table, targets, weights)
    np.testing.assert_allclose(parts.coef_, whole.coef_, atol=1e-9)
    np.testing.assert_allclose(parts.left_out_, whole.left_out_, rtol=1e-5)


def test_large_tables_are_fitted_in_parts_and_alike(monkeypatch):
    features, targets, weights = draw(30, 40)
    folds = np.array_split(np.arange(30), 3)
    indicators = np.eye(3)[np.arange(30) % 3]

    def fit(features):
        return (
            *fit_ridge_regression(features, targets, weights),
            *fit_ridge_classification(features, indicators, weights),
            left_out_regression(features, targets, weights, folds=folds),
        )

    expected = fit(features)
    monkeypatch.setattr(feature_table, "_MOST_IN_MEMORY", 0)
    table = FeatureTable(30, 40)
    table[np.arange(30)] = features
    for found, wanted in zip(fit(table), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(70, 5), (12, 30)], ids=str)
@pytest.mark.parametrize("at_once", [1, 100, 2**21])
def test_all_rows_are_counted(shape, at_once, monkeypatch):
    features, targets, weights = draw(*shape)
    monkeypatch.setattr(feature_table, "_AT_ONCE", at_once)
    done, found = [], GramRidge(ALPHAS, alpha_per_target=False)
    found.fit(features, targets, weights, done.append)
    assert sum(done) == PASSES * len(features)
