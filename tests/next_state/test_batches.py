"""Batches with one target a step, and the loss over them."""

import numpy as np
import pytest
import torch

from sklearn_seqattn.next_state.batches import PositionLoss, StateDataset
from sklearn_seqattn.next_state.streams import NOTHING, UNSEEN, make_streams


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


def test_last_only():
    dataset = StateDataset(streams((5, 3)), last_only=True)
    assert dataset.following.tolist() == [-1, -1, -1, 5, -1, 3]
    assert dataset.mean_targets == 1
    without_y = StateDataset(streams(), last_only=True)
    assert without_y.following.tolist() == [-1, -1, -1, -1, 2, -1]


def test_a_sequence_whose_last_state_is_rare_has_no_last_target():
    dataset = StateDataset(streams((5, UNSEEN)), last_only=True)
    assert dataset.following.tolist() == [-1, -1, -1, 5, -1, -1]


def test_loss_by_hand():
    logits = torch.tensor([[[0.0, 1.0], [2.0, 0.0]], [[3.0, 0.0], [9.0, 9.0]]])
    targets = torch.tensor([[0, 1], [1, -1]])
    weights = torch.tensor([2.0, 0.5])
    losses = [np.log(1 + np.e), np.log(1 + np.exp(2)), np.log(1 + np.exp(3))]
    expected = (2 * losses[0] + 2 * losses[1] + 0.5 * losses[2]) / (2 * 1.5)
    found = PositionLoss(1.5)(logits, (targets, weights))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_the_loss_of_batches_adds_up_to_that_of_all_positions():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 5, 3, generator=generator)
    targets = torch.randint(-1, 3, (6, 5), generator=generator)
    weights, known = torch.ones(6), targets >= 0
    loss = PositionLoss(known.sum().item() / 6)
    parts = [
        loss(logits[i : i + 2], (targets[i : i + 2], weights[:2])) for i in (0, 2, 4)
    ]
    whole = torch.nn.functional.cross_entropy(logits[known], targets[known])
    assert sum(parts).item() / 3 == pytest.approx(whole.item(), rel=1e-6)


def test_a_batch_without_targets_has_loss_zero():
    loss = PositionLoss(1.0)(
        torch.zeros(1, 2, 3), (torch.full((1, 2), -1), torch.ones(1))
    )
    assert loss.item() == 0
