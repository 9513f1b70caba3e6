"""The estimators inside scikit-learn's meta-estimators, on lists of varying length."""

import numpy as np
import pytest
import sklearn
from sequence_data import sentences, walks
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
)

SMALL = {
    "front_end": None,
    "hidden_size": 8,
    "num_layers": 1,
    "head_units": (8,),
    "max_epochs": 8,
    "random_state": 0,
}


@pytest.fixture
def classifier():
    return AttentionLSTMClassifier(**SMALL)


def test_cross_validation(classifier):
    X, y = walks()
    assert cross_val_score(classifier, X, y, cv=3).mean() > 0.6
    scores = cross_validate(
        classifier, X, y, cv=2, scoring=["accuracy", "neg_log_loss"]
    )
    assert np.isfinite(scores["test_neg_log_loss"]).all()
    probabilities = cross_val_predict(classifier, X, y, cv=2, method="predict_proba")
    assert probabilities.shape == (60, 2)


def test_folds_of_like_length_are_folds_like_any_other(classifier):
    # Sequences of the first fold share a length; nothing may hang on that.
    X, y = walks(40)
    X = [x[:4] if i < 20 else x for i, x in enumerate(X)]
    scores = cross_val_score(classifier, X, y, cv=2, error_score="raise")
    assert len(scores) == 2


def test_grid_search_in_two_processes_equals_one(classifier):
    X, y = walks()
    grid = {"hidden_size": [4, 8], "attention": ["dot", None]}
    results = [
        GridSearchCV(classifier, grid, cv=2, n_jobs=n_jobs).fit(X, y)
        for n_jobs in (None, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in results]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(results[0].predict(X), results[1].predict(X))


def test_grid_search_in_a_pipeline():
    X, y = walks()
    pipeline = Pipeline(
        [
            ("scale", SequenceScaler()),
            ("classify", AttentionLSTMClassifier(**SMALL)),
        ]
    )
    grid = {"scale__method": ["standard", "robust"], "classify__lr": [1e-3, 1e-2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_estimator_.score(X, y) > 0.6


def test_halving_search(classifier):
    X, y = walks()
    search = HalvingRandomSearchCV(
        classifier,
        {"hidden_size": [4, 8], "dropout": [0.0, 0.2]},
        resource="max_epochs",
        max_resources=6,
        min_resources=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert search.best_params_["max_epochs"] == 6


def test_randomized_search_of_a_regressor():
    X, _ = walks()
    y = [len(x) for x in X]
    search = RandomizedSearchCV(
        AttentionLSTMRegressor(**SMALL),
        {"num_layers": [1, 2]},
        n_iter=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert search.predict(X).shape == (60,)


def test_clone_keeps_every_parameter(classifier):
    copied = clone(classifier.set_params(pooling=("mean", "last"), head_units=()))
    assert copied.get_params() == classifier.get_params()
    assert not hasattr(copied, "net_")


def test_padded_and_scaled_pipeline_equals_the_estimator_on_scaled_lists():
    X, y = walks()
    pipeline = make_pipeline(
        SequencePadder(), SequenceScaler(), AttentionLSTMClassifier(**SMALL)
    ).fit(X, y)
    scaled = SequenceScaler().fit(X).transform(X)
    alone = AttentionLSTMClassifier(**SMALL).fit(scaled, y)
    np.testing.assert_allclose(
        pipeline.predict_proba(X), alone.predict_proba(scaled), rtol=1e-6, atol=1e-6
    )


def test_ids_of_an_encoder_feed_an_embedding():
    X, y = sentences()
    pipeline = make_pipeline(
        StateEncoder(), AttentionLSTMClassifier(**SMALL | {"front_end": "embedding"})
    ).fit(X, y)
    assert pipeline.predict([["yes", "never seen"]]).shape == (1,)


def test_voting(classifier):
    X, y = walks()
    members = [("a", classifier), ("b", clone(classifier).set_params(encoder="gru"))]
    voting = VotingClassifier(members, voting="soft").fit(X, y)
    mean = np.mean([m.predict_proba(X) for m in voting.estimators_], axis=0)
    np.testing.assert_allclose(voting.predict_proba(X), mean, rtol=1e-5)


def test_calibration(classifier):
    X, y = walks()
    calibrated = CalibratedClassifierCV(classifier, cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_stacking(classifier):
    X, y = walks()
    members = [("lstm", classifier)]
    stacked = StackingClassifier(members, LogisticRegression(), cv=2).fit(X, y)
    assert stacked.score(X, y) > 0.6


def test_bagging_and_importance_on_tables(classifier):
    # Both pick columns or rows of arrays: sequences come as a table here.
    rng = np.random.default_rng(0)
    table = rng.normal(size=(60, 5))
    y = (table[:, 2] > 0).astype(int)
    bagged = BaggingClassifier(classifier, 2, random_state=0).fit(table, y)
    assert bagged.predict(table).shape == (60,)
    classifier.set_params(max_epochs=30).fit(table, y)
    importance = permutation_importance(classifier, table, y, random_state=0)
    assert importance.importances_mean.argmax() == 2


def test_one_versus_rest_and_several_outputs(classifier):
    table = np.random.default_rng(0).normal(size=(45, 5))
    y = np.arange(45) % 3
    assert OneVsRestClassifier(classifier).fit(table, y).predict(table).shape == (45,)
    Y = np.c_[y == 0, y == 1].astype(int)
    predicted = MultiOutputClassifier(classifier).fit(table, Y).predict(table)
    assert predicted.shape == (45, 2)


def test_learning_curve(classifier):
    X, y = walks()
    sizes, _, scores = learning_curve(classifier, X, y, train_sizes=[0.5, 1.0], cv=2)
    assert sizes.tolist() == [15, 30]
    assert scores.shape == (2, 2)


def test_transformed_target():
    X, _ = walks()
    y = np.array([float(len(x)) for x in X])
    regressor = TransformedTargetRegressor(
        AttentionLSTMRegressor(**SMALL), func=np.log, inverse_func=np.exp
    ).fit(X, y)
    assert (regressor.predict(X) > 0).all()


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_validation_data_through_a_pipeline(classifier):
    (X, y), (X_val, y_val) = walks(), walks(seed=1)
    classifier.set_fit_request(X_val=True, y_val=True)
    pipeline = Pipeline(
        [("scale", SequenceScaler()), ("classify", classifier)],
        transform_input=["X_val"],
    ).fit(X, y, X_val=X_val, y_val=y_val)
    history = pipeline[-1].history_
    scaled = pipeline[0].transform(X_val)
    alone = clone(classifier).fit(
        pipeline[0].transform(X), y, validation_data=(scaled, y_val)
    )
    np.testing.assert_allclose(history["valid_loss"], alone.history_["valid_loss"])


@pytest.mark.usefixtures("routing")
def test_validation_data_and_weights_are_routed_as_given(classifier):
    (X, y), validation = walks(), walks(seed=1)
    classifier.set_fit_request(validation_data=True, sample_weight=True)
    pipeline = make_pipeline(SequencePadder(), classifier)
    pipeline.fit(X, y, validation_data=validation, sample_weight=np.ones(len(X)))
    assert "valid_loss" in pipeline[-1].history_


def test_set_output_reaches_the_estimator(classifier):
    table = np.random.default_rng(0).normal(size=(30, 4))
    pipeline = make_pipeline(SequenceScaler(), classifier).set_output(
        transform="pandas"
    )
    pipeline.fit(table, np.arange(30) % 2)
    assert pipeline[-1].n_features_in_ == 4
