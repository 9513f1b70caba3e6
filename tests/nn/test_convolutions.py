"""Convolutions against slow loops and numbers by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_networks import draw, draw_batch

from sklearn_seqattn.nn.convolutions import Convolution, TimeDistributedConvolution


def slow_convolution(real, weight, bias, stride, dilation):
    """Convolve one sequence (T, C) step by step, zeros beyond its ends."""
    channels, _, kernel_size = weight.shape
    left = (kernel_size - 1) * dilation // 2
    rows = []
    for centre in range(0, len(real), stride):
        row = bias.copy()
        for tap in range(kernel_size):
            step = centre - left + tap * dilation
            if 0 <= step < len(real):
                for channel in range(channels):
                    row[channel] += weight[channel, :, tap] @ real[step]
        rows.append(row)
    return np.array(rows)


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_convolution_is_its_slow_loop(lengths, kernel_size, stride, dilation, extra):
    block = Convolution(2, 3, kernel_size=kernel_size, stride=stride, dilation=dilation)
    x, mask = draw_batch(lengths, 2, extra=extra, fill=1e3)
    y, new_mask = block(x, mask)
    weight = block.convolution.weight.detach().double().numpy()
    bias = block.convolution.bias.detach().double().numpy()
    for i, length in enumerate(lengths):
        real = x[i, :length].double().numpy()
        expected = slow_convolution(real, weight, bias, stride, dilation)
        assert new_mask[i].sum() == len(expected) == math.ceil(length / stride)
        found = y[i, new_mask[i]].detach()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@given(
    n_steps=st.integers(1, 60),
    kernel_size=st.integers(1, 6),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_one_sequence_alone_is_convolved_as_in_a_batch(
    n_steps, kernel_size, stride, dilation
):
    layer = Convolution(
        3, 4, kernel_size=kernel_size, stride=stride, dilation=dilation
    ).eval()
    x, mask = torch.randn(1, n_steps, 3), torch.ones(1, n_steps, dtype=torch.bool)
    mask[:, max(1, n_steps - 2) :] = False
    with torch.no_grad():
        alone, _ = layer(x, mask)
        in_batch, _ = layer(x.repeat(2, 1, 1), mask.repeat(2, 1))
    torch.testing.assert_close(alone, in_batch[:1])


def test_time_distributed_convolution_by_hand():
    block = TimeDistributedConvolution(3, 1, kernel_size=3)
    with torch.no_grad():
        block.convolution.weight[:] = torch.tensor([[[1.0, 10.0, 100.0]]])
        block.convolution.bias.fill_(0.0)
    x = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    y, _ = block(x, torch.ones(1, 2, dtype=torch.bool))
    assert y.tolist() == [[[210.0, 321.0, 32.0], [540.0, 654.0, 65.0]]]


@pytest.mark.parametrize("kernel_size", [1, 2, 4, 5])
def test_any_kernel_keeps_the_number_of_values_of_a_step(
    kernel_size,
):
    block = TimeDistributedConvolution(3, 2, kernel_size=kernel_size)
    y, _ = block(draw(2, 4, 3), torch.ones(2, 4, dtype=torch.bool))
    assert y.shape == (2, 4, block.output_size) == (2, 4, 6)
