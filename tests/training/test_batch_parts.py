import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.training.batch_parts import bounded_parts
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.padding import padded_length


def make_dataset(lengths):
    """Make sequences of ones, whose targets are their row numbers."""
    values = np.ones((sum(lengths), 2), dtype=np.float32)
    return SequenceDataset(values, np.array(lengths), targets=np.arange(len(lengths)))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=120), st.integers(1, 200))
def test_parts_make_up_a_batch_and_are_bounded(lengths, max_steps):
    data = make_dataset(sorted(lengths))
    batch = data.batch(np.arange(len(data)))
    parts = list(bounded_parts(batch, max_steps))
    first = 0
    for (inputs, targets), share in parts:
        n_rows, n_steps = inputs["values"].shape[:2]
        rows = slice(first, first + n_rows)
        assert torch.equal(inputs["values"], batch[0]["values"][rows, :n_steps])
        assert targets.tolist() == list(range(first, first + n_rows))
        longest = int(inputs["lengths"].max())
        assert n_steps == min(padded_length(longest), batch[0]["values"].shape[1])
        assert n_rows == 1 or n_rows * n_steps <= max_steps
        assert share == n_rows / len(data)
        first += n_rows
    assert first == len(data)


def test_parts_are_as_large_as_they_may_be():
    data = make_dataset([1, 2, 3, 4, 9])
    parts = list(bounded_parts(data.batch(np.arange(5)), 8))
    shapes = [tuple(inputs["values"].shape[:2]) for (inputs, _), _ in parts]
    assert shapes == [(2, 2), (2, 4), (1, 9)]
