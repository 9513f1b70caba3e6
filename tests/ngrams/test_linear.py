import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_seqattn.ngrams.linear import (
    LINEAR_MODELS,
    ClassModel,
    LabelModel,
    NumberModel,
    choose_strength,
)


def draw(n=80, p=5, seed=0):
    rng = np.random.default_rng(seed)
    features = sparse.csr_array(rng.random((n, p)) * (rng.random((n, p)) < 0.5))
    values = features @ rng.normal(size=(p, 3)) + 0.1 * rng.normal(size=(n, 3))
    return features, values, rng.exponential(size=n)


def test_classes_are_those_of_logistic_regression():
    features, values, weights = draw()
    for codes, n_classes in ((values.argmax(1), 3), ((values[:, 0] > 0) * 1, 2)):
        model = ClassModel(n_classes).fit(features, codes, weights, 3.0)
        other = LogisticRegression(C=3.0).fit(features, codes, sample_weight=weights)
        found = softmax(model.outputs(features), axis=1)
        assert found.shape == (80, n_classes)
        assert np.abs(found - other.predict_proba(features)).max() < 0.05


def test_a_class_that_is_not_there_has_a_small_probability():
    features, values, weights = draw()
    codes = (values[:, 0] > 0) * 2  # classes 0 and 2 of 4
    found = softmax(
        ClassModel(4).fit(features, codes, weights, 3.0).outputs(features), 1
    )
    assert 0 < found[:, [1, 3]].max() < 0.1
    only = ClassModel(2).fit(features, np.ones(80, int), weights, 3.0)
    assert (softmax(only.outputs(features), 1)[:, 1] > 0.9).all()


def test_labels_are_classes_by_themselves_and_may_be_constant():
    features, values, weights = draw()
    labels = (values > 0).astype(np.float32) * 0.9 + 0.05  # smoothed
    labels[:, 2] = 0.05
    found = LabelModel(3).fit(features, labels, weights, 3.0).outputs(features)
    codes = (values[:, 0] > 0) * 1
    single = ClassModel(2).fit(features, codes, weights, 3.0).outputs(features)
    np.testing.assert_allclose(found[:, 0], single[:, 1] - single[:, 0], rtol=1e-6)
    assert (found[:, 2] < -3).all()


def test_numbers_are_those_of_ridge_regression():
    features, values, weights = draw()
    model = NumberModel(3).fit(features, values, weights, 10.0)
    other = Ridge(alpha=0.1).fit(features, values, sample_weight=weights)
    np.testing.assert_allclose(model.outputs(features), other.predict(features))
    alone = NumberModel(1).fit(features, values[:, :1], weights, 10.0)
    assert alone.outputs(features).shape == (80, 1)


@pytest.mark.parametrize("activation", LINEAR_MODELS)
def test_strong_signals_are_regularized_less(activation):
    features, values, weights = draw()
    noise = np.random.default_rng(1).normal(size=values.shape)
    chosen = []
    for y in (values, noise):
        targets = {"softmax": y.argmax(1), "sigmoid": y > 0, "identity": y}[activation]
        table = features, targets, weights
        parts = [
            [tuple(x[rows] for x in table) for rows in rows_of]
            for rows_of in ((slice(40), slice(40, 80)), (slice(40, 80), slice(40)))
        ]
        strength, outputs = choose_strength(activation, 3, parts)
        assert outputs.shape == (80, 3)
        chosen.append(strength)
    assert chosen[0] > chosen[1]


@pytest.mark.parametrize("activation", LINEAR_MODELS)
def test_a_weight_counts_as_copies(activation):
    features, values, _ = draw()
    targets = {"softmax": values.argmax(1), "sigmoid": values > 0, "identity": values}
    targets, copies = targets[activation], 1 + np.arange(80) % 3
    rows = np.repeat(np.arange(80), copies)
    model = LINEAR_MODELS[activation]
    weighed = model(3).fit(features, targets, copies, 1.0).outputs(features)
    copied = model(3).fit(features[rows], targets[rows], np.ones(len(rows)), 1.0)
    assert np.abs(weighed - copied.outputs(features)).max() < 0.01


def test_a_strength_that_makes_outputs_too_certain_is_chosen_where_they_are_scaled():
    class TooCertain(ClassModel):
        """The stronger the fit, the better the order and the worse the scale."""

        strengths = (1.0, 2.0)

        def fit(self, features, targets, weights, strength):
            self.coef_ = np.array([[0.0], [{1.0: 0.5, 2.0: 5.0}[strength]]])
            self.intercept_ = np.array([0.0, {1.0: 0.4, 2.0: 0.0}[strength]])
            return self

    features = np.array([[1.0], [1.0], [1.0], [-1.0], [-1.0], [-1.0]])
    targets, weights = np.array([1, 1, 0, 0, 0, 1]), np.ones(6)
    table = features, targets, weights
    for scaled, strength in ((False, 1.0), (True, 2.0)):
        found, _ = choose_strength(
            "softmax", 2, [(table, table)], TooCertain, scaled=scaled
        )
        assert found == strength
