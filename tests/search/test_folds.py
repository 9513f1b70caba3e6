"""What a task of a search sees, and what it leaves behind."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    SequenceScaler,
)

TINY = {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0}


class NoteLengths(Callback):
    """Note the lengths of the sequences of each training, which tell them apart."""

    seen = []

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        if not net.history[:-1]:
            self.seen.append((dataset_train.lengths, dataset_valid.lengths))


@pytest.mark.parametrize("blend", [None, "auto"])
def test_early_stopping_never_sees_the_test_fold(blend):
    rng = np.random.default_rng(0)
    lengths = rng.permutation(np.arange(3, 33))
    X, y = [rng.normal(size=(n, 2)) for n in lengths], np.arange(30) % 2
    model = AttentionLSTMClassifier(
        **TINY, blend=blend, early_stopping=True, callbacks=[NoteLengths()]
    )
    folds = StratifiedKFold(3)
    NoteLengths.seen.clear()
    GridSearchCV(
        make_pipeline(SequenceScaler(), model),
        {"attentionlstmclassifier__lr": [1e-3, 1e-2]},
        cv=folds,
        refit=False,
        error_score="raise",
    ).fit(X, y)
    train_folds = [set(lengths[train]) for train, _ in folds.split(X, y)]
    seen = [(set(train), set(valid)) for train, valid in NoteLengths.seen]
    assert [train | valid for train, valid in seen] == 2 * train_folds
    assert all(valid and not train & valid for train, valid in seen)


def numbers(n):
    """Make sequences of 1000 steps of numbers."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=(1000, 2)) for _ in range(n)]


def states(n):
    """Make sequences of 1000 states out of five, in turn."""
    return [list("abcde" * 200) for _ in range(n)]


MODELS = {
    "classifier": (AttentionLSTMClassifier, numbers, lambda X: np.arange(len(X)) % 2),
    "regressor": (AttentionLSTMRegressor, numbers, lambda X: [x.mean() for x in X]),
    "tagger": (AttentionLSTMTagger, numbers, lambda X: [x[:, 0] > 0 for x in X]),
    "next state": (NextStateLSTM, states, lambda X: None),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_fitted_candidate_holds_none_of_its_data(name):
    kind, make, target = MODELS[name]
    sizes = []
    for n in (12, 24):
        X = make(n)
        model = kind(**TINY, batch_size=12, early_stopping=name == "next state")
        found = cross_validate(
            model, X, target(X), cv=2, return_estimator=True, scoring=lambda *_: 0.0
        )
        sizes.append(len(pickle.dumps(found["estimator"])))
    # a copy of the added numbers would be 4 bytes and more a number
    assert sizes[1] - sizes[0] < 12 * 1000
