"""Normalization and differences against their equations."""

import numpy as np
import pytest
import torch
from tiny_networks import draw, draw_batch

from sklearn_seqattn.nn.normalization import BatchNorm, Differences, LayerNorm


class TestBatchNorm:
    def test_statistics_are_those_of_the_real_steps(self):
        block = BatchNorm(2)
        with torch.no_grad():
            block.norm.weight[:] = torch.tensor([2.0, 3.0])
            block.norm.bias[:] = torch.tensor([-1.0, 1.0])
        x, mask = draw_batch([6, 3, 1], 2, extra=4, fill=1e5)
        y, _ = block(x, mask)
        real = x[mask].double().numpy()  # (10, 2)
        mean, variance = real.mean(axis=0), real.var(axis=0)
        expected = (real - mean) / np.sqrt(variance + 1e-5) * [2, 3] + [-1, 1]
        np.testing.assert_allclose(y[mask].detach(), expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(block.norm.running_mean, 0.1 * mean, rtol=1e-5)
        unbiased = 0.9 + 0.1 * real.var(axis=0, ddof=1)
        np.testing.assert_allclose(block.norm.running_var, unbiased, rtol=1e-5)

    def test_prediction_uses_the_running_statistics(self):
        block = BatchNorm(1).eval()
        block.norm.running_mean.fill_(2.0)
        block.norm.running_var.fill_(4.0)
        y, _ = block(torch.tensor([[[6.0]]]), torch.ones(1, 1, dtype=torch.bool))
        assert y.item() == pytest.approx(2.0, rel=1e-5)

    def test_a_batch_of_a_single_step_trains_on_the_running_statistics(self):
        block = BatchNorm(1)
        block.norm.running_mean.fill_(2.0)
        y, _ = block(torch.tensor([[[5.0]]]), torch.ones(1, 1, dtype=torch.bool))
        y.sum().backward()
        assert y.item() == pytest.approx(3.0, rel=1e-4)
        assert block.norm.bias.grad.item() == 1.0
        assert block.norm.running_mean.item() == 2.0


def test_layer_norm_is_its_equation():
    block, x = LayerNorm(4), draw(2, 3, 4)
    y, _ = block(x, torch.ones(2, 3, dtype=torch.bool))
    real = x.double().numpy()
    centred = real - real.mean(axis=-1, keepdims=True)
    expected = centred / np.sqrt(real.var(axis=-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("lag", "differences"),
    [(1, [0.0, 3.0, 5.0]), (2, [0.0, 0.0, 8.0]), (3, [0.0] * 3), (9, [0.0] * 3)],
)
def test_differences_by_hand(lag, differences):
    block = Differences(1, lag).eval()
    x = torch.tensor([[[1.0], [4.0], [9.0]]])
    y, _ = block(x, torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(y[0, :, 0], x[0, :, 0])
    torch.testing.assert_close(y[0, :, 1], torch.tensor(differences) / 1.00001**0.5)


def test_differences_are_normalized_in_training():
    y, _ = Differences(2, 1)(100 * draw(4, 50, 2), torch.ones(4, 50, dtype=torch.bool))
    torch.testing.assert_close(y[..., 2:].std(), torch.tensor(1.0), atol=0.01, rtol=0)
