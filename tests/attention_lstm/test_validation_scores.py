"""`scoring`: scores of scikit-learn for the validation data of each epoch."""

import numpy as np
import pytest
from sequence_data import sentences
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    get_scorer,
    make_scorer,
    max_error,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV
from small_trainings import SMALL, X, Y, draw_sequences

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    RandomKernels,
    load_model,
    save_model,
)

X_VALID = draw_sequences(9, seed=5)
NAMES = np.array(["z", "m", "b"])[Y]
PAIRS = np.where(Y == 0, "no", "yes")
LABELS = np.random.RandomState(0).randint(0, 2, size=(14, 2))
NUMBERS = np.random.RandomState(0).standard_normal(14) * 7 + 40
#: Steps so small that the weights stay as they are: all epochs have one score.
STILL = {**SMALL, "lr": 1e-30, "dropout": 0.0}
KINDS = {
    "names": (AttentionLSTMClassifier, NAMES, ["accuracy", "f1_macro", "roc_auc_ovr"]),
    "pairs": (AttentionLSTMClassifier, PAIRS, ["roc_auc", "balanced_accuracy"]),
    "labels": (AttentionLSTMClassifier, LABELS, ["f1_micro", "roc_auc"]),
    "numbers": (AttentionLSTMRegressor, NUMBERS, ["r2", "neg_mean_absolute_error"]),
    "more numbers": (AttentionLSTMRegressor, LABELS * 9.0, ["r2"]),
}


def fit(kind, y, scoring, **params):
    model = kind(**{**STILL, "scoring": scoring, **params})
    return model.fit(X, y, validation_data=(X_VALID, y[:9]))


def network_score(name, model, y):
    """Score the network alone, before it was shrunk by what was held out."""
    untuned = clone(model).set_params(scoring=None, early_stopping=False)
    untuned.fit(X, y)
    return get_scorer(name)(untuned, X_VALID, y[:9])


@pytest.mark.parametrize("name", KINDS)
def test_the_score_is_that_of_the_estimator(name):
    kind, y, scoring = KINDS[name]
    options = {}
    if name == "pairs":
        options["class_weight"] = "balanced"
    model = fit(kind, y, scoring, **options)
    for scorer in scoring:
        column = model.history_[f"valid_{scorer}"]
        assert len(column) == 3
        expected = network_score(scorer, model, y)
        np.testing.assert_allclose(column, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        ("accuracy", "accuracy"),
        (["accuracy"], "accuracy"),
        (("loss", "accuracy"), "accuracy"),
        ({"mine": "accuracy"}, "mine"),
        ({"mine": make_scorer(accuracy_score)}, "mine"),
        (make_scorer(accuracy_score), "score"),
        (lambda model, X, y: accuracy_score(y, model.predict(X)), "score"),
        (lambda model, X, y: np.mean(model.predict(list(X)) == y), "score"),
    ],
)
def test_ways_to_name_a_scorer(scoring, name):
    model = fit(AttentionLSTMClassifier, NAMES, scoring)
    column = model.history_[f"valid_{name}"]
    assert column.tolist() == [model.score(X_VALID, NAMES[:9])] * 3


def test_a_scorer_sees_the_classes_and_the_sequences():
    seen = []

    def look(model, X, y):
        seen.append((model.classes_.tolist(), [x.tolist() for x in X], y.tolist()))
        return 1.0

    fit(AttentionLSTMClassifier, NAMES, look, max_epochs=1)
    assert seen == [
        (["b", "m", "z"], [x.tolist() for x in X_VALID], NAMES[:9].tolist())
    ]
    yes = make_scorer(f1_score, pos_label="yes")
    model = fit(AttentionLSTMClassifier, PAIRS, yes)
    expected = f1_score(PAIRS[:9], model.predict(X_VALID), pos_label="yes")
    assert model.history_["valid_score"].iloc[-1] == expected


def test_beside_kernels_the_score_is_that_of_both():
    model = fit(
        AttentionLSTMClassifier,
        NAMES,
        "neg_log_loss",
        blend=RandomKernels(n_features=84),
    )
    # No step was taken, so that the network adds nothing to the kernels.
    expected = get_scorer("neg_log_loss")(model, X_VALID, NAMES[:9])
    np.testing.assert_allclose(
        model.history_["valid_neg_log_loss"], [expected] * 3, rtol=1e-5
    )


