"""The network of the tagger: padding, strides, known answers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.nn.config import TaggingConfig
from sklearn_seqattn.nn.tagging_network import build_tagging_network, undo_stride


def build(**changes):
    torch.manual_seed(0)
    config = {
        "input_size": 2,
        "n_outputs": 3,
        "front_end": None,
        "encoder": "lstm",
        "hidden_size": 4,
        "num_layers": 1,
        "bidirectional": True,
        "residual": True,
        "attention": "multihead",
        "num_heads": 2,
        "head_units": (4,),
        "dropout": 0.0,
        **changes,
    }
    return build_tagging_network(TaggingConfig(**config)).eval()


VARIANTS = [
    {},
    {"attention": None, "bidirectional": False},
    {"encoder": "transformer"},
    {"front_end": Conv(4, stride=3)},
    {"front_end": [Conv(4, stride=2), ["layer_norm", "conv"], Conv(4, stride=2)]},
]


@pytest.mark.parametrize("changes", VARIANTS)
@settings(max_examples=20, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    padding=st.integers(0, 5),
)
def test_padding_changes_no_output(changes, lengths, padding):
    network = build(**changes)
    generator = torch.Generator().manual_seed(1)
    rows = [torch.randn(n, 2, generator=generator) for n in lengths]
    padded = torch.full((len(rows), max(lengths) + padding, 2), 7.0)
    for to, row in zip(padded, rows, strict=True):
        to[: len(row)] = row
    with torch.no_grad():
        outputs, mask = network.step_outputs(padded, torch.tensor(lengths))
        assert outputs.shape == (*padded.shape[:2], 3)
        assert mask.sum(dim=1).tolist() == lengths
        for one, row in zip(outputs, rows, strict=True):
            alone = network(row[None], torch.tensor([len(row)]))[0]
            torch.testing.assert_close(one[: len(row)], alone, rtol=1e-4, atol=1e-5)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 100),
)
def test_strides_are_undone_by_linear_interpolation(lengths, stride, seed):
    n_steps = max(lengths) * stride
    given_outputs = torch.from_numpy(
        np.random.default_rng(seed).normal(size=(len(lengths), max(lengths), 2))
    )
    found = undo_stride(given_outputs, torch.tensor(lengths), n_steps, stride)
    for one, outputs, n in zip(found, given_outputs, lengths, strict=True):
        for k in range(2):
            expected = np.interp(
                np.arange(n_steps), np.arange(n) * stride, outputs[:n, k]
            )
            np.testing.assert_allclose(one[:, k], expected, atol=1e-12)


def test_a_head_reads_every_step_by_itself():
    network = build(attention=None, head_units=())
    values = torch.randn(1, 5, 2)
    with torch.no_grad():
        h, _ = network.step_embeddings(values, torch.tensor([5]))
        expected = h @ network.head[0].weight.T + network.head[0].bias
        torch.testing.assert_close(network(values, torch.tensor([5])), expected)


def test_configurations_are_plain_values():
    config = build(front_end=Conv(4, stride=3)).config
    assert TaggingConfig.from_dict(config.to_dict()) == config
    assert not {"pooling", "kernels", "time_warp"} & config.to_dict().keys()
