import pickle

import numpy as np
import pytest
from sequence_data import sentences, walks
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    Checkpoint,
    NGrams,
    RandomKernels,
    Tokens,
)
from sklearn_seqattn.attention_lstm import auto

SMALL = {
    "front_end": "embedding",
    "tokens": Tokens(4),
    "hidden_size": 4,
    "num_layers": 1,
    "attention": None,
    "head_units": (),
    "max_epochs": 2,
    "random_state": 0,
    "device": "cpu",
}
X, YES = sentences(60)
LABELS = np.c_[YES, 1 - YES, np.arange(60) % 2]
ESTIMATORS = {
    "classes": (AttentionLSTMClassifier, YES),
    "labels": (AttentionLSTMClassifier, LABELS),
    "number": (AttentionLSTMRegressor, YES * 3.0 + 1),
    "numbers": (AttentionLSTMRegressor, LABELS * 3.0 + 1),
}
TASKS = pytest.mark.parametrize("task", ESTIMATORS)


def make(task, **options):
    estimator, y = ESTIMATORS[task]
    return estimator(**{**SMALL, "blend": "ngrams", **options}), y


@TASKS
def test_the_partner_makes_an_untrained_network_good(task):
    blended, y = make(task)
    alone, _ = make(task, blend=None)
    assert blended.fit(X, y).score(X, y) > alone.fit(X, y).score(X, y)
    assert alone.partner_ is None
    assert alone.blend_ is None


@TASKS
@pytest.mark.parametrize("blend", ["auto", "ngrams", NGrams()])
def test_all_names_of_the_partner_are_one(task, blend):
    model, y = make(task, blend=blend)
    same, _ = make(task)
    assert (model.fit(X, y).predict(X) == same.fit(X, y).predict(X)).all()


def test_methods_of_a_classifier_agree():
    model, y = make("classes")
    model.fit(X, y)
    proba, logs = model.predict_proba(X), model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(logs), proba, rtol=1e-5)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    decision = model.decision_function(X)
    np.testing.assert_allclose(decision, logs[:, 1] - logs[:, 0], rtol=1e-4)
    assert (model.predict(X) == proba.argmax(axis=1)).all()
    with pytest.warns(UserWarning, match="unknown to the model") as caught:
        assert np.isfinite(model.predict_log_proba([["?"]])).all()
    assert caught[0].filename == __file__


@TASKS
def test_predictions_are_alike_alone_and_after_a_pickle(task):
    model, y = make(task)
    model.fit(X, y)
    together = model.predict(X)
    alone = np.concatenate([model.predict([x]) for x in X])
    np.testing.assert_allclose(alone, together, rtol=1e-6)
    assert (pickle.loads(pickle.dumps(model)).predict(X) == together).all()


@TASKS
def test_a_fit_is_deterministic_whatever_the_order_of_the_rows(task):
    model, y = make(task)
    again = clone(model).fit(X[::-1], y[::-1])
    assert (model.fit(X, y).predict(X) == again.predict(X)).all()


@TASKS
def test_a_weight_counts_as_copies(task):
    model, y = make(task)
    copies = 1 + np.arange(60) % 3
    rows = np.repeat(np.arange(60), copies)
    copied = clone(model).fit([X[i] for i in rows], y[rows])
    model.fit(X, y, sample_weight=copies)
    assert (copied.predict(X) == model.predict(X)).all()
    kept = np.arange(60) >= 10
    without = clone(model).fit(X[10:], y[10:])
    model.fit(X, y, sample_weight=kept.astype(float))
    assert (without.predict(X) == model.predict(X)).all()


@pytest.mark.parametrize("task", ["classes", "labels"])
def test_validation_data_choose_the_blend(task, monkeypatch):
    monkeypatch.setattr(auto, "FEWEST_TO_BLEND", 20)
    model, y = make(task)
    model.fit(X[:40], y[:40], validation_data=(X[40:], y[40:]))
    assert model.blend_.weight > 0.5  # the network has learned nothing
    assert model.blend_.weight != auto.NGRAMS_WEIGHT
    held_out, _ = make(task, early_stopping=True, validation_fraction=0.4)
    held_out.fit(X, y)
    assert held_out.blend_.weight > 0.5


@pytest.mark.parametrize("task", ["number", "numbers"])
def test_validation_data_choose_the_shares_of_regressors(task, monkeypatch):
    monkeypatch.setattr(auto, "FEWEST_TO_BLEND", 20)
    model, y = make(task)
    model.fit(X[:40], y[:40], validation_data=(X[40:], y[40:]))
    error = ((model.predict(X[40:]) - y[40:]) ** 2).mean(axis=0)
    constant = ((y[:40].mean(axis=0) - y[40:]) ** 2).mean(axis=0)
    assert (error <= constant * (1 + 1e-4)).all()


def test_n_grams_of_a_quantile_are_those_of_the_quantile():
    model, y = make("number", loss="quantile", quantile=0.9, early_stopping=False)
    below = (
        y[:, None]
        <= model.fit(X, y).partner_.outputs(model._read_again(X))
        * model.target_encoder_.scale_
        + model.target_encoder_.center_
    )
    assert 0.75 < below.mean() <= 1.0
    mean, _ = make("number", early_stopping=False)
    level = mean.fit(X, y).partner_.outputs(mean._read_again(X)).mean()
    encoder = mean.target_encoder_
    level = level * encoder.scale_ + encoder.center_
    assert (y <= level).mean() < 0.75


