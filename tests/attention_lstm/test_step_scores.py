"""Scores over steps, against scikit-learn's on the labeled steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from sklearn_seqattn.attention_lstm.step_scores import score_steps

METRICS = ("accuracy", "balanced_accuracy", "f1_macro")


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
    st.integers(0, 999),
    st.sampled_from(METRICS),
    st.booleans(),
)
def test_scores_are_those_of_scikit_learn(lengths, seed, metric, weighs_steps):
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    true, found = rng.integers(-1, 3, n), rng.integers(0, 3, n)
    true[0] = 1
    weights = rng.integers(1, 4, n if weighs_steps else len(lengths)).astype(float)
    cuts = np.cumsum(lengths)[:-1]
    of_steps = weights if weighs_steps else np.repeat(weights, lengths)
    kept = true >= 0
    both = true[kept], found[kept]
    options = {"sample_weight": of_steps[kept]}
    macro = {**options, "average": "macro", "zero_division": 0}
    expected = {
        "accuracy": lambda: accuracy_score(*both, **options),
        "f1_macro": lambda: f1_score(
            *both, average="macro", zero_division=0, **options
        ),
        "balanced_accuracy": lambda: recall_score(
            *both, labels=np.unique(both[0]), **macro
        ),
    }[metric]()
    given_weights = np.split(weights, cuts) if weighs_steps else weights
    score = score_steps(
        metric, np.split(found, cuts), np.split(true, cuts), given_weights
    )
    assert score == pytest.approx(expected)


def test_a_label_that_was_never_seen_is_wrong():
    assert score_steps("accuracy", [np.array(["a", "b"])], [["a", "new"]]) == 0.5


def test_nothing_to_score():
    with pytest.raises(ValueError, match="No step of y has a label"):
        score_steps("accuracy", [np.array(["a"])], [[None]])
    with pytest.raises(ValueError, match="sequence 0 has 1 step but 2 labels"):
        score_steps("accuracy", [np.array(["a"])], [["a", "a"]])
