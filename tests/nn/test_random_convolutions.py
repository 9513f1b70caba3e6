from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.nn.kernel_features import compute_features
from sklearn_seqattn.nn.kernel_plan import dilation_plan, kernel_weights
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions


def draw_sequences(lengths, n_channels, seed=0):
    """Draw random walks of these lengths, end to end."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(sum(lengths), n_channels, generator=generator).cumsum(0)
    return values, torch.tensor(lengths)


def fit_kernels(values, lengths, n_features=840, seed=0):
    kernels = RandomConvolutions(values.shape[1], int(lengths.max()), n_features)
    return kernels.fit(values, lengths, torch.Generator().manual_seed(seed))


def pad(values, lengths, extra=0, fill=0.0):
    """Pad sequences to one batch, with extra steps of any content."""
    batch = torch.full(
        (len(lengths), int(lengths.max()) + extra, values.shape[1]), fill
    )
    for row, sequence in zip(batch, values.split(lengths.tolist()), strict=True):
        row[: len(sequence)] = sequence
    return batch


def slow_features(kernels, sequence):
    """Compute the features from the definition, step by step, in plain loops."""
    mean, std = kernels.inputs.mean.numpy(), kernels.inputs.std.numpy()
    x = np.clip((sequence.numpy() - mean) / std, -32, 32)
    x = np.round(x * kernels.inputs.grid).astype(np.float64) / kernels.inputs.grid
    n_steps = len(x)
    features, row = [], 0
    for i, dilation in enumerate(kernels.dilations):
        for _ in range(kernels.n_biases[i]):
            for k, taps in enumerate(combinations(range(9), 3)):
                chosen = kernels.channels[i, k].numpy() > 0
                start, stop = 0, n_steps
                if (i + k) % 2 == 1 and n_steps > 8 * dilation:
                    start, stop = 4 * dilation, n_steps - 4 * dilation
                above = 0
                for t in range(start, stop):
                    response = 0.0
                    for tap in range(9):
                        s = t + (tap - 4) * dilation
                        if 0 <= s < n_steps:
                            weight = 2 if tap in taps else -1
                            response += weight * x[s, chosen].sum()
                    above += response > float(kernels.biases[row, k])
                features.append(above / (stop - start))
            row += 1
    return np.array(features)


@pytest.mark.parametrize("n_channels", [1, 3, 15])
def test_features_follow_the_definition(n_channels):
    values, lengths = draw_sequences([1, 2, 9, 17, 30], n_channels)
    kernels = fit_kernels(values, lengths, n_features=84 * 4)
    features = compute_features(kernels, values, lengths).numpy()
    for got, sequence in zip(features, values.split(lengths.tolist()), strict=True):
        np.testing.assert_allclose(got, slow_features(kernels, sequence), atol=1e-7)


def test_kernel_weights_are_all_choices_of_three_taps():
    weights = kernel_weights("cpu")
    assert weights.shape == (84, 9)
    assert len(weights.unique(dim=0)) == 84
    assert ((weights == 2).sum(1) == 3).all()
    assert (weights.sum(1) == 0).all()


@given(st.integers(1, 20_000), st.integers(1, 5_000))
def test_dilation_plan_spends_every_threshold(n_features, max_length):
    dilations, n_biases = dilation_plan(n_features, max_length)
    assert sum(n_biases) == max(1, n_features // 84)
    assert min(n_biases) >= 1
    assert dilations[0] == 1
    assert dilations == sorted(set(dilations))
    assert dilations[-1] == 1 or 8 * dilations[-1] <= max_length - 1
    assert len(dilations) <= 32


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.integers(1, 14),
    st.integers(0, 30),
)
@settings(max_examples=25, deadline=None)
def test_features_ignore_padding_and_batch_mates(lengths, n_channels, extra):
    values, lengths = draw_sequences(lengths, n_channels)
    kernels = fit_kernels(values, lengths)
    together = kernels(pad(values, lengths, extra, fill=1e6), lengths)
    for i, sequence in enumerate(values.split(lengths.tolist())):
        alone = kernels(sequence.unsqueeze(0), lengths[i : i + 1])
        assert torch.equal(together[i], alone[0])
    assert torch.equal(together, compute_features(kernels, values, lengths))


def test_features_do_not_depend_on_chunks():
    values, lengths = draw_sequences([3000, 13, 1500, 5000, 1400], 2)  # more than one
    kernels = fit_kernels(values, lengths, n_features=84)
    together = compute_features(kernels, values, lengths)
    for i, sequence in enumerate(values.split(lengths.tolist())):
        alone = kernels(sequence.unsqueeze(0), lengths[i : i + 1])
        assert torch.equal(together[i], alone[0])


def test_features_are_invariant_to_units():
    values, lengths = draw_sequences([30, 20, 25], 2)
    features = compute_features(fit_kernels(values, lengths), values, lengths)
    moved = values * 1024 + torch.tensor([4096.0, -8192.0])
    again = compute_features(fit_kernels(moved, lengths), moved, lengths)
    assert (features - again).abs().mean() < 1e-3


def test_features_are_shares_that_differ_between_seeds():
    values, lengths = draw_sequences([30, 20, 25], 2)
    first = compute_features(fit_kernels(values, lengths), values, lengths)
    same = compute_features(fit_kernels(values, lengths), values, lengths)
    other = compute_features(fit_kernels(values, lengths, seed=1), values, lengths)
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("fill", [0.0, 7.5])
def test_constant_sequences_give_finite_features(fill):
    values, lengths = torch.full((2, 3), fill), torch.tensor([1, 1])
    kernels = fit_kernels(values, lengths)
    features = compute_features(kernels, values, lengths)
    kernels.fit_statistics(features)
    assert torch.equal(kernels.standardize(features), torch.zeros_like(features))


def test_standardize_centers_and_scales_the_training_features():
    values, lengths = draw_sequences([30, 20, 25, 40], 2)
    kernels = fit_kernels(values, lengths)
    features = compute_features(kernels, values, lengths)
    scaled = kernels.fit_statistics(features).standardize(features)
    varying = features.std(0) > 0
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(0, unbiased=False)[varying], 1, atol=1e-4)


def test_kernels_survive_their_state_dict():
    values, lengths = draw_sequences([30, 20, 25], 2)
    kernels = fit_kernels(values, lengths)
    copy = RandomConvolutions(2, 30, 840)
    copy.load_state_dict(kernels.state_dict())
    batch = pad(values, lengths)
    assert torch.equal(copy(batch, lengths), kernels(batch, lengths))
    assert not list(kernels.parameters())


def test_autocast_does_not_lower_the_precision():
    values, lengths = draw_sequences([30, 20, 25], 2)
    kernels = fit_kernels(values, lengths)
    batch = pad(values, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(kernels(batch, lengths), kernels(batch.clone(), lengths))
        low = kernels(batch, lengths)
    assert torch.equal(low, kernels(batch, lengths))


@pytest.mark.parametrize("heavy", [False, True])
def test_export_keeps_batch_size_and_length_free(heavy):
    values, lengths = draw_sequences([30, 120, 25], 2)
    if heavy:
        values[:, 0] = 0
        values[7, 0] = 1
    kernels = fit_kernels(values, lengths, n_features=168)
    auto = torch.export.Dim.AUTO
    program = torch.export.export(
        kernels,
        (pad(values, lengths), lengths),
        dynamic_shapes=({0: auto, 1: auto}, {0: auto}),
    ).module()
    other, other_lengths = draw_sequences([50, 11], 2, seed=1)
    batch = pad(other, other_lengths)
    assert torch.equal(program(batch, other_lengths), kernels(batch, other_lengths))


def test_channels_with_heavy_tails_count_by_their_ranks_alone():
    rng = np.random.default_rng(0)
    sizes = np.array([0, 1, 5, 30, 4000], np.float32)
    drawn = rng.choice(5, size=(4000, 1), p=[0.8, 0.15, 0.04, 0.0095, 0.0005])
    lengths = torch.full((100,), 40)
    features = [
        compute_features(fit_kernels(values, lengths), values, lengths)
        for values in map(torch.from_numpy, (sizes[drawn], sizes[drawn] ** 2))
    ]
    assert torch.equal(*features)
    assert features[0].std(0).median() > 0.01


def test_the_defaults_of_the_torch_process_do_not_matter(request):
    values, lengths = draw_sequences([30, 20, 25], 2)
    values[:, 1] = (9 * values[:, 1]).exp()  # a heavy tail, which is ranked
    generator = torch.Generator().manual_seed(0)
    expected = compute_features(fit_kernels(values, lengths), values, lengths)
    request.getfixturevalue("other_defaults")
    kernels = RandomConvolutions(2, 30, 840).fit(values, lengths, generator)
    found = compute_features(kernels, values, lengths)
    assert torch.equal(found, expected)
    assert kernels.fit_statistics(found).standardize(found).dtype == torch.float32
