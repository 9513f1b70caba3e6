import numpy as np
import pytest
import torch

from sklearn_seqattn.nn.competing_convolutions import (
    GROUP_SIZE,
    CompetingConvolutions,
)
from sklearn_seqattn.nn.kernel_plan import KERNEL_LENGTH


def fitted(n_channels=2, max_length=40, n_features=320, seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(60, n_channels, generator=generator)
    kernels = CompetingConvolutions(n_channels, max_length, n_features)
    return kernels.fit(values, torch.tensor([20, 40]), generator), values


def shares_by_hand(kernels, x):
    """Count who wins, step by step, for one scaled sequence (T, D)."""
    differences = np.diff(x, axis=0, prepend=x[:1])
    features = []
    for i, dilation in enumerate(kernels.dilations):
        half = kernels.n_groups // 2
        for seen, groups in ((x, range(half)), (differences, range(half, 2 * half))):
            margin = dilation * (KERNEL_LENGTH // 2)
            padded = np.pad(seen, ((margin, margin), (0, 0)))
            won = np.zeros((2, len(groups), GROUP_SIZE))
            for g, group in enumerate(groups):
                channels = kernels.channels[i, group].numpy()
                weights = kernels.weights[i, group].numpy()
                mixed = padded @ channels
                for t in range(len(x)):
                    taps = mixed[t : t + 2 * margin + 1 : dilation]
                    responses = weights @ taps
                    won[0, g] += responses == responses.max()
                    won[1, g] += responses == responses.min()
            features.append(np.sqrt(won / len(x)).ravel())
    return np.concatenate(features)


@pytest.mark.parametrize("n_channels", [1, 3, 12])
def test_features_follow_the_definition(n_channels):
    kernels, values = fitted(n_channels)
    sequence, length = values[:20].unsqueeze(0), torch.tensor([20])
    x = kernels.inputs(sequence, length)[:, 0].T.numpy().astype(np.float64)
    found = kernels(sequence, length)[0]
    np.testing.assert_allclose(found, shares_by_hand(kernels, x), rtol=1e-6)


@pytest.mark.parametrize("n_channels", [1, 2, 12])
def test_features_have_the_same_bits_for_any_padding_and_batch_mates(n_channels):
    kernels, values = fitted(n_channels)
    alone = kernels(values[:20].unsqueeze(0), torch.tensor([20]))
    batch = torch.full((2, 45, n_channels), -9.0)
    batch[0, :20], batch[1, :40] = values[:20], values[20:]
    together = kernels(batch, torch.tensor([20, 40]))
    assert torch.equal(together[:1], alone)


def test_many_sequences_are_those_of_chunks():
    kernels, _ = fitted()
    batch = torch.randn(150, 40, 2, generator=torch.Generator().manual_seed(1))
    lengths = torch.full((150,), 40)
    pairs = zip(batch.split(7), lengths.split(7), strict=True)
    parts = [kernels(*pair) for pair in pairs]
    assert torch.equal(kernels(batch, lengths), torch.cat(parts))


def test_kernels_sum_to_zero_and_lie_on_the_grid():
    kernels, _ = fitted()
    assert (kernels.weights.sum(-1) == 0).all()
    assert (kernels.weights * 128 == (kernels.weights * 128).round()).all()
    assert kernels.weights.abs().sum(-1).max() <= 1.25


@pytest.mark.parametrize("length", [1, 2, 9, 500])
@pytest.mark.parametrize("n_features", [1, 500, 10_000])
def test_sizes(length, n_features):
    kernels = CompetingConvolutions(1, length, n_features)
    assert kernels.n_groups % 2 == 0
    per_pair = 2 * 2 * GROUP_SIZE * len(kernels.dilations)
    assert kernels.output_size % per_pair == 0
    assert kernels.output_size <= max(n_features, per_pair)
    assert (KERNEL_LENGTH - 1) * kernels.dilations[-1] <= max(8, length - 1)
    x = kernels(torch.zeros(2, length, 1), torch.tensor([length, 1]))
    assert x.shape == (2, kernels.output_size)
    assert x.isfinite().all()


def test_kernels_that_seldom_win_weigh_less():
    kernels, _ = fitted()
    features = torch.zeros(100, kernels.output_size)
    features[0, 0], features[:50, 1] = 1.0, 1.0
    standardized = kernels.fit_statistics(features).standardize(features)
    assert standardized[0, 0] < 1.0
    assert standardized[0, 1] > 0.85


def test_the_seed_decides_the_kernels():
    first, second, third = (fitted(seed=seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first.weights, second.weights)
    assert not torch.equal(first.weights, third.weights)
