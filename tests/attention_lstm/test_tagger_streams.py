"""Streams of taggers; those of classifiers and regressors are in test_prefixes.py."""

import numpy as np
import pytest
from model_zoo import RISES, SENTENCES, STATIC_WALKS, WALKS
from sequence_data import faint_labels

from sklearn_seqattn import AttentionLSTMTagger, WindowModel
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.metrics import StepScorer

CAUSAL = {
    "blend": None,
    "attention": None,
    "bidirectional": False,
    "hidden_size": 6,
    "max_epochs": 2,
    "random_state": 0,
}
IS_YES = [[word == "yes" for word in sentence] for sentence in SENTENCES]


@pytest.mark.parametrize(
    ("X", "y", "options"),
    [
        (WALKS, RISES, {}),
        (WALKS, RISES, {"front_end": None, "encoder": "gru"}),
        (WALKS, RISES, {"front_end": [Conv(3, stride=2)]}),
        (WALKS, RISES, {"front_end": None, "encoder": "transformer"}),
        (SENTENCES, IS_YES, {}),
    ],
)
def test_an_answer_is_the_last_row_of_the_prefix(X, y, options):
    tagger = AttentionLSTMTagger(**{**CAUSAL, **options}).fit(X, y)
    stream = tagger.stream()
    for n_steps, step in enumerate(X[0], start=1):
        expected = tagger.predict_proba([X[0][:n_steps]])[0][-1]
        np.testing.assert_allclose(stream.push(step), expected, atol=1e-6)
    assert stream.n_steps == len(X[0])


@pytest.mark.parametrize("size", [0, 2])
@pytest.mark.parametrize("is_text", [False, True])
def test_windows_and_a_chain_answer_step_by_step(size, is_text):
    X, y = faint_labels(30)
    if is_text:  # words that hint at the labels
        X = [np.where(x[:, 0] > 0.7, "hot", "cold").tolist() for x in X]
    options = {**CAUSAL, "front_end": "auto" if is_text else None}
    tagger = AttentionLSTMTagger(**{**options, "blend": WindowModel(size)}).fit(X, y)
    assert size or tagger.partner_.chain is not None
    whole, stream = tagger.predict_proba(X[:1])[0], tagger.stream()
    for n_steps, step in enumerate(X[0], start=1):
        prefix = tagger.predict_proba([X[0][:n_steps]])[0]
        np.testing.assert_allclose(prefix, whole[:n_steps], atol=1e-6)
        np.testing.assert_allclose(stream.push(step), prefix[-1], atol=1e-6)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ({"attention": "dot"}, "attention=None"),
        ({"bidirectional": True}, "bidirectional=False"),
    ],
)
def test_what_is_not_causal_is_named(option, named):
    tagger = AttentionLSTMTagger(**{**CAUSAL, **option}).fit(WALKS, RISES)
    with pytest.raises(ValueError, match=f"fit it with {named}"):
        tagger.stream()


@pytest.mark.parametrize("blend", [None, WindowModel(1)])
def test_static_columns_of_a_tagger(blend):
    """Labels that only a static column tells."""
    y = [
        np.full(len(x), old)
        for x, old in zip(WALKS, STATIC_WALKS["is_new"], strict=True)
    ]
    options = {**CAUSAL, "blend": blend, "max_epochs": 30, "lr": 0.02}
    tagger = AttentionLSTMTagger(**options).fit(STATIC_WALKS, y)
    assert tagger.score(STATIC_WALKS, y) > 0.95
    swapped = STATIC_WALKS.assign(is_new=~STATIC_WALKS["is_new"])
    assert tagger.score(swapped, y) < 0.05
    without = STATIC_WALKS.drop(columns="is_new")
    with pytest.raises(ValueError, match="is_new"):
        tagger.predict(without)


def test_validation_steps_are_scored_as_a_scorer_scores_them():
    options = {**CAUSAL, "scoring": StepScorer("f1_macro"), "max_epochs": 3}
    y = [list(labels) for labels in RISES[:20]]
    y[2] = [None, *y[2][1:]]
    valid = (WALKS[20:], RISES[20:])
    tagger = AttentionLSTMTagger(**options)
    tagger.fit(WALKS[:20], y, validation_data=valid)
    best = tagger.history_["valid_score"].max()
    assert StepScorer("f1_macro")(tagger, *valid) == pytest.approx(best)


def test_a_plain_function_may_score():
    def share(tagger, X, y):
        return tagger.score(X, y)

    options = {**CAUSAL, "scoring": share, "early_stopping": True, "max_epochs": 2}
    tagger = AttentionLSTMTagger(**options).fit(WALKS, RISES)
    assert tagger.history_["valid_score"].between(0, 1).all()
