import torch

from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.frozen_features import exact_products
from sklearn_seqattn.nn.kernel_partner import KernelPartner


def build():
    return KernelPartner(2, 3, KernelConfig(max_length=20, n_features=168))


def fitted():
    partner, generator = build(), torch.Generator().manual_seed(0)
    values, lengths = torch.randn(32, 2, generator=generator), torch.tensor([12, 20])
    for kernels in partner.kinds:
        kernels.fit(values, lengths, generator)
    torch.nn.init.normal_(partner.coef, generator=generator)
    return partner, values


def test_it_has_nothing_to_train_and_predicts_zero_until_it_is_fitted():
    partner = build()
    assert list(partner.parameters()) == []
    outputs = partner(torch.randn(4, 20, 2), torch.tensor([20, 3, 1, 7]))
    assert (outputs == torch.zeros(4, 3)).all()


def test_outputs_are_linear_in_the_standardized_features_of_both_kinds():
    partner, values = fitted()
    partner.intercept.copy_(torch.tensor([1.0, -2.0, 0.5]))
    batch, lengths = values[:12].unsqueeze(0), torch.tensor([12])
    parts, first = [], 0
    for kernels in partner.kinds:
        coef = partner.coef[:, first : first + kernels.output_size]
        features = kernels.standardize(kernels(batch, lengths))
        parts.append(features.double() @ coef.double().T)
        first += kernels.output_size
    assert first == partner.coef.shape[1]
    torch.testing.assert_close(
        partner(batch, lengths), sum(parts) + partner.intercept.double()
    )


def test_outputs_ignore_padding_and_batch_mates():
    partner, values = fitted()
    alone = partner(values[:12].unsqueeze(0), torch.tensor([12]))
    batch = torch.full((2, 25, 2), 7.0)
    batch[0, :12], batch[1, :20] = values[:12], values[12:]
    together = partner(batch, torch.tensor([12, 20]))
    torch.testing.assert_close(together[:1], alone, rtol=1e-12, atol=1e-12)


def test_autocast_does_not_lower_the_precision():
    partner, values = fitted()
    batch, lengths = values[:12].unsqueeze(0), torch.tensor([12])
    expected = partner(batch, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(partner(batch, lengths), expected)
        assert torch.is_autocast_enabled("cpu")
    assert not torch.is_autocast_enabled("cpu")


def test_products_are_exact_where_fast_ones_are_allowed():
    torch.set_float32_matmul_precision("medium")
    try:
        with exact_products("cpu"):
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
