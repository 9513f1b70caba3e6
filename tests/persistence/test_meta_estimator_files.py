"""Meta-estimators of scikit-learn around our estimators, and their partners."""

import re
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from model_zoo import LENGTHS, SENTENCES, SMALL, UP_OR_DOWN, WALKS, fitted
from scipy.stats import loguniform
from sklearn import calibration, metrics
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tampering import packed

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateMarkov,
    RandomKernelFeatures,
    SequenceScaler,
    load_model,
    save_model,
)
from sklearn_seqattn.metrics import NextStateScorer
from sklearn_seqattn.storage.files import read_file

CLASSIFIER = AttentionLSTMClassifier(**SMALL)
REGRESSOR = AttentionLSTMRegressor(**SMALL)
KERNELS = RandomKernelFeatures(n_features=84, random_state=0)
RATES = {"lr": [1e-3, 1e-2], "pooling": [("max",), ("mean", "max")]}
MAE = metrics.make_scorer(metrics.mean_absolute_error, greater_is_better=False)

# since scikit-learn 1.8
TEMPERATURE = ["temperature"] * hasattr(calibration, "_TemperatureScaling")

Y = np.array(UP_OR_DOWN)
CLASSIFIERS = {
    **{
        f"calibrated {method}": CalibratedClassifierCV(CLASSIFIER, cv=2, method=method)
        for method in ("sigmoid", "isotonic", *TEMPERATURE)
    },
    "calibrated frozen": CalibratedClassifierCV(
        FrozenEstimator(fitted("classifier")), cv=2, ensemble=False
    ),
    "frozen": FrozenEstimator(fitted("classifier")),
    "grid": GridSearchCV(CLASSIFIER, RATES, cv=2),
    "grid of two scores": GridSearchCV(
        CLASSIFIER,
        RATES,
        cv=KFold(2),
        scoring=["accuracy", "f1_macro"],
        refit="accuracy",
    ),
    "halving": HalvingGridSearchCV(CLASSIFIER, RATES, cv=2, random_state=0),
    "voting": VotingClassifier([("a", CLASSIFIER), ("b", "drop")], voting="soft"),
    "hard voting": VotingClassifier([("a", CLASSIFIER), ("b", clone(CLASSIFIER))]),
    "stacking": StackingClassifier([("a", CLASSIFIER)], cv=2),
    "stacking of pipelines": StackingClassifier(
        [("a", make_pipeline(SequenceScaler(), CLASSIFIER))],
        RidgeClassifierCV(),
        cv=2,
    ),
    "tuned threshold": TunedThresholdClassifierCV(
        CLASSIFIER, cv=2, store_cv_results=True
    ),
    "fixed threshold": FixedThresholdClassifier(CLASSIFIER, threshold=0.4),
    "one vs rest": OneVsRestClassifier(CLASSIFIER),
    "linear": make_pipeline(
        FeatureUnion([("a", KERNELS), ("b", clone(KERNELS))]),
        StandardScaler().set_output(transform="pandas"),
        PCA(3),
        FunctionTransformer(np.tanh),
        RidgeClassifierCV(),
    ),
    "deep": GridSearchCV(
        CalibratedClassifierCV(
            VotingClassifier([("a", make_pipeline(CLASSIFIER))], voting="soft"), cv=2
        ),
        {"estimator__a__attentionlstmclassifier__lr": [1e-3]},
        cv=2,
    ),
}
REGRESSORS = {
    "random": RandomizedSearchCV(
        REGRESSOR, {"lr": loguniform(1e-3, 1e-2)}, n_iter=2, cv=2, scoring=MAE
    ),
    "voting": VotingRegressor([("a", REGRESSOR)]),
    "stacking": StackingRegressor([("a", REGRESSOR)], cv=2),
    "outputs": MultiOutputRegressor(REGRESSOR),
    "log of target": TransformedTargetRegressor(
        REGRESSOR, func=np.log1p, inverse_func=np.expm1
    ),
    "scaled target": TransformedTargetRegressor(
        REGRESSOR, transformer=StandardScaler()
    ),
}
TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(24, 3)), columns=[*"abc"])
COLUMNS = make_pipeline(
    ColumnTransformer(
        [("scale", SequenceScaler(), ["a", "b"])], remainder="passthrough"
    ).set_output(transform="pandas"),
    LogisticRegression(),
)
STATES = GridSearchCV(
    NextStateMarkov(), {"order": [1, 2]}, cv=2, scoring=NextStateScorer()
)
#: Estimator, X, y and the methods whose results are compared.
FITS = {
    **{f"classifier: {n}": (m, WALKS, Y) for n, m in CLASSIFIERS.items()},
    **{f"regressor: {n}": (m, WALKS, LENGTHS + 0.0) for n, m in REGRESSORS.items()},
    "several targets": (REGRESSORS["outputs"], WALKS, np.c_[LENGTHS, LENGTHS[::-1]]),
    "columns": (COLUMNS, TABLE, Y),
    "states": (STATES, SENTENCES, None),
}
del FITS["regressor: outputs"]


