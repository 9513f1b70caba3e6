"""Pipelines with memory prepare each fold once, whatever holds the sequences."""

import numpy as np
import pandas as pd
import pytest
from sequence_data import sentences, walks
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    RandomKernelFeatures,
    SequenceScaler,
    StateEncoder,
)

X, Y = walks(24)
TEXTS, TEXT_Y = sentences(24)
EVENTS = [pd.DataFrame({"x": x[:, 0], "z": x[:, 1]}) for x in X]
NESTED = pd.DataFrame(
    {"x": [x[:, 0] for x in X], "z": [x[:, 1] for x in X], "age": range(len(X))}
)
SMALL = {
    "blend": None,
    "front_end": None,
    "hidden_size": 4,
    "num_layers": 1,
    "head_units": (),
    "max_epochs": 1,
    "random_state": 0,
}


class Counted(TransformerMixin, BaseEstimator):
    """Fit another transformer, and count how often."""

    n_fits = 0

    def __init__(self, transformer=None):
        self.transformer = transformer

    def fit(self, X, y=None):
        Counted.n_fits += 1
        self.transformer.fit(X)
        return self

    def transform(self, X):
        return self.transformer.transform(X)


CONTAINERS = {
    "lists": (SequenceScaler(), X, Y),
    "series": (SequenceScaler(), pd.Series(X), Y),
    "nested frame": (SequenceScaler(), NESTED, Y),
    "lists of frames": (SequenceScaler(), EVENTS, Y),
    "tokens": (StateEncoder(), TEXTS, TEXT_Y),
}


def search(model, steps, grid, X, y, memory):
    pipeline = Pipeline([("prepare", steps), ("model", model)], memory=memory)
    return GridSearchCV(pipeline, grid, cv=3, refit=False, error_score="raise").fit(
        X, y
    )


@pytest.mark.parametrize("name", CONTAINERS)
def test_candidates_share_the_preparation_of_each_fold(name, tmp_path):
    transformer, data, y = CONTAINERS[name]
    grid = {"model__lr": [1e-3, 1e-2, 1e-1]}
    front_end = "embedding" if name == "tokens" else None
    model = AttentionLSTMClassifier(**{**SMALL, "front_end": front_end})
    found = []
    for memory, n_fits in ((None, 9), (str(tmp_path), 3), (str(tmp_path), 0)):
        Counted.n_fits = 0
        one = search(model, Counted(transformer), grid, data, y, memory)
        assert Counted.n_fits == n_fits
        found.append(one.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_random_kernel_features_are_computed_once_a_fold(tmp_path):
    features = Counted(RandomKernelFeatures(n_features=84, random_state=0))
    Counted.n_fits = 0
    one = search(
        LogisticRegression(), features, {"model__C": [0.1, 1, 10]}, X, Y, str(tmp_path)
    )
    assert Counted.n_fits == 3
    assert one.cv_results_["mean_test_score"].max() > 0.5