def test_tokens_before_their_partner_is_fitted():
    tokens, y = sentences(40)
    params = {**STILL, "front_end": ("embedding",), "early_stopping": True}
    alone = AttentionLSTMClassifier(**params, scoring="accuracy").fit(tokens, y)
    params |= {"blend": "ngrams", "warm_start": True}
    model = AttentionLSTMClassifier(**params, scoring="accuracy").fit(tokens, y)
    expected = alone.history_["valid_accuracy"].tolist()
    assert model.history_["valid_accuracy"].tolist() == expected
    model.fit(tokens, y)
    assert model.history_["valid_accuracy"].tolist() == 2 * expected


@pytest.mark.parametrize("weight", [2, 2.5])
def test_copies_count_as_often_as_they_are(weight):
    """Sequences that are held out are merged; max_error takes no weights."""
    options = {**STILL, "early_stopping": True, "validation_fraction": 0.5}
    y = np.arange(14.0)
    scoring = {"r2": "r2", "largest": make_scorer(max_error, greater_is_better=False)}
    plain = AttentionLSTMRegressor(**options, scoring=scoring).fit(X, y)
    copied = clone(plain).fit(X * 2, np.tile(y, 2))
    for name in ("valid_r2", "valid_largest"):
        np.testing.assert_allclose(plain.history_[name], copied.history_[name])
    weighted = clone(plain).set_params(scoring="r2")
    weighted.fit(X, y, sample_weight=np.full(14, weight))
    np.testing.assert_allclose(
        plain.history_["valid_r2"], weighted.history_["valid_r2"]
    )


def test_the_first_score_stops_the_training():
    falling = iter(range(99, 0, -1))
    scoring = {"falling": lambda model, X, y: next(falling), "rising": "accuracy"}
    options = {"max_epochs": 20, "n_iter_no_change": 2}
    model = fit(AttentionLSTMClassifier, NAMES, scoring, **options)
    assert model.n_iter_ == 3
    other = fit(AttentionLSTMClassifier, NAMES, ["loss", "accuracy"], **options)
    alone = fit(AttentionLSTMClassifier, NAMES, None, **options)
    assert other.n_iter_ == alone.n_iter_


def test_scores_change_nothing_that_is_learned():
    options = {**SMALL, "early_stopping": False}
    models = [
        AttentionLSTMClassifier(**options, scoring=scoring).fit(
            X, NAMES, validation_data=(X_VALID, NAMES[:9])
        )
        for scoring in (None, ["accuracy", "neg_log_loss"])
    ]
    found = [model.predict_proba(X) for model in models]
    np.testing.assert_array_equal(*found)


class TestRefused:
    @pytest.mark.parametrize(
        ("scoring", "error", "match"),
        [
            ("precise", ValueError, "'precise'"),
            (["accuracy", "accuracy"], ValueError, "Duplicate|unique"),
            ([], ValueError, "is empty"),
            ([3], TypeError, "a list holds names"),
            ({3: "accuracy"}, TypeError, "names as keys"),
            ({"loss": "accuracy"}, ValueError, "name of the validation loss"),
            (3, ValueError, "The 'scoring' parameter"),
        ],
    )
    def test_before_any_work(self, scoring, error, match):
        model = AttentionLSTMClassifier(scoring=scoring)
        with pytest.raises(error, match=match):
            model.fit([object()], [0])

    def test_without_validation_data(self):
        model = AttentionLSTMClassifier(**SMALL, scoring="accuracy")
        with pytest.raises(ValueError, match="needs validation data, but nothing is"):
            model.fit(X, Y)
        model.set_params(scoring="loss").fit(X, Y)

    def test_no_number(self):
        def scoring(model, X, y):
            return {"a": 1.0, "b": "x"}

        with pytest.raises(TypeError, match="valid_b returned 'x'"):
            fit(AttentionLSTMClassifier, NAMES, scoring)


def test_partial_fit_scores_nothing():
    model = AttentionLSTMClassifier(**SMALL, scoring="accuracy").partial_fit(X, Y)
    assert "valid_accuracy" not in model.history_


def test_in_a_search_and_in_a_file(tmp_path):
    model = AttentionLSTMClassifier(**SMALL, early_stopping=True)
    grid = {"scoring": [["accuracy", "roc_auc_ovr"]], "validation_fraction": [0.5]}
    data, y = X * 2, np.tile(Y % 2, 2)
    data = [x + 1e-3 * i for i, x in enumerate(data)]
    best = GridSearchCV(model, grid, cv=2).fit(data, y).best_estimator_
    save_model(best, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.history_.equals(best.history_)
    assert loaded.scoring == ["accuracy", "roc_auc_ovr"]
    auc = roc_auc_score(y, loaded.predict_proba(data)[:, 1])
    assert auc == roc_auc_score(y, best.predict_proba(data)[:, 1])