def test_the_partner_is_fitted_to_held_out_sequences_but_not_to_given_ones(monkeypatch):
    monkeypatch.setattr(auto, "FEWEST_TO_BLEND", 20)
    model, y = make("classes", early_stopping=True, validation_fraction=0.4)
    words = [[f"only{i // 2}", *x] for i, x in enumerate(X)]

    def known(model):
        terms = model.partner_.features.counters_[0].get_feature_names_out()
        return sum(term.startswith("only") and " " not in term for term in terms)

    assert known(model.fit(words, y)) == 30
    given = model.fit(words[:40], y[:40], validation_data=(words[40:], y[40:]))
    assert known(given) == 20


def test_few_validation_data_do_not_choose_the_blend():
    model, y = make("classes")
    model.fit(X[:50], y[:50], validation_data=(X[50:], y[50:]))
    assert model.blend_.weight == auto.NGRAMS_WEIGHT


@TASKS
def test_more_training_leaves_the_partner(task):
    model, y = make(task, warm_start=True)
    partner = model.fit(X, y).partner_
    before = partner.outputs(model._read_again(X))
    model.fit(X[:30], y[:30])
    model.partial_fit(X[30:], y[30:])
    assert model.partner_ is partner
    assert (partner.outputs(model._read_again(X)) == before).all()


@TASKS
def test_the_first_partial_fit_fits_the_partner(task):
    model, y = make(task)
    model.partial_fit(X, y)
    assert model.partner_ is not None
    assert np.isfinite(model.predict(X)).all()


@TASKS
def test_a_fit_that_goes_on_from_a_checkpoint_has_the_same_bits(task, tmp_path):
    whole, y = make(task, checkpoint=Checkpoint(tmp_path / "a", keep=True))
    whole.fit(X, y)
    again, _ = make(task, checkpoint=tmp_path / "a")
    assert (again.fit(X, y).predict(X) == whole.predict(X)).all()


def test_a_refit_without_a_partner_drops_it():
    model, y = make("classes")
    model.fit(X, y).set_params(blend=None).fit(X, y)
    assert model.partner_ is None


def test_a_grid_reaches_the_partner_from_any_value():
    for blend in (None, "auto", "ngrams", NGrams()):
        model, _ = make("classes", blend=blend)
        model.set_params(blend__ngram_range=(1, 3))
        assert model.blend.ngram_range == (1, 3)
    model, y = make("classes", blend="auto", max_epochs=1)
    grid = {"blend__ngram_range": [(1, 1), (1, 2)], "blend__char_ngram_range": [None]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_estimator_.blend.char_ngram_range is None
    assert clone(model).set_params(blend__n_features=84).blend.n_features == 84


def test_class_weights_reach_the_partner():
    model, _ = make("classes", class_weight={0: 1.0, 1: 20.0})
    noise = np.random.default_rng(0).integers(0, 2, 60)
    equal, _ = make("classes")
    weighed = model.fit(X, noise).predict(X).mean()
    assert weighed > equal.fit(X, noise).predict(X).mean()
    none, _ = make("classes", class_weight={0: 1.0, 1: 0.0})
    assert (none.fit(X, noise).predict(X) == 0).all()


@pytest.mark.parametrize(
    "sequences",
    [
        [["a"]] * 6,  # one token
        [["a"], [], ["b", "a"], [], ["c"], ["d", "d"]],
        [[1], [2], [3], [4, 4], [5], [6]],  # integers, none of them twice
        [["a b"], ["a", "b"], ["\x00"], [""], ["ä"], ["a b", "a"]],
    ],
)
def test_odd_tokens(sequences):
    for task in ("classes", "number"):
        model, _ = make(task)
        y = np.arange(6) % 2
        model.fit(sequences, y)
        assert np.isfinite(model.predict(sequences)).all()
        assert np.isfinite(model.predict([[sequences[0][0]] * 3])).all()


def test_a_class_that_no_training_sequence_has():
    model, _ = make("classes")
    model.partial_fit(X, YES, classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (60, 3)
    assert (model.predict_proba(X)[:, 2] > 0).all()


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_a_partner_for_other_data_is_refused(estimator):
    numbers, _ = walks(10)
    y = np.arange(10) % 2
    for blend in ("ngrams", NGrams()):
        with pytest.raises(ValueError, match="needs sequences of tokens, but X holds"):
            estimator(**{**SMALL, "front_end": None, "blend": blend}).fit(numbers, y)
    for blend in ("kernels", RandomKernels()):
        with pytest.raises(ValueError, match="needs sequences of numbers, but X holds"):
            estimator(**{**SMALL, "blend": blend}).fit(X[:10], y)
    with pytest.raises(ValueError, match="ngram_range"):
        estimator(**{**SMALL, "blend": NGrams((2, 1))}).fit(X[:10], y)
