"""Numbers in messages have the noun that fits them."""

import numpy as np
import pytest

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMTagger,
    SequencePadder,
    SequenceScaler,
)
from sklearn_seqattn.sequences.wording import number_of

ONE = np.zeros((1, 2))


@pytest.mark.parametrize(
    ("n", "words"), [(0, "0 steps"), (1, "1 step"), (np.int64(1), "1 step")], ids=str
)
def test_the_noun_has_no_s_for_one(n, words):
    assert number_of(n, "step") == words


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AttentionLSTMClassifier().fit([ONE], [0, 1]), "X has 1 sequence, but"),
        (lambda: AttentionLSTMClassifier().fit([ONE, ONE], [0]), "y has 1 label; each"),
        (lambda: AttentionLSTMTagger().fit([ONE], [[0, 1]]), "1 step but 2 labels;"),
        (lambda: AttentionLSTMTagger().fit([ONE], [[0], [1]]), "X has 1 sequence, but"),
        (lambda: SequenceScaler().fit([ONE, ONE[:, :1]]), "has 1 channel, but"),
        (
            lambda: SequencePadder().fit([ONE]).inverse_transform([1]),
            "has 1 dimension,",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_messages_about_one(call, message):
    with pytest.raises(ValueError, match=message):
        call()
