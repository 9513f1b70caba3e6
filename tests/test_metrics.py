"""Scorers over all positions and over the last."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.metrics import NextStateScorer, StepScorer

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


#: Sequences with states that the model does not know, and does not predict alike.
LATER = [["a", "b", "x", "y", "a"], ["b", "c", "x"], ["a"], ["c", "b", "z", "b"]]
OF_CLASSES = {
    "balanced_accuracy": balanced_accuracy_score,
    "f1_macro": partial(f1_score, average="macro"),
}


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positions", ["all", "last"])
@pytest.mark.parametrize("end", [False, True])
@pytest.mark.parametrize("metric", OF_CLASSES)
def test_means_over_classes_are_those_of_scikit_learn(metric, end, positions, weighted):
    model = NextStateMarkov(order=1, end_state=end).fit(X)
    y = ["b", "<end>", "q", "a"] if end else ["b", "c", "q", "a"]
    weights = [0.5, 3.0, 0.0, 2.0] if weighted else None
    true, predicted, repeated = [], [], []
    for i, (x, following) in enumerate(zip(LATER, y, strict=True)):
        whole, proba = [*x, following], model.predict_positions([x])[0]
        steps = range(len(x)) if positions == "all" else [len(x) - 1]
        true += [whole[t + 1] for t in steps]
        predicted += [model.classes_[proba[t].argmax()] for t in steps]
        repeated += [1.0 if weights is None else weights[i] for _ in steps]
    found = NextStateScorer(metric, positions)(model, LATER, y, weights)
    kept = np.array(repeated) > 0
    expected = OF_CLASSES[metric](
        np.array(true)[kept],
        np.array(predicted)[kept],
        sample_weight=np.array(repeated)[kept],
    )
    assert 0 < expected < 1
    assert found == pytest.approx(expected)
    frame = model.compare_positions(LATER, y, last=positions == "last")
    assert frame["true"].tolist() == true
    assert frame["predicted"].tolist() == predicted


def test_compared_positions_of_integers_without_a_start_symbol():
    model = NextStateMarkov(start_state=False).fit([[3, 1, 3, 1], [1, 3]])
    frame = model.compare_positions([[3, 1], [1], [1, 3, 1]])
    assert frame.to_dict("list") == {
        "sequence": [0, 2, 2],
        "true": [1, 3, 1],
        "predicted": [1, 3, 1],
    }
    assert NextStateScorer("f1_macro")(model, [[3, 1], [1, 3]]) == 1


def test_classes_in_a_search():
    search = GridSearchCV(
        NextStateMarkov(),
        {"order": [0, 2]},
        scoring={name: NextStateScorer(name) for name in OF_CLASSES},
        refit="f1_macro",
        cv=3,
    )
    search.fit(X)
    assert search.best_params_ == {"order": 2}
    for name in OF_CLASSES:
        means = search.cv_results_[f"mean_test_{name}"]
        assert 0 < means[0] < means[1]


def test_weights_are_copies(model):
    copies = X + [X[0]]
    weights = np.array([2.0, *np.ones(len(X) - 1)])
    for scorer in (
        *map(NextStateScorer, OF_CLASSES),
        NextStateScorer(),
        NextStateScorer("neg_perplexity", "last"),
    ):
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


@pytest.mark.parametrize(
    "metric", ["accuracy", "top_k_accuracy", "neg_perplexity", *OF_CLASSES]
)
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


class Copier(BaseEstimator):
    """Predict the sequences themselves as labels."""

    def fit(self, X, y):
        """Learn nothing."""
        self.fitted_ = True
        return self

    def predict(self, X):
        """Return the sequences."""
        return [np.array(x) for x in X]


class TestStepScorer:
    """Scores of labels of steps."""

    Y = [["a", "b", "b", "b", "b"], ["a", "b", "c"], ["b", "a", None, None]] * 3

    @pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1_macro"])
    def test_any_estimator_that_labels_steps(self, metric):
        true = ["a", "b", "b", "b", "b", "a", "b", "c", "b", "a"] * 3
        found = ["a", "b", "a", "b", "c", "a", "b", "c", "b", "a"] * 3
        expected = {
            "accuracy": np.mean(np.array(true) == found),
            "balanced_accuracy": balanced_accuracy_score(true, found),
            "f1_macro": f1_score(true, found, average="macro"),
        }[metric]
        scorer, copier = StepScorer(metric), Copier().fit(X, self.Y)
        assert scorer(copier, X, self.Y) == pytest.approx(expected)
        search = GridSearchCV(make_pipeline("passthrough", copier), {}, scoring=scorer)
        assert scorer(search.fit(X, self.Y), X, self.Y) == pytest.approx(expected)
        assert np.isfinite(search.best_score_)

    def test_weights_are_copies(self):
        weights = np.arange(9) % 3
        copier, scorer = Copier().fit(X, self.Y), StepScorer("f1_macro")
        copies = np.repeat(np.arange(9), weights)
        expected = scorer(copier, [X[i] for i in copies], [self.Y[i] for i in copies])
        found = scorer(copier, X, self.Y, sample_weight=weights)
        assert found == pytest.approx(expected)

    def test_an_unknown_metric(self):
        with pytest.raises(ValueError, match="metric='f1' is unknown; take one of"):
            StepScorer("f1")
