"""Scorers over all positions and over the last."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.metrics import NextStateScorer

X = [["a", "b", "a", "b", "c"], ["a", "b", "c"], ["b", "a", "b", "a"]] * 3


@pytest.fixture(scope="module")
def model():
    return NextStateMarkov(order=1).fit(X)


def test_all_positions_are_those_of_the_estimator(model):
    assert NextStateScorer()(model, X) == pytest.approx(model.score(X))
    found = NextStateScorer("neg_perplexity")(model, X)
    assert found == pytest.approx(-model.perplexity(X))


def test_the_last_position_is_y(model):
    prefixes, following = [s[:-1] for s in X], [s[-1] for s in X]
    scorer = NextStateScorer(positions="last")
    assert scorer(model, X) == pytest.approx(model.score(prefixes, following))
    assert scorer(model, prefixes, following) == pytest.approx(scorer(model, X))


def test_all_positions_with_y_are_those_of_the_whole_sequences(model):
    prefixes, following = [s[:-1] for s in X], [s[-1] for s in X]
    for metric in ("accuracy", "neg_perplexity"):
        scorer = NextStateScorer(metric)
        assert scorer(model, prefixes, following) == pytest.approx(scorer(model, X))


def test_top_k_by_hand(model):
    proba = np.concatenate([p[:-1] for p in model.predict_positions(X)])
    column = np.searchsorted(model.classes_, np.concatenate([s[1:] for s in X]))
    top = np.argsort(-proba, axis=1, kind="stable")[:, :2]
    expected = (top == column[:, None]).any(axis=1).mean()
    assert NextStateScorer("top_k_accuracy", k=2)(model, X) == pytest.approx(expected)
    assert NextStateScorer("top_k_accuracy", k=3)(model, X) == 1


def test_weights_are_copies(model):
    copies = X + [X[0]]
    weights = np.array([2.0, *np.ones(len(X) - 1)])
    for scorer in (NextStateScorer(), NextStateScorer("neg_perplexity", "last")):
        weighted = scorer(model, X, sample_weight=weights)
        assert weighted == pytest.approx(scorer(model, copies))


def test_in_a_search_over_a_pipeline():
    lower = FunctionTransformer(lambda X: [[s.lower() for s in x] for x in X])
    pipeline = make_pipeline(lower, NextStateMarkov())
    grid = {"nextstatemarkov__order": [0, 2]}
    search = GridSearchCV(pipeline, grid, scoring=NextStateScorer("neg_perplexity"))
    search.fit([[s.upper() for s in x] for x in X])
    assert search.best_params_ == {"nextstatemarkov__order": 2}


def upper(X):
    return [[s.upper() for s in x] for x in X]


def nested(estimator):
    """Wrap an estimator into pipelines and searches."""
    return {
        "bare": estimator,
        "pipeline of one step": make_pipeline(estimator),
        "pipeline": make_pipeline(FunctionTransformer(upper), estimator),
        "pipeline that passes": make_pipeline("passthrough", estimator),
        "pipeline in a pipeline": make_pipeline(
            FunctionTransformer(upper), make_pipeline(estimator)
        ),
        "grid": GridSearchCV(estimator, {"order": [2]}, cv=2),
        "random": RandomizedSearchCV(estimator, {"order": [2]}, n_iter=1, cv=2),
        "halving": HalvingGridSearchCV(
            estimator, {"order": [2]}, cv=2, min_resources=9, max_resources=9
        ),
        "grid over a pipeline": GridSearchCV(
            make_pipeline(FunctionTransformer(upper), estimator),
            {"nextstatemarkov__order": [2]},
            cv=2,
        ),
        "grid in a pipeline": make_pipeline(
            FunctionTransformer(upper), GridSearchCV(estimator, {"order": [2]}, cv=2)
        ),
        "frozen": make_pipeline(FrozenEstimator(NextStateMarkov(order=2).fit(X))),
    }


WRAPPERS = list(nested(NextStateMarkov()))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_estimators_inside_pipelines_and_searches(wrapper):
    plain = NextStateMarkov(order=2).fit(X)
    estimator = nested(NextStateMarkov(order=2))[wrapper].fit(X)
    for scorer in (NextStateScorer(), NextStateScorer("neg_perplexity", "last")):
        assert scorer(estimator, X) == pytest.approx(scorer(plain, X))


@pytest.mark.parametrize(
    "estimator",
    [
        DummyClassifier(),
        make_pipeline(DummyClassifier()),
        GridSearchCV(NextStateMarkov(), {"order": [1]}, refit=False, cv=2),
    ],
)
def test_other_estimators_are_refused(estimator):
    y = [s[-1] for s in X]
    estimator.fit(X, y)
    with pytest.raises(TypeError, match="has no score_positions; NextStateScorer"):
        NextStateScorer()(estimator, X)


@pytest.mark.parametrize("metric", ["accuracy", "top_k_accuracy", "neg_perplexity"])
def test_nothing_to_score(model, metric):
    with pytest.raises(ValueError, match="X has no state to score"):
        NextStateScorer(metric)(model, [["a"], ["b"]])


def test_scores_of_each_sequence(model):
    found = model.score_positions([*X[:2], ["a"]], k=2)
    assert found.columns.tolist() == ["log_likelihood", "hits", "positions"]
    assert found["positions"].tolist() == [4, 2, 0]
    np.testing.assert_allclose(found["log_likelihood"][:2], model.score_samples(X[:2]))
    assert found["hits"][2] == 0
    last = model.score_positions(X, last=True)
    assert (last["positions"] == 1).all()
    y = model.score_positions([["a"]], ["b"])
    assert y["log_likelihood"][0] == model.predict_log_proba([["a"]])[0, 1]


def test_what_is_not_a_number_is_no_hit(model):
    class Broken(NextStateMarkov):
        def _log_proba_batches(self, streams, last=False):
            for rows, log_proba in super()._log_proba_batches(streams, last):
                yield rows, np.full_like(log_proba, np.nan)

    broken = Broken(order=1).fit(X)
    for k in (1, 2, 3, 9):
        assert broken.score_positions(X, k=k)["hits"].sum() == 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"metric": "f1"}, "metric='f1' is unknown; take one of"),
        ({"positions": "first"}, "positions='first' is unknown"),
    ],
)
def test_unknown_names(params, message):
    with pytest.raises(ValueError, match=message):
        NextStateScorer(**params)
