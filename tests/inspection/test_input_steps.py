"""Attention over the steps of the input."""

import numpy as np
import pytest
from model_zoo import MODELS, SENTENCES, STATE_EVENTS, UP_OR_DOWN, WALKS, fitted
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceScaler
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.inspection import attention_to_steps

STRIDED = {
    "front_end": Conv(4, stride=3),
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "pooling": ("attention", "max"),
    "max_epochs": 1,
    "random_state": 0,
}


@pytest.mark.parametrize("kind", ["attention", "pooling"])
def test_strided_steps_share_their_weight(kind):
    model = AttentionLSTMClassifier(**STRIDED).fit(WALKS, UP_OR_DOWN)
    found = attention_to_steps(model, WALKS, weights=kind)
    if kind == "pooling":
        strided = [one[None] for one in model.pooling_weights(WALKS)]
    else:
        strided = [one.mean(axis=1) for one in model.attention_weights(WALKS)]
    for x, one, inside in zip(WALKS, found, strided, strict=True):
        assert one.shape == (len(inside), len(x))
        np.testing.assert_allclose(one.sum(axis=1), 1, rtol=1e-5)
        for j in range(inside.shape[1]):  # step j is centered on input step 3 j
            last = j == inside.shape[1] - 1
            steps = slice(max(0, 3 * j - 1), None if last else 3 * j + 2)
            np.testing.assert_allclose(
                one[:, steps].sum(axis=1), inside[:, j], rtol=1e-5
            )


def test_without_strides_it_is_the_mean_weight():
    model = fitted("tokens")
    found = attention_to_steps(model, SENTENCES)
    for one, weights in zip(found, model.attention_weights(SENTENCES), strict=True):
        np.testing.assert_allclose(one, weights.mean(axis=1), rtol=1e-5)


def test_the_start_symbol_is_left_out():
    found = attention_to_steps(fitted("next event"), STATE_EVENTS)
    assert [one.shape[1] for one in found] == [len(x) for x in STATE_EVENTS]
    assert all((one.sum(axis=1) < 1).all() for one in found)


def test_a_pipeline():
    scaler = SequenceScaler().fit(WALKS)
    model = AttentionLSTMClassifier(**STRIDED)
    model.fit(scaler.transform(WALKS), UP_OR_DOWN)
    found = attention_to_steps(make_pipeline(scaler, model), WALKS)
    expected = attention_to_steps(model, scaler.transform(WALKS))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_refused():
    with pytest.raises(ValueError, match="weights='max' must be"):
        attention_to_steps(fitted("tokens"), SENTENCES, weights="max")
    with pytest.raises(ValueError, match="has no weights"):
        attention_to_steps(fitted("tokens"), SENTENCES, weights="pooling")
    with pytest.raises(ValueError, match="has no pooling"):
        attention_to_steps(fitted("next state"), SENTENCES, weights="pooling")
    with pytest.raises(ValueError, match="attention=None"):
        attention_to_steps(fitted("labels"), MODELS["labels"][1])
    with pytest.raises(TypeError, match="has no network"):
        attention_to_steps(fitted("markov"), SENTENCES)
