import numpy as np
import torch

from sklearn_seqattn.nn.kernel_input import KernelInput


def test_values_are_standardized_rounded_clipped_and_zero_where_padded():
    inputs = KernelInput(2, clip=4.0, largest_sum=1024.0)
    rng = np.random.default_rng(0)
    values = torch.tensor(rng.normal(3, 2, size=(50, 2)), dtype=torch.float32)
    values[0, 0] = 60.0
    inputs.fit(values)
    x = inputs(values[:8].reshape(2, 4, 2), torch.tensor([4, 2]))
    assert x.shape == (2, 2, 4)
    mean, std = values.numpy().mean(0), values.numpy().std(0)
    expected = ((values[:8].numpy() - mean) / std).clip(-4, 4).reshape(2, 4, 2)
    expected[1, 2:] = 0
    np.testing.assert_allclose(x.permute(1, 2, 0), expected, atol=1 / inputs.grid)
    assert x[0, 0, 0] == 4.0
    assert (x * inputs.grid == (x * inputs.grid).round()).all()


def test_sums_below_the_largest_are_exact_in_any_order():
    inputs = KernelInput(1, clip=8.0, largest_sum=64.0)
    generator = torch.Generator().manual_seed(0)
    inputs.fit(torch.randn(100, 1, generator=generator))
    x = inputs(torch.randn(1, 64, 1, generator=generator), torch.tensor([64])).ravel()
    total = x.double().sum()
    for _ in range(5):
        order = torch.randperm(64, generator=generator)
        assert x[order].cumsum(0)[-1].double() == total


def test_a_constant_channel_is_zero():
    inputs = KernelInput(1, clip=8.0, largest_sum=64.0).fit(torch.full((9, 1), 5.0))
    assert (inputs(torch.full((1, 9, 1), 5.0), torch.tensor([9])) == 0).all()


def test_a_module_in_double_precision_rounds_as_in_single():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(20_000, 2, generator=generator) ** 3
    inputs = KernelInput(2, clip=8.0, largest_sum=1.0).fit(values)
    batch, lengths = values.reshape(10, 2_000, 2), torch.full((10,), 2_000)
    single = inputs(batch, lengths)
    double = inputs.double()(batch.double(), lengths)
    assert double.dtype == torch.float64
    assert torch.equal(double, single.double())
