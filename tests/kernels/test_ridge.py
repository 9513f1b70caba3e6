import numpy as np
import pytest
from scipy.special import log_expit, log_softmax, softmax
from sklearn import config_context
from sklearn.linear_model import Ridge, RidgeClassifierCV, RidgeCV

from sklearn_seqattn.kernels.ridge import (
    ALPHAS,
    fit_ridge_classification,
    fit_ridge_regression,
    left_out_regression,
    logit_factor,
)


def draw(n=40, n_features=100, n_classes=3, seed=0):
    """Draw features, of which the first tell the class, and indicators."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    X = rng.normal(size=(n, n_features))
    X[:, :n_classes] += 2 * np.eye(n_classes)[y]
    return (X - X.mean(0)) / X.std(0), y, np.eye(n_classes)[y]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_features", [5, 100])
def test_classes_are_those_of_ridge_classifier_cv(n_classes, n_features):
    X, y, indicators = draw(n_features=n_features, n_classes=n_classes)
    coef, intercept, _ = fit_ridge_classification(X, indicators)
    reference = RidgeClassifierCV(ALPHAS).fit(X, y)
    assert ((X @ coef.T + intercept).argmax(1) == reference.predict(X)).all()
    rows = coef if n_classes > 2 else coef[1:]
    expected = np.reshape(reference.coef_, rows.shape)
    np.testing.assert_allclose(rows, expected, rtol=1e-6, atol=1e-9)


def left_out_values(X, targets, alpha):
    """Refit without each row in turn and predict it."""
    keep = ~np.eye(len(X), dtype=bool)
    return np.array(
        [
            Ridge(alpha).fit(X[rows], targets[rows]).predict(X[[i]])[0]
            for i, rows in enumerate(keep)
        ]
    )


def test_penalty_is_the_best_of_leaving_one_out():
    X, _, indicators = draw(n=25, n_features=30)
    signs = 2 * indicators - 1
    values = [left_out_values(X, signs, alpha) for alpha in ALPHAS]
    best = np.argmin([((v - signs) ** 2).mean() for v in values])
    ridge = Ridge(ALPHAS[best]).fit(X, signs)
    coef, intercept, left_out = fit_ridge_classification(X, indicators)
    np.testing.assert_allclose(coef, ridge.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(intercept, ridge.intercept_, rtol=1e-6)
    np.testing.assert_allclose(left_out, values[best], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_factor_is_the_best_of_many(multilabel):
    rng = np.random.default_rng(0)
    indicators = np.eye(3)[rng.integers(3, size=40)]
    values = rng.normal(size=(40, 3)) + indicators
    weights = rng.integers(1, 4, size=40)
    floor = 1 / 42 if multilabel else 1 / 43
    smoothed = indicators * (1 - floor) + floor / (2 if multilabel else 3)
    losses, factors = [], np.exp(np.linspace(-4, 4, 1601))
    for factor in factors:
        logits = factor * values
        if multilabel:
            rows = log_expit(logits) * smoothed + log_expit(-logits) * (1 - smoothed)
        else:
            rows = log_softmax(logits, axis=1) * smoothed
        losses.append(-weights @ rows.sum(1))
    found = logit_factor(values, indicators, weights, multilabel=multilabel)
    assert found == pytest.approx(factors[np.argmin(losses)], rel=0.01)


def test_right_values_do_not_become_logits_without_bounds():
    y = np.arange(30) % 3
    values = 2 * np.eye(3)[y] - 1
    factor = logit_factor(values, np.eye(3)[y])
    certainty = softmax(factor * values, axis=1).max(axis=1)
    np.testing.assert_allclose(certainty, 1 - 2 / 3 / 33, rtol=1e-3)


def test_regression_is_ridge_cv_target_by_target():
    X, _, _ = draw()
    Y = np.column_stack([X[:, 0] * 1000 + 5, np.sin(X[:, 1])])
    coef, intercept = fit_ridge_regression(X, Y)
    for k in range(2):
        reference = RidgeCV(ALPHAS).fit(X, Y[:, k])
        np.testing.assert_allclose(coef[k], reference.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(intercept[k], reference.intercept_)


def test_noise_is_shrunk_to_the_mean():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 300)), rng.normal(5, size=(60, 1))
    coef, intercept = fit_ridge_regression(X, Y)
    new = rng.normal(size=(500, 300)) @ coef.T + intercept
    assert np.abs(new - Y.mean()).max() < 0.5


@pytest.mark.parametrize("routing", [False, True])
def test_weights_equal_repeats_once_the_penalty_is_given(routing, monkeypatch):
    monkeypatch.setattr("sklearn_seqattn.kernels.ridge.ALPHAS", np.array([1.0]))
    X, _, indicators = draw(n=20, n_features=8)
    weight = np.arange(20) % 3 + 1
    with config_context(enable_metadata_routing=routing):
        coef, intercept = fit_ridge_regression(X, indicators, weight.astype(float))
    repeated = fit_ridge_regression(X.repeat(weight, 0), indicators.repeat(weight, 0))
    np.testing.assert_allclose(coef, repeated[0])
    np.testing.assert_allclose(intercept, repeated[1])


def test_probabilities_of_noise_are_those_of_ignorance():
    rng = np.random.default_rng(0)
    X, indicators = rng.normal(size=(60, 300)), np.eye(3)[np.arange(60) % 3]
    coef, intercept, left_out = fit_ridge_classification(X, indicators)
    factor = logit_factor(left_out, indicators)
    new = rng.normal(size=(500, 300)) @ coef.T + intercept
    new = softmax(factor * new, axis=1)
    assert np.abs(new - 1 / 3).max() < 0.2


def test_multilabel_logits_are_independent_columns():
    X, _, indicators = draw(n=60, n_features=10)
    labels = np.column_stack([indicators[:, 0], X[:, 5] > 0])
    coef, intercept, _ = fit_ridge_classification(X, labels)
    assert coef.shape == (2, 10)
    assert ((X @ coef.T + intercept > 0) == labels).mean() > 0.9


@pytest.mark.parametrize("n_features", [1, 500])
def test_two_sequences_and_a_class_of_one_are_enough(n_features):
    rng = np.random.default_rng(0)
    for y in ([0, 1], [0, 0, 0, 1], [0, 1, 2]):
        X = rng.normal(size=(len(y), n_features))
        coef, intercept, _ = fit_ridge_classification(X, np.eye(max(y) + 1)[y])
        assert np.isfinite(coef).all()
        assert np.isfinite(intercept).all()
    coef, intercept = fit_ridge_regression(X[:2], np.array([[1.0], [3.0]]))
    assert coef.shape == (1, n_features)
    assert intercept.shape == (1,)


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("n_features", [3, 60])
def test_left_out_predictions_are_those_of_refits(n_targets, n_features):
    rng = np.random.default_rng(0)
    X, _, _ = draw(n=25, n_features=n_features)
    Y = X[:, :1] * [1.0, 0.0][:n_targets] + rng.normal(5, 1, (25, n_targets))
    weights = rng.integers(1, 4, 25).astype(float)
    folds = np.array_split(rng.permutation(25), 4)
    found = left_out_regression(X, Y, weights, folds=folds)
    assert found.shape == (25, n_targets)
    for fold in folds:
        rest = np.delete(np.arange(25), fold)
        for column, target in zip(found.T, Y.T, strict=True):
            ridge = RidgeCV(ALPHAS).fit(X[rest], target[rest], weights[rest])
            np.testing.assert_allclose(column[fold], ridge.predict(X[fold]), rtol=1e-6)


def test_no_left_out_prediction_knows_its_target():
    X, _, _ = draw(n=20, n_features=30)
    Y = X[:, :1] + 5
    folds = np.arange(20).reshape(5, 4)
    found = left_out_regression(X, Y, folds=folds)
    for row in range(20):
        other = Y.copy()
        other[row] += 100
        assert left_out_regression(X, other, folds=folds)[row] == found[row]


def test_left_out_predictions_in_single_precision():
    X, _, _ = draw(n=30, n_features=60)
    folds = np.arange(30).reshape(5, 6)
    found = left_out_regression(X, X[:, :2], folds=folds)
    X = X.astype(np.float32)
    single = left_out_regression(X, X[:, :2], folds=folds)
    np.testing.assert_allclose(single, found, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_few_rows_are_left_out_one_by_one(n):
    x = np.arange(float(n))[:, np.newaxis]
    found = left_out_regression(x - x.mean(), 3 * x, folds=np.arange(n)[:, None])
    assert np.isfinite(found).all()
