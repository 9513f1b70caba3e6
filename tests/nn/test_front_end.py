import pytest
import torch

from sklearn_seqattn.nn.blocks import (
    Activation,
    BatchNorm,
    Changes,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    ResidualGroup,
    SelfAttention,
    StepConvolution,
)
from sklearn_seqattn.nn.front_end import BLOCK_NAMES, FrontEndBuilder, count_blocks

SIZES = {
    "conv_channels": (3, 5),
    "conv_kernel_size": (3, 1),
    "conv_stride": (2, 1),
    "conv_dilation": (1, 2),
    "dense_units": (7, 6),
    "changes_lag": (3,),
    "step_conv_channels": (2,),
    "step_conv_kernel_size": (3,),
    "key_size": (4,),
    "value_size": (8,),
}


def build(front_end, input_size=4, **options):
    builder = FrontEndBuilder(num_heads=2, dropout=0.25, **{**SIZES, **options})
    return builder.build(front_end, input_size)


def test_count_blocks_looks_into_groups():
    counts = count_blocks(("conv", ("conv", ("dense", "conv")), "dense", "gelu"))
    assert counts == {"conv": 3, "dense": 2, "gelu": 1}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("changes", Changes),
        ("conv", Convolution),
        ("dense", Dense),
        ("step_conv", StepConvolution),
        ("attention", SelfAttention),
        ("batch_norm", BatchNorm),
        ("layer_norm", LayerNorm),
        ("dropout", Dropout),
        ("locked_dropout", Dropout),
        ("gelu", Activation),
        ("relu", Activation),
        ("tanh", Activation),
    ],
)
def test_each_name_makes_its_block(name, kind):
    (block,) = build((name,)).blocks
    assert type(block) is kind


def test_every_name_is_tested():
    tested = {"embedding", "changes", "conv", "dense", "step_conv", "attention"}
    tested |= {"batch_norm", "layer_norm", "dropout", "locked_dropout"}
    assert set(BLOCK_NAMES) == tested | {"gelu", "relu", "tanh"}


def test_the_embedding_is_the_module_that_was_given():
    embedding = Embedding(5, 3)
    blocks = build(("embedding", "dense"), input_size=1, embedding=embedding)
    assert blocks.blocks[0] is embedding
    assert blocks.blocks[1].linear.in_features == 3


def test_sizes_go_to_the_blocks_in_the_order_in_which_they_stand():
    blocks = build(("conv", "dense", ("conv", "dense"), "gelu"))
    first, dense, group, _ = blocks.blocks
    second, last = group.blocks.blocks
    assert (first.output_size, first.stride, first.reach) == (3, 2, 2)
    assert (second.output_size, second.stride, second.reach) == (5, 1, 0)
    assert (dense.output_size, last.output_size) == (7, 6)
    assert isinstance(group, ResidualGroup)
    assert blocks.output_size == 6


def test_changes_get_their_lag_and_double_the_channels():
    (block,) = build(("changes",)).blocks
    assert (block.lag, block.output_size) == (3, 8)


def test_dropout_gets_its_probability_and_its_kind():
    plain, locked = build(("dropout", "locked_dropout")).blocks
    assert (plain.p, plain.locked) == (0.25, False)
    assert (locked.p, locked.locked) == (0.25, True)


def test_attention_gets_its_sizes():
    (block,) = build(("attention",)).blocks
    assert block.attention.num_heads == 2
    assert block.attention.project_query.out_features == 4
    assert block.output_size == 8


def test_a_whole_front_end_runs():
    names = (
        "layer_norm",
        ("attention", "dropout"),
        "conv",
        "batch_norm",
        ("dense", "gelu"),
        "step_conv",
    )
    blocks = build(names)
    x = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    y, mask = blocks(x, mask)
    assert y.shape == (2, 3, blocks.output_size) == (2, 3, 14)
    assert mask.sum(dim=1).tolist() == [3, 1]


def test_no_front_end_keeps_the_input():
    assert build(()).output_size == 4
