"""A warning for zero padding, and none for signals that have zeros of their own."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    NextStateMarkov,
    RandomKernelFeatures,
    SequencePadder,
    SequenceScaler,
)

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(5, 20, 24)
X = [RNG.normal(size=(n, 2)) for n in LENGTHS]
PADDED = pad_sequence([torch.tensor(x) for x in X], batch_first=True)
RATES = RNG.uniform(0.1, 0.4, 24)


def pulses(n, n_steps):
    """Return sequences that are zero but for a pulse somewhere."""
    table = np.zeros((n, n_steps))
    for row in table:
        start = RNG.integers(n_steps - 5)
        row[start : start + 5] = RNG.uniform(1, 2, 5)
    return table


PADDED_ONES = {
    "tensor": PADDED,
    "list": list(PADDED.numpy()),
    "lists": PADDED[:, :, 0].tolist(),
    "table": pd.DataFrame(PADDED[:, :, 0].numpy()),
    "before": PADDED.numpy()[:, ::-1],
}

NOT_PADDED = {
    "ragged": X,
    "NaN padding": SequencePadder().fit_transform(X),
    "rainfall": RNG.gamma(1, size=(24, 40)) * (RNG.random((24, 40)) < RATES[:, None]),
    "pulses": pulses(24, 40),
    "binary": (RNG.random((24, 40, 2)) < 0.3).astype(int),
    "same tail": np.pad(RNG.normal(size=(24, 20)), [(0, 0), (0, 3)]),
    "few": PADDED[:3],
}


@pytest.mark.parametrize("name", PADDED_ONES)
def test_zero_padding_is_warned_of(name):
    with pytest.warns(UserWarning, match=r"sequences (end|begin) in all-zero steps"):
        SequenceScaler().fit(PADDED_ONES[name])


@pytest.mark.parametrize("name", NOT_PADDED)
def test_zeros_of_the_signal_raise_no_alarm(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SequenceScaler().fit(NOT_PADDED[name])


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_a_quarter_of_the_sequences_must_end_in_zeros(share):
    table = RNG.normal(size=(40, 30))
    for row in table[: round(40 * share)]:
        row[-RNG.integers(2, 15) :] = 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SequenceScaler().fit(table)
    assert len(caught) == (share >= 0.25)


@pytest.mark.parametrize(
    "estimator",
    [
        AttentionLSTMClassifier(max_epochs=1, hidden_size=8),
        RandomKernelFeatures(n_features=84),
        SequencePadder(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_every_estimator_warns_at_fit_and_not_later(estimator):
    with pytest.warns(UserWarning, match="24 of the 24|2. of the 24"):
        estimator.fit(PADDED, np.arange(24) % 2)
    method = "predict" if hasattr(estimator, "predict") else "transform"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(estimator, method)(PADDED)


def test_integer_tokens_padded_by_zeros():
    table = np.zeros((24, 20), dtype=int)
    for row, n in zip(table, LENGTHS, strict=True):
        row[:n] = RNG.integers(1, 5, n)
    with pytest.warns(UserWarning, match="all-zero steps"):
        NextStateMarkov().fit(table)
