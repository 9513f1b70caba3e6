import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.nn.masking import (
    causal_mask,
    length_mask,
    masked_max,
    masked_mean,
    masked_softmax,
    on_real_steps,
    zero_padding,
)

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
    for y in (zero_padding(x, mask), on_real_steps(lambda steps: steps, x, mask)):
        assert (y[~mask] == 0).all()
        assert (y[mask] == x[mask]).all()


def test_on_real_steps_gives_the_function_the_steps_end_to_end():
    x, mask = draw_batch([2, 1], extra=1, seed=0, n_channels=2)
    seen = []

    def widen(steps):
        seen.append(steps)
        return torch.cat([steps, steps], dim=1)

    y = on_real_steps(widen, x, mask)
    assert torch.equal(seen[0], torch.cat([x[0, :2], x[1, :1]]))
    assert y.shape == (2, 3, 4)


def test_on_real_steps_of_a_batch_without_padding_is_that_of_a_padded_one():
    x, full = draw_batch([3, 3], extra=0, seed=0, n_channels=2)
    padded, mask = torch.cat([x, x], dim=1), torch.cat([full, ~full], dim=1)
    found = []
    for batch, real in ((x, full), (padded, mask)):
        batch = batch.clone().requires_grad_()
        y = on_real_steps(torch.tanh, batch, real)[:, :3]
        y.square().sum().backward()
        found.append((y.detach(), batch.grad[:, :3]))
    assert all(map(torch.equal, *found))


@pytest.mark.parametrize("reduce", [masked_max, masked_mean])
def test_reductions_pass_no_gradient_to_padding(reduce):
    x, mask = draw_batch([3, 1], extra=1, seed=0)
    x.requires_grad_()
    reduce(x, mask).sum().backward()
    assert (x.grad[~mask] == 0).all()
    assert (x.grad[mask] != 0).any()
