"""Lengths of padded batches, and values of steps padded to them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.padding import StepArrays, padded_length


@given(st.integers(1, 10**6))
def test_few_lengths_are_padded_to(n_steps):
    padded = padded_length(n_steps)
    assert n_steps <= padded <= n_steps * 17 / 16
    assert padded_length(padded) == padded
    assert n_steps == padded or n_steps > 32


def test_there_are_sixteen_of_them_up_to_each_double():
    found = {padded_length(n_steps) for n_steps in range(129, 257)}
    assert sorted(found) == list(range(136, 257, 8))


@given(st.lists(st.integers(1, 70), min_size=1, max_size=20), st.data())
def test_values_of_steps_are_padded_like_their_sequences(lengths, data):
    lengths = np.array(lengths)
    flat = np.arange(lengths.sum(), dtype=np.float32)
    values = flat[:, np.newaxis]
    dataset = SequenceDataset(values, lengths, StepArrays(flat, lengths, fill=-1))
    rows = np.array(data.draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1)))
    inputs, targets = dataset.batch(rows)
    assert targets.shape == inputs["values"].shape[:2]
    for n, seen, wanted in zip(
        lengths[rows], inputs["values"][..., 0], targets, strict=True
    ):
        assert (seen[:n] == wanted[:n]).all()
        assert (seen[n:] == 0).all()
        assert (wanted[n:] == -1).all()
