"""Batches of state sequences, with one target a step."""

import numpy as np
import pytest
import torch

from sklearn_seqattn.next_state.batches import StateDataset
from sklearn_seqattn.next_state.streams import NOTHING, UNSEEN, make_streams
from sklearn_seqattn.training.batching import TrainingBatches
from sklearn_seqattn.training.optimization import PositionLoss


def streams(last=(NOTHING, NOTHING)):
    ids = np.array([2, 3, 1, 4])  # (a b ?) and (c)
    features = {"numbers": np.arange(4.0, dtype=np.float32)[:, None]}
    return make_streams(
        ids, np.array([3, 1]), np.array(last), has_start=True, features=features
    )


def test_batch():
    inputs, targets = StateDataset(streams()).batch(np.array([1, 0]))
    assert inputs["values"].tolist() == [[0, 4, 0, 0], [0, 2, 3, 1]]
    assert inputs["lengths"].tolist() == [2, 4]
    assert inputs["numbers"][..., 0].tolist() == [[0, 3, 0, 0], [0, 0, 1, 2]]
    assert targets.tolist() == [[2, -1, -1, -1], [0, 1, -1, -1]]


def test_equal_sequences_of_a_batch_are_merged():
    ids = np.array([2, 3, 2, 2, 3, 2, 2])  # (a b) (a) (a b) (a) (a)
    some = make_streams(
        ids, np.array([2, 1, 2, 1, 1]), np.array([7, 7, 7, 7, 5]), has_start=True
    )
    weights = np.array([1, 2, 3, 4, 5], dtype=np.float32)
    rows, merged = StateDataset(some, weights).merge(np.array([4, 2, 1, 0, 3]))
    assert rows.tolist() == [4, 2, 1]  # in the order of the batch
    np.testing.assert_allclose(merged, np.array([5, 4, 6]) * 3 / 5)
    assert merged.dtype == np.float32


@pytest.mark.parametrize("different", ["features", "following"])
def test_sequences_that_differ_in_anything_are_not_merged(different):
    numbers = np.array([0, int(different == "features")], dtype=np.float32)
    some = make_streams(
        np.array([2, 2]),
        np.array([1, 1]),
        np.array([3, 3 + int(different == "following")]),
        has_start=False,
        features={"numbers": numbers[:, None]},
    )
    assert StateDataset(some).merge(np.arange(2))[0].tolist() == [0, 1]


def test_merged_batches_have_the_loss_of_all_their_sequences():
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 4, 40)
    some = make_streams(
        generator.integers(2, 4, lengths.sum()),
        lengths,
        np.full(40, NOTHING),
        has_start=True,
    )
    dataset = StateDataset(some, generator.random(40).astype(np.float32))
    table, loss = torch.randn(4, 2, dtype=torch.float64), PositionLoss(1.7)

    def loss_of(random_state):
        (batch,) = TrainingBatches(dataset, 40, random_state)
        inputs, targets = batch
        return loss(table[inputs["values"]], (targets, inputs["weights"])), len(targets)

    (merged, n_merged), (whole, n) = loss_of(np.random.RandomState(0)), loss_of(None)
    assert n_merged < n == 40
    assert merged.item() == pytest.approx(whole.item(), rel=1e-6)


def test_last_only():
    dataset = StateDataset(streams((5, 3)), last_only=True)
    assert dataset.targets.flat.tolist() == [-1, -1, -1, 5, -1, 3]
    assert dataset.mean_targets == 1
    without_y = StateDataset(streams(), last_only=True)
    assert without_y.targets.flat.tolist() == [-1, -1, -1, -1, 2, -1]


def test_a_sequence_whose_last_state_is_rare_has_no_last_target():
    dataset = StateDataset(streams((5, UNSEEN)), last_only=True)
    assert dataset.targets.flat.tolist() == [-1, -1, -1, 5, -1, -1]