@cache
def fit(name):
    """Fit one of `FITS`, once."""
    model, X, y = FITS[name]
    return clone(model).fit(X, y), X


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.seqattn"


def copied(model, path):
    save_model(model, path)
    return load_model(path)


@pytest.mark.parametrize("name", FITS)
def test_predictions_and_attributes_are_the_same(name, path):
    model, X = fit(name)
    copy = copied(model, path)
    for method in ("predict", "predict_proba", "decision_function"):
        if hasattr(model, method):
            found, wanted = getattr(copy, method)(X), getattr(model, method)(X)
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)
    assert vars(copy).keys() == vars(model).keys()
    assert copy.get_params().keys() == model.get_params().keys()


@pytest.mark.parametrize("name", FITS)
def test_an_estimator_that_is_not_fitted(name, path):
    model, _, _ = FITS[name]
    copy = copied(model, path)
    assert vars(copy).keys() == vars(model).keys()
    assert re.sub("0x.*?>", "", repr(copy)) == re.sub("0x.*?>", "", repr(model))


@pytest.mark.parametrize("name", ["grid", "grid of two scores", "halving", "deep"])
def test_a_search_keeps_its_results(name, path):
    model, _ = fit(f"classifier: {name}")
    copy = copied(model, path)
    assert copy.best_params_ == model.best_params_
    assert copy.cv_results_.keys() == model.cv_results_.keys()
    pd.testing.assert_frame_equal(
        pd.DataFrame(copy.cv_results_), pd.DataFrame(model.cv_results_)
    )
    assert copy.score(WALKS, Y) == model.score(WALKS, Y)


def test_an_estimator_that_occurs_twice_is_one_object(path):
    model, _ = fit("classifier: hard voting")
    copy = copied(model, path)
    assert copy.named_estimators_.a is copy.estimators_[0]
    assert copy.named_estimators_["b"] is copy.estimators_[1]
    assert copy.estimators_[0] is not copy.estimators_[1]
    save_model(copy.estimators_[0], path.with_suffix(".one"))
    one = path.with_suffix(".one").stat().st_size
    assert path.stat().st_size < 3 * one  # two fitted ones and their parameters


def test_a_frame_that_a_transformer_returns(path):
    model, X = fit("columns")
    found, wanted = (m[0].transform(X) for m in (copied(model, path), model))
    pd.testing.assert_frame_equal(found, wanted)


def test_without_skops_the_error_names_the_extra(path, monkeypatch):
    model = make_pipeline(KERNELS, LogisticRegression())
    save_model(model, path)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for work in (lambda: load_model(path), lambda: save_model(model, path)):
        with pytest.raises(ImportError, match=r"skops.*sklearn_seqattn\[persistence\]"):
            work()
    assert copied(CLASSIFIERS["hard voting"], path).voting == "hard"


def test_another_version_of_scikit_learn_is_a_warning(path):
    save_model(CLASSIFIERS["grid"], path)
    document, arrays = read_file(path, "model")
    document["estimator"]["state"]["_sklearn_version"] = "1.2.3"
    path.write_bytes(packed(document, arrays))
    with pytest.warns(
        InconsistentVersionWarning, match="GridSearchCV from version 1.2.3"
    ):
        load_model(path)


class Mine(LogisticRegression):
    """An estimator that is not scikit-learn's."""


def shout(y_true, y_pred):
    """Return a score that is not scikit-learn's."""
    return 1.0


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (make_pipeline(KERNELS, Mine()), r"steps\[1\]\[1\] is Mine"),
        (VotingClassifier([("a", CLASSIFIER), ("b", Mine())]), "b.* is Mine|Mine"),
        (make_pipeline(KERNELS, FunctionTransformer(print)), r"steps\[1\]\[1\].*print"),
        (
            GridSearchCV(CLASSIFIER, {}, scoring=metrics.make_scorer(shout)),
            "_score_func",
        ),
        (GridSearchCV(CLASSIFIER, {}, scoring=shout), "GridSearchCV.scoring"),
        (RandomForestClassifier(1).fit([[0], [1]], [0, 1]), r"holds \['sklearn.tree"),
        (TransformedTargetRegressor(REGRESSOR, func=shout), r"Regressor\.func"),
    ],
)
def test_what_no_file_can_hold(model, match, path):
    with pytest.raises(TypeError, match=match):
        save_model(model, path)
    assert not path.exists()
