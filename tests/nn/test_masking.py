import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.nn.alignment import attend
from sklearn_seqattn.nn.masking import (
    causal_mask,
    every_step,
    is_full,
    length_mask,
    masked_max,
    masked_mean,
    masked_softmax,
    put_rows,
    real_steps,
    zero_padding,
)
from sklearn_seqattn.nn.normalization import BatchNorm
from sklearn_seqattn.nn.recurrent import reverse_steps

lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def draw_batch(lengths, extra, seed, n_channels=3):
    """Draw a padded batch whose padding is full of large numbers."""
    generator = torch.Generator().manual_seed(seed)
    n_steps = max(lengths) + extra
    x = torch.randn(len(lengths), n_steps, n_channels, generator=generator)
    mask = length_mask(torch.tensor(lengths), n_steps)
    x[~mask] = 1e6
    return x, mask


def test_length_mask_by_hand():
    mask = length_mask(torch.tensor([1, 3, 2]), 4)
    expected = [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0]]
    assert mask.tolist() == (np.array(expected) == 1).tolist()


def test_causal_mask_by_hand():
    expected = [[True, False, False], [True, True, False], [True, True, True]]
    assert causal_mask(range(3), 3).tolist() == expected
    assert causal_mask(range(1, 3), 3).tolist() == expected[1:]


def test_masked_softmax_by_hand():
    scores = torch.tensor([[0.0, math.log(3.0), 50.0]])
    weights = masked_softmax(scores, torch.tensor([[True, True, False]]))
    torch.testing.assert_close(weights, torch.tensor([[0.25, 0.75, 0.0]]))


def test_masked_softmax_survives_large_scores():
    scores = torch.tensor([[1e4, 1e4, -1e4]])
    weights = masked_softmax(scores, torch.ones(1, 3, dtype=torch.bool))
    assert weights.tolist() == [[0.5, 0.5, 0.0]]


def test_masked_softmax_of_a_row_without_steps_is_zero_with_a_finite_gradient():
    scores = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    mask = torch.tensor([[False, False], [True, False]])
    weights = masked_softmax(scores, mask)
    weights.square().sum().backward()
    assert weights.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert torch.isfinite(scores.grad).all()


def test_masked_softmax_has_the_gradient_of_torchs_softmax():
    scores = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    every = torch.ones(2, 5, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda s: masked_softmax(s, every), scores)
    torch.testing.assert_close(masked_softmax(scores, every), scores.softmax(-1))


@given(lengths_of_batches, st.integers(0, 4), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_reductions_see_the_real_steps_alone(lengths, extra, seed):
    x, mask = draw_batch(lengths, extra, seed)
    weights = masked_softmax(x[..., 0], mask, dim=1)
    for i, length in enumerate(lengths):
        real = x[i, :length]
        torch.testing.assert_close(masked_max(x, mask)[i], real.amax(0))
        torch.testing.assert_close(masked_mean(x, mask)[i], real.mean(0))
        torch.testing.assert_close(weights[i, :length], real[:, 0].softmax(0))
        assert (weights[i, length:] == 0).all()


@given(lengths_of_batches, st.integers(0, 4), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_padding_is_zeroed_and_real_steps_are_kept(lengths, extra, seed):
    x, mask = draw_batch(lengths, extra, seed)
    back = put_rows(*real_steps(x, mask), mask.numel()).view(x.shape)
    for y in (zero_padding(x, mask), back):
        assert (y[~mask] == 0).all()
        assert (y[mask] == x[mask]).all()


def test_real_steps_are_end_to_end():
    x, mask = draw_batch([2, 1], extra=1, seed=0, n_channels=2)
    steps, places = real_steps(x, mask)
    assert torch.equal(steps, torch.cat([x[0, :2], x[1, :1]]))
    assert places.tolist() == [0, 1, 3]


@pytest.mark.parametrize("reduce", [masked_max, masked_mean])
def test_reductions_pass_no_gradient_to_padding(reduce):
    x, mask = draw_batch([3, 1], extra=1, seed=0)
    x.requires_grad_()
    reduce(x, mask).sum().backward()
    assert (x.grad[~mask] == 0).all()
    assert (x.grad[mask] != 0).any()


@pytest.mark.parametrize(
    ("lengths", "n_steps", "expected"),
    [([3], 3, True), ([3, 3], 3, True), ([3, 2], 3, False), ([3, 3], 4, False)],
)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_mask_without_padding_is_known(lengths, n_steps, expected, stride):
    mask = length_mask(torch.tensor(lengths), n_steps)
    every = every_step(mask, stride)
    assert is_full(mask) == is_full(every) == expected
    assert torch.equal(every, mask[:, ::stride])
    assert not is_full(mask.clone())


@pytest.mark.parametrize(
    "function",
    [
        masked_max,
        masked_mean,
        reverse_steps,
        zero_padding,
        lambda x, mask: BatchNorm(3)(x, mask)[0],
        lambda x, mask: attend(*[x[:, None]] * 3, mask, causal=False),
    ],
)
def test_where_no_padding_is_known_of_outputs_and_gradients_are_the_same(function):
    x, mask = draw_batch([4, 4], extra=0, seed=0)
    found = []
    for one in (mask, mask.clone()):
        leaf = x.clone().requires_grad_()
        y = function(leaf, one)
        found.append((y, *torch.autograd.grad(y.pow(3).sum(), leaf)))
    torch.testing.assert_close(*found)
