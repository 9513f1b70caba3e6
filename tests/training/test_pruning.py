"""Pruning by Optuna: what is reported, and when a training stops."""

import pickle

import numpy as np
import optuna
import pytest
from optuna.pruners import MedianPruner, NopPruner, ThresholdPruner
from sequence_data import sentences, walks
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    SequenceScaler,
)
from sklearn_seqattn.search import PruningCallback

SMALL = {
    "hidden_size": 4,
    "num_layers": 1,
    "max_epochs": 4,
    "early_stopping": True,
    "random_state": 0,
}
X, Y = walks(40)
TEXTS, _ = sentences(40)


def classifier(trial, monitor="valid_loss", **params):
    return AttentionLSTMClassifier(
        **{"blend": None, "front_end": None, "head_units": (4,), **SMALL, **params},
        callbacks=[PruningCallback(trial, monitor=monitor)],
    )


def study(pruner=None, direction="minimize"):
    return optuna.create_study(pruner=pruner or NopPruner(), direction=direction)


def reported(one):
    """Return what the first trial of a study was told, in the order of the steps."""
    values = one.trials[0].intermediate_values
    assert list(values) == [*range(1, len(values) + 1)]
    return list(values.values())


@pytest.mark.parametrize(
    ("model", "data", "y"),
    [
        (AttentionLSTMClassifier(), X, Y),
        (AttentionLSTMRegressor(), X, [float(len(x)) for x in X]),
        (AttentionLSTMTagger(), TEXTS, [[w == "yes" for w in t] for t in TEXTS]),
        (NextStateLSTM(), TEXTS, None),
    ],
)
def test_every_estimator_reports_its_validation_loss_once_an_epoch(model, data, y):
    one = study()
    model.set_params(**SMALL, callbacks=[PruningCallback(one.ask())]).fit(data, y)
    assert reported(one) == model.history_["valid_loss"].tolist()


@pytest.mark.parametrize(
    ("monitor", "direction", "sign"),
    [
        ("valid_loss", "minimize", 1),
        ("valid_loss", "maximize", -1),
        ("valid_accuracy", "maximize", 1),
        ("valid_accuracy", "minimize", -1),
    ],
)
def test_values_go_in_the_direction_of_the_study(monitor, direction, sign):
    one = study(direction=direction)
    model = classifier(one.ask(), monitor, scoring=["loss", "accuracy"]).fit(X, Y)
    assert reported(one) == (sign * model.history_[monitor]).tolist()


def test_a_training_that_lags_behind_is_pruned():
    one = study(MedianPruner(n_startup_trials=1, n_warmup_steps=2))

    def objective(trial):
        lr = trial.suggest_float("lr", 1e-9, 1e-1)
        model = classifier(trial, lr=lr).fit(X, Y)
        return model.history_["valid_loss"].min()

    one.enqueue_trial({"lr": 3e-2})
    one.enqueue_trial({"lr": 1e-9})  # learns nothing
    one.optimize(objective, n_trials=2)
    assert [trial.state.name for trial in one.trials] == ["COMPLETE", "PRUNED"]
    assert len(one.trials[1].intermediate_values) == 2


def test_a_pruned_fit_leaves_the_estimator_as_it_was():
    one = study(ThresholdPruner(upper=0.0))
    model = classifier(one.ask())
    with pytest.raises(optuna.TrialPruned, match=r"valid_loss was .* after epoch 1"):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


def test_the_first_fold_reports_and_the_others_train_to_their_end():
    one = study()
    model = make_pipeline(SequenceScaler(), classifier(one.ask()))
    scores = cross_val_score(model, X, Y, cv=3, error_score="raise")
    assert np.isfinite(scores).all()
    assert len(reported(one)) == SMALL["max_epochs"]


def test_a_cross_validation_is_pruned_in_its_first_fold():
    one = study(ThresholdPruner(upper=0.0))
    model = classifier(one.ask())
    with pytest.raises(optuna.TrialPruned):
        cross_val_score(model, X, Y, cv=3, error_score="raise")
    assert len(reported(one)) == 1


def test_clones_report_to_the_same_trial():
    one = study()
    clone(clone(classifier(one.ask()))).fit(X, Y)
    assert len(reported(one)) == SMALL["max_epochs"]


def test_a_copy_in_another_process_predicts_but_does_not_train():
    model = classifier(study().ask()).fit(X, Y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))
    with pytest.raises(ValueError, match=r"without its trial.*n_jobs=None"):
        copied.fit(X, Y)


def test_a_training_without_validation_data_is_refused():
    with pytest.raises(ValueError, match=r"nothing is held out.*Set early_stopping"):
        classifier(study().ask(), early_stopping=False).fit(X, Y)


def test_validation_data_of_the_user_are_enough():
    one = study()
    classifier(one.ask(), early_stopping=False).fit(X, Y, validation_data=(X, Y))
    assert len(reported(one)) == SMALL["max_epochs"]


def test_a_column_that_is_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"'valid_f1' .* one of \['valid_loss'\]"):
        classifier(study().ask(), "valid_f1").fit(X, Y)


def test_several_objectives_are_refused():
    one = optuna.create_study(directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="has 2 objectives"):
        classifier(one.ask()).fit(X, Y)
