"""Random convolutions as operators: features are the same but for rounding."""

import numpy as np
import pytest
import torch
from small_graphs import open_graph

from sklearn_seqattn.export.inputs import step_mask
from sklearn_seqattn.export.kernels import add_partner
from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.kernel_partner import KernelPartner


def session_of(partner, input_size):
    """Open a graph of a partner alone."""

    def build(graph):
        mask = step_mask(graph, "values", "lengths")
        return add_partner(partner, graph, "values", mask)

    values = np.float32, ["batch", "steps", input_size]
    return open_graph(build, values=values, lengths=(np.int64, ["batch"]))


@pytest.mark.parametrize("has_heavy_tails", [False, True])
@pytest.mark.parametrize("input_size", [1, 3, 14])
def test_every_feature_is_the_same(input_size, has_heavy_tails):
    generator = torch.Generator().manual_seed(input_size)
    lengths = torch.tensor([30, 21, 9, 1, 25, 14])
    steps = torch.randn(int(lengths.sum()), input_size, generator=generator)
    if has_heavy_tails:
        steps = torch.cat([steps] * 40)
        steps[::500] *= 1e6
    config = KernelConfig(max_length=30, n_features=400)
    partner = KernelPartner(input_size, 1, config)
    repeated = lengths.repeat(40 if has_heavy_tails else 1)
    for kernels in partner.kinds:
        kernels.fit(steps, repeated, generator)
    values = torch.nn.utils.rnn.pad_sequence(
        steps[: int(lengths.sum())].split(lengths.tolist()), batch_first=True
    )
    n_features = partner.coef.shape[1]
    partner.coef.copy_(torch.randn(1, n_features, generator=generator))
    session = session_of(partner, input_size)
    inputs = {"values": values.numpy(), "lengths": lengths.numpy()}
    (found,) = session.run(None, inputs)
    wanted = partner(values, lengths).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    assert np.ptp(wanted) > 0.1
