import numpy as np
import pytest
from sequence_data import sentences, walks

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.rules import (
    BLENDED_CLASSIFIER_RULES,
    BLENDED_RULES,
    NUMBER_RULES,
    TOKEN_RULES,
)

TINY = {
    "front_end": "embedding",
    "hidden_size": 2,
    "num_layers": 1,
    "attention": None,
    "head_units": (),
    "max_epochs": 1,
    "random_state": 0,
    "device": "cpu",
}


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
@pytest.mark.parametrize("blend", [None, "ngrams"])
def test_from_1000_token_sequences_on_some_are_held_out(estimator, blend):
    rng = np.random.default_rng(0)
    X = [[*map(str, row)] for row in rng.integers(0, 99, (1_200, 4))]
    y = np.arange(1_200) % 2
    model = estimator(**TINY, blend=blend)
    assert "valid_loss" in model.fit(X, y).history_
    assert "valid_loss" not in model.fit(X[:900], y[:900]).history_


@pytest.mark.parametrize(
    ("estimator", "blended"),
    [
        (AttentionLSTMClassifier, BLENDED_CLASSIFIER_RULES),
        (AttentionLSTMRegressor, BLENDED_RULES),
    ],
)
def test_the_kind_of_sequences_decides_the_rules(estimator, blended):
    numbers, tokens, y = walks(12)[0], sentences(12)[0], np.arange(12) % 2
    model = estimator(**{**TINY, "front_end": "auto"})
    assert model.fit(numbers, y)._rules is blended
    assert model.fit(tokens, y)._rules is TOKEN_RULES
    events = [[[1, 2], [2, 1]]] * 6 + [[[3, 4]]] * 6
    assert model.fit(events, y)._rules is blended
    assert model.set_params(blend=None).fit(numbers, y)._rules is NUMBER_RULES
