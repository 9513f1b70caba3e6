"""What every encoder promises, whatever its kind."""

import pytest
import torch
from tiny_networks import draw_batch, sequence_config

from sklearn_seqattn.nn.transformer import TransformerEncoder

VARIANTS = [
    {"encoder": encoder, "bidirectional": bidirectional, "residual": residual}
    for encoder in ("lstm", "gru")
    for bidirectional in (False, True)
    for residual in (False, True)
] + [
    {
        "encoder": {"transformer": {"positions": positions}},
        "bidirectional": bidirectional,
    }
    for bidirectional in (False, True)
    for positions in ("rotary", "sinusoidal")
]


def build(**options):
    options = {"num_layers": 2, "num_heads": 2, **options}
    config = sequence_config(hidden_size=4, **options)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return config.encoder.build(3, config)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
class TestEveryEncoder:
    LENGTHS = (9, 4, 1)

    def test_output_size_is_the_size_of_the_output(self, variant):
        encoder = build(**variant)
        wide = variant["bidirectional"] and not isinstance(
            build(**variant), TransformerEncoder
        )
        h = encoder(*draw_batch(self.LENGTHS, 3))
        assert h.shape[-1] == encoder.output_size == (8 if wide else 4)

    def test_padding_changes_no_real_step(self, variant):
        encoder = build(**variant)
        expected = None
        for extra, fill in [(0, 0.0), (0, 1e4), (6, -1e4)]:
            x, mask = draw_batch(self.LENGTHS, 3, extra=extra, fill=fill)
            h = encoder(x, mask)[mask]
            expected = h if expected is None else expected
            torch.testing.assert_close(h, expected, rtol=1e-5, atol=1e-6)

    def test_no_gradient_reaches_padding(self, variant):
        encoder = build(**variant)
        x, mask = draw_batch(self.LENGTHS, 3, extra=2)
        x.requires_grad_()
        encoder(x, mask)[mask].square().sum().backward()
        assert (x.grad[~mask] == 0).all()
        assert (x.grad[mask] != 0).any(dim=1).all()

    def test_one_direction_never_looks_ahead_and_two_do(self, variant):
        encoder = build(**variant)
        x, mask = draw_batch([7], 3)
        x.requires_grad_()
        encoder(x, mask)[0, 3].square().sum().backward()
        looks_ahead = bool((x.grad[0, 4:] != 0).any())
        assert looks_ahead == variant["bidirectional"]
        assert (x.grad[0, :4] != 0).any(dim=1).all()

    def test_order_matters(self, variant):
        encoder = build(**variant)
        x, mask = draw_batch([7], 3)
        swapped = x.clone()
        swapped[0, [0, 1]] = x[0, [1, 0]]
        change = (encoder(x, mask) - encoder(swapped, mask))[0, -1]
        assert change.abs().max() > 1e-6

    def test_it_has_as_many_layers_as_asked_for(self, variant):
        assert len(build(**variant, num_layers=3).layers) == 3
