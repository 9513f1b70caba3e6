"""Models of all kinds that examples/service.py serves, and sequences for them."""

import numpy as np
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    NextStateMarkov,
    SequenceScaler,
)

TEXT_OPTIONS = {"hidden_size": 4, "max_epochs": 1, "random_state": 0}
OPTIONS = {**TEXT_OPTIONS, "blend": None}
#: Those that to_onnx does not take.
NOT_EXPORTED = ["scaler", "states", "sure"]


def make_numbers(n):
    """Return sequences of 2 to 8 steps of two numbers, as lists."""
    rng = np.random.default_rng(0)
    return [rng.normal(i % 2, 1, size=(2 + i % 7, 2)).tolist() for i in range(n)]


NUMBERS, TOKENS = make_numbers(70), [["a"], ["c", "b", "new"], []]
SEQUENCES = dict.fromkeys(("amounts", "numbers", "labels", "pairs", "steps"), NUMBERS)
SEQUENCES |= dict.fromkeys(("tokens", "words", "states", "next"), TOKENS)
SEQUENCES |= {"sure": NUMBERS, "scaled": NUMBERS, "texts": TOKENS}


def fit_models():
    """Return small models by name."""
    X = make_numbers(24)
    tokens = [["a", "b"] * (1 + i % 3) + ["c"] * (i % 2) for i in range(24)]
    y = ["low", "high"] * 12
    pairs = np.array([[1, 1], [1, 0]] * 12)
    ups = [["up" if step[0] > 0.5 else "down" for step in x] for x in X]
    return {
        "numbers": AttentionLSTMClassifier(**OPTIONS).fit(X, y),
        "tokens": AttentionLSTMClassifier(**TEXT_OPTIONS).fit(tokens, y),
        "amounts": AttentionLSTMRegressor(**OPTIONS).fit(X, np.arange(24.0)),
        "labels": AttentionLSTMClassifier(**OPTIONS).fit(X, pairs),
        "pairs": AttentionLSTMRegressor(**OPTIONS).fit(X, pairs.astype(float)),
        "steps": AttentionLSTMTagger(**OPTIONS).fit(X, ups),
        "words": AttentionLSTMTagger(**OPTIONS).fit(tokens, tokens),
        "states": NextStateMarkov(order=1).fit(tokens),
        "next": NextStateLSTM(**OPTIONS).fit(tokens),
        "scaler": SequenceScaler().fit(X),
        "sure": FixedThresholdClassifier(
            AttentionLSTMClassifier(**OPTIONS), threshold=0.01, pos_label="low"
        ).fit(X, y),
        "scaled": make_pipeline(
            SequenceScaler(), AttentionLSTMClassifier(**OPTIONS)
        ).fit(X, y),
        "texts": AttentionLSTMTagger(**TEXT_OPTIONS).fit(tokens, tokens),
    }
