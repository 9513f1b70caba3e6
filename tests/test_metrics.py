"""Scorers over all positions and over the last."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
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
