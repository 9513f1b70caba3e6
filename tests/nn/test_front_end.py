"""Front ends: blocks in any order, residual groups, what cannot stand where."""

import pytest
import torch
from tiny_networks import sequence_config

from sklearn_seqattn.nn import convolutions, layers, normalization
from sklearn_seqattn.nn.blocks import (
    Conv,
    Dense,
    Differences,
    Dropout,
    Embedding,
    SelfAttention,
    TimeDistributedConv,
)
from sklearn_seqattn.nn.front_end import Residual, build_blocks, read_front_end


def build(front_end, input_size=4):
    config = sequence_config(num_heads=4, dropout=0.25)
    return build_blocks(read_front_end(front_end), input_size, config)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ((), ()),
        ([], ()),
        ("conv", (Conv(),)),
        (Conv(3), (Conv(3),)),
        ({"conv": {"channels": 3}}, (Conv(3),)),
        (["conv", ["dense", ("conv",)]], None),
        (("conv", ("dense", ["conv"])), None),
        ([{"conv": {}}, {"residual": ["dense", {"residual": ["conv"]}]}], None),
        (["embedding", "conv"], (Embedding(), Conv())),
    ],
)
def test_any_notation_becomes_blocks(given, expected):
    nested = (Conv(), Residual((Dense(), Residual((Conv(),)))))
    assert read_front_end(given) == (nested if expected is None else expected)


DEEP = ["conv"]
for _ in range(50):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("cnov", ValueError, "front_end: Unknown block 'cnov'.*Did you mean 'conv'"),
        (["conv", ["xyzzy"]], ValueError, "front_end: Unknown block 'xyzzy'"),
        (["conv", 3], TypeError, "front_end: 3 is of type int"),
        (3, TypeError, "front_end=3 is of type int; pass 'auto', None"),
        (["conv", []], ValueError, "front_end: A residual group has the blocks"),
        (["conv", "embedding"], ValueError, "follows another block"),
        (["embedding", "embedding"], ValueError, "follows another block"),
        ([["embedding"]], ValueError, "is in a residual group"),
        ([[[Conv(stride=2)]]], ValueError, r"Conv\(stride=2\) is in a residual gr"),
        (DEEP, ValueError, "nests more than 8 residual groups"),
        (["gelu"] * 1001, ValueError, "more than 1000 blocks"),
    ],
)
def test_refusals(given, error, message):
    with pytest.raises(error, match=message):
        read_front_end(given)


@pytest.mark.parametrize(
    ("name", "kind", "output_size"),
    [
        ("differences", normalization.Differences, 8),
        ("conv", convolutions.Convolution, 64),
        ("dense", layers.Dense, 64),
        ("time_distributed_conv", convolutions.TimeDistributedConvolution, 32),
        ("attention", layers.SelfAttention, 64),
        ("batch_norm", normalization.BatchNorm, 4),
        ("layer_norm", normalization.LayerNorm, 4),
        ("dropout", layers.Dropout, 4),
        ("locked_dropout", layers.Dropout, 4),
        ("gelu", layers.Activation, 4),
        ("relu", layers.Activation, 4),
        ("tanh", layers.Activation, 4),
        (["dense"], layers.ResidualGroup, 64),
    ],
)
def test_each_name_builds_its_module(name, kind, output_size):
    (block,) = build([name]).blocks
    assert type(block) is kind
    assert block.output_size == output_size


def test_sizes_go_to_the_blocks_that_have_them():
    blocks = build([Conv(3, 3, stride=2), Dense(7), [Conv(5, 1), Dense(6)], "gelu"])
    first, dense, group, _ = blocks.blocks
    second, last = group.blocks.blocks
    assert (first.output_size, first.stride, first.reach) == (3, 2, 2)
    assert (second.output_size, second.stride, second.reach) == (5, 1, 0)
    assert (dense.output_size, last.output_size) == (7, 6)
    assert blocks.output_size == 6
    assert build(Differences(lag=3)).blocks[0].lag == 3
    assert build(TimeDistributedConv(2)).output_size == 8


def test_dropout_and_heads_come_from_the_network_unless_the_block_says():
    blocks = build(["dropout", Dropout(0.5, locked=True)])
    assert [(block.p, block.locked) for block in blocks.blocks] == [
        (0.25, False),
        (0.5, True),
    ]
    attentions = build(
        [SelfAttention(8, 8), SelfAttention(8, 8, num_heads=2), SelfAttention(9, 6)]
    )
    heads = [block.attention.num_heads for block in attentions.blocks]
    assert heads == [4, 2, 3]


def test_a_whole_front_end_runs():
    blocks = build(
        [
            "layer_norm",
            [SelfAttention(4, 8), "dropout"],
            Conv(3, 3, stride=2),
            "batch_norm",
            [Dense(7), "gelu"],
            TimeDistributedConv(2),
        ]
    )
    x = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    y, mask = blocks(x, mask)
    assert y.shape == (2, 3, blocks.output_size) == (2, 3, 14)
    assert mask.sum(dim=1).tolist() == [3, 1]
