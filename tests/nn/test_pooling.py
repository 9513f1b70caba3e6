import math

import numpy as np
import pytest
import torch

from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.pooling import AttentionPooling, build_pooling

KINDS = ["max", "mean", "last", "attention"]

X = torch.tensor(
    [
        [[1.0, -4.0], [3.0, -2.0], [2.0, -6.0]],
        [[5.0, -1.0], [4.0, -9.0], [99.0, 99.0]],
    ]
)
MASK = length_mask(torch.tensor([3, 2]), 3)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("max", [[3.0, -2.0], [5.0, -1.0]]),
        ("mean", [[2.0, -4.0], [4.5, -5.0]]),
        ("last", [[2.0, -6.0], [4.0, -9.0]]),
    ],
)
def test_pooling_by_hand(kind, expected):
    assert build_pooling((kind,), 2)(X, MASK).tolist() == expected


def test_attention_pooling_by_hand():
    pooling = AttentionPooling(1)
    with torch.no_grad():
        pooling.project.weight.fill_(2.0)
        pooling.project.bias.fill_(-1.0)
        pooling.query.weight.fill_(3.0)
    x = torch.tensor([[[1.0], [0.5], [7.0]]])
    mask = length_mask(torch.tensor([2]), 3)
    # scores 3 tanh(2 x - 1): 3 tanh(1) and 0
    first = 1 / (1 + math.exp(-3 * math.tanh(1.0)))
    weights = pooling.weights(x, mask).detach().numpy()
    np.testing.assert_allclose(weights, [[first, 1 - first, 0.0]], rtol=1e-6)
    expected = first + (1 - first) * 0.5
    np.testing.assert_allclose(pooling(x, mask).item(), expected, rtol=1e-6)


def test_poolings_stand_side_by_side_in_their_order():
    pooling = build_pooling(("last", "max", "mean"), 2)
    expected = [
        [2.0, -6.0, 3.0, -2.0, 2.0, -4.0],
        [4.0, -9.0, 5.0, -1.0, 4.5, -5.0],
    ]
    assert pooling.output_size == 6
    assert pooling(X, MASK).tolist() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_pooling_of_one_step_is_that_step(kind):
    x, mask = X[:, :1], MASK[:, :1]
    pooled = build_pooling((kind,), 2)(x, mask)
    torch.testing.assert_close(pooled, x[:, 0])


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing_and_gets_no_gradient(kind):
    pooling = build_pooling((kind,), 2)
    other = X.clone()
    other[~MASK] = -1e4
    other.requires_grad_()
    pooled = pooling(other, MASK)
    pooled.sum().backward()
    torch.testing.assert_close(pooled, pooling(X, MASK))
    assert (other.grad[~MASK] == 0).all()


def test_the_backward_direction_ends_at_the_first_step():
    pooling = build_pooling(("last",), 2, n_backward=1)
    assert pooling(X, MASK).tolist() == [[2.0, -4.0], [4.0, -1.0]]
