"""Each module of a front end against its equation; padding never leaks."""

import math

import numpy as np
import pytest
import torch
from tiny_networks import draw_batch

from sklearn_seqattn._ids import PADDING_ID, UNKNOWN_ID
from sklearn_seqattn.nn.convolutions import Convolution, TimeDistributedConvolution
from sklearn_seqattn.nn.layers import (
    Activation,
    BlockSequence,
    Dense,
    Dropout,
    Embedding,
    ResidualGroup,
    SelfAttention,
)
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.normalization import BatchNorm, Differences, LayerNorm


def make_blocks():
    """Make each kind of block for 4 channels, by name."""
    return {
        "differences": Differences(4, 1),
        "differences_over_more": Differences(4, 6),
        "conv": Convolution(4, 3, kernel_size=3),
        "strided_conv": Convolution(4, 3, kernel_size=5, stride=3, dilation=2),
        "even_conv": Convolution(4, 3, kernel_size=4, stride=2),
        "dense": Dense(4, 5),
        "time_distributed_conv": TimeDistributedConvolution(4, 2, kernel_size=3),
        "attention": SelfAttention(4, key_size=6, value_size=8, num_heads=2),
        "batch_norm": BatchNorm(4),
        "layer_norm": LayerNorm(4),
        "dropout": Dropout(4, 0.5),
        "locked_dropout": Dropout(4, 0.5, locked=True),
        "gelu": Activation(4, "gelu"),
        "relu": Activation(4, "relu"),
        "tanh": Activation(4, "tanh"),
        "group": ResidualGroup(BlockSequence([Dense(4, 6)], 4), 4),
        "plain_group": ResidualGroup(BlockSequence([LayerNorm(4)], 4), 4),
    }


@pytest.fixture(params=make_blocks())
def block(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make_blocks()[request.param]


class TestEveryBlock:
    LENGTHS = (7, 4, 1)

    def test_output_size_is_the_size_of_the_output(self, block):
        y, mask = block(*draw_batch(self.LENGTHS, 4))
        assert y.shape == (*mask.shape, block.output_size)

    @pytest.mark.parametrize("training", [False, True])
    def test_padding_changes_no_real_step(self, block, training):
        block.train(training)
        found = []
        for extra, fill in [(0, 0.0), (0, 1e4), (5, 0.0), (5, -1e4)]:
            x, mask = draw_batch(self.LENGTHS, 4, extra=extra, fill=fill)
            if isinstance(block, Dropout):
                block.eval()  # its draws depend on the shape
            y, mask = block(x, mask)
            found.append(y[mask])
        for y in found[1:]:
            torch.testing.assert_close(y, found[0], rtol=1e-5, atol=1e-6)

    def test_batch_mates_change_nothing_in_prediction(self, block):
        block.eval()
        y, mask = block(*draw_batch(self.LENGTHS, 4))
        x, _ = draw_batch(self.LENGTHS, 4)
        for i, length in enumerate(self.LENGTHS):
            alone = x[i : i + 1, :length]
            expected, _ = block(alone, torch.ones(1, length, dtype=torch.bool))
            torch.testing.assert_close(y[i, mask[i]], expected[0], rtol=1e-5, atol=1e-6)

    def test_no_gradient_reaches_padding(self, block):
        x, mask = draw_batch(self.LENGTHS, 4, extra=2)
        x.requires_grad_()
        y, new_mask = block(x, mask)
        y[new_mask].square().sum().backward()
        assert (x.grad[~mask] == 0).all()


class TestEmbedding:
    def test_looks_up_rows_and_leaves_padding_at_zero(self):
        embedding = Embedding(5, 3).eval()
        ids = torch.tensor([[2, 4, PADDING_ID], [UNKNOWN_ID, PADDING_ID, PADDING_ID]])
        vectors, mask = embedding(ids, ids > 0)
        assert torch.equal(vectors[0, 1], embedding.table.weight[4])
        assert torch.equal(vectors[1, 0], embedding.table.weight[UNKNOWN_ID])
        assert (vectors[~mask] == 0).all()

    def test_training_leaves_the_padding_vector_at_zero(self):
        embedding = Embedding(4, 3)
        optimizer = torch.optim.AdamW(embedding.parameters(), lr=0.1, weight_decay=0.5)
        ids = torch.tensor([[2, 3, PADDING_ID]])
        embedding(ids, ids > 0)[0].sum().backward()
        optimizer.step()
        assert (embedding.table.weight[PADDING_ID] == 0).all()

    def test_initial_vectors_and_their_mean_for_unknown_tokens(self):
        vectors = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
        embedding = Embedding(4, 2)
        embedding.set_vectors(vectors)
        expected = [[0.0, 0.0], [2.0, 4.0], [1.0, 2.0], [3.0, 6.0]]
        assert embedding.table.weight.tolist() == expected

    def test_token_dropout_reads_a_share_of_real_tokens_as_unknown(self):
        embedding = Embedding(3, 1, token_dropout=0.25)
        with torch.no_grad():
            embedding.table.weight[:] = torch.tensor([[0.0], [1.0], [2.0]])
        ids = torch.full((20, 500), 2)
        mask = length_mask(torch.full((20,), 400), 500)
        ids[~mask] = PADDING_ID
        with torch.random.fork_rng():
            torch.manual_seed(0)
            vectors = embedding(ids, mask)[0].squeeze(-1)
        share = (vectors[mask] == 1.0).float().mean().item()
        assert share == pytest.approx(0.25, abs=0.02)
        assert (vectors[~mask] == 0).all()
        assert (embedding.eval()(ids, mask)[0].squeeze(-1)[mask] == 2.0).all()


def test_dense_by_hand():
    block = Dense(2, 1)
    with torch.no_grad():
        block.linear.weight[:] = torch.tensor([[2.0, -1.0]])
        block.linear.bias.fill_(0.5)
    x = torch.tensor([[[1.0, 3.0], [2.0, 0.0]]])
    y, _ = block(x, torch.ones(1, 2, dtype=torch.bool))
    assert y.flatten().tolist() == [-0.5, 4.5]


def test_self_attention_is_its_equation():
    block = SelfAttention(3, key_size=2, value_size=4, num_heads=1)
    x, mask = draw_batch([5, 2], 3, fill=9.0)
    y, _ = block(x, mask)
    p = {k: v.detach().double().numpy() for k, v in block.named_parameters()}
    assert set(p) == {
        f"attention.project_{n}.weight" for n in ("query", "key", "value")
    }
    for i, length in enumerate([5, 2]):
        real = x[i, :length].double().numpy()
        query, key, value = (
            real @ p[f"attention.project_{name}.weight"].T
            for name in ("query", "key", "value")
        )
        powers = np.exp(query @ key.T / math.sqrt(2))
        expected = powers / powers.sum(axis=1, keepdims=True) @ value
        np.testing.assert_allclose(
            y[i, :length].detach(), expected, rtol=1e-4, atol=1e-6
        )


class TestDropout:
    X = torch.ones(30, 40, 20)
    MASK = torch.ones(30, 40, dtype=torch.bool)

    def drop(self, **options):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return Dropout(20, 0.25, **options)(self.X, self.MASK)[0]

    def test_locked_dropout_is_the_same_at_every_step(self):
        y = self.drop(locked=True)
        assert torch.equal(y, y[:, :1].expand_as(y))
        assert not torch.equal(y[0], y[1])

    def test_dropout_on_values_differs_between_steps(self):
        y = self.drop()
        assert not torch.equal(y[:, 0], y[:, 1])

    @pytest.mark.parametrize("locked", [False, True])
    def test_share_and_scale(self, locked):
        y = self.drop(locked=locked)
        assert y.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
        assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.05)

    @pytest.mark.parametrize("locked", [False, True])
    def test_prediction_keeps_everything(self, locked):
        block = Dropout(20, 0.25, locked=locked).eval()
        assert torch.equal(block(self.X, self.MASK)[0], self.X)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("relu", lambda v: max(v, 0.0)),
        ("tanh", math.tanh),
        ("gelu", lambda v: v * 0.5 * (1 + math.erf(v / math.sqrt(2)))),
    ],
)
def test_activations_by_hand(name, function):
    values = [-2.0, -0.5, 0.0, 1.5]
    y, _ = Activation(1, name)(torch.tensor(values).reshape(1, 4, 1), None)
    np.testing.assert_allclose(
        y.flatten(), [function(v) for v in values], rtol=1e-6, atol=1e-6
    )


class TestResidualGroup:
    def test_input_is_added_where_the_sizes_agree(self):
        dense = Dense(2, 2)
        with torch.no_grad():
            dense.linear.weight[:] = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
            dense.linear.bias.fill_(0.5)
        group = ResidualGroup(BlockSequence([dense], 2), 2)
        x = torch.tensor([[[1.0, 10.0]]])
        y, _ = group(x, torch.ones(1, 1, dtype=torch.bool))
        assert y.tolist() == [[[11.5, 11.5]]]
        assert len(list(group.shortcut.parameters())) == 0

    def test_input_is_projected_where_they_differ(self):
        dense = Dense(2, 1)
        group = ResidualGroup(BlockSequence([dense], 2), 2)
        with torch.no_grad():
            dense.linear.weight[:] = torch.tensor([[1.0, 1.0]])
            dense.linear.bias.fill_(0.0)
            group.shortcut.weight[:] = torch.tensor([[3.0, -1.0]])
            group.shortcut.bias.fill_(0.25)
        x = torch.tensor([[[1.0, 10.0]]])
        y, _ = group(x, torch.ones(1, 1, dtype=torch.bool))
        assert y.tolist() == [[[11.0 + 3.0 - 10.0 + 0.25]]]

    def test_groups_nest(self):
        inner = ResidualGroup(BlockSequence([Activation(1, "relu")], 1), 1)
        outer = ResidualGroup(BlockSequence([inner], 1), 1)
        x = torch.tensor([[[2.0], [-3.0]]])
        y, _ = outer(x, torch.ones(1, 2, dtype=torch.bool))
        assert y.flatten().tolist() == [6.0, -6.0]


def test_a_sequence_of_no_blocks_passes_its_input_on():
    blocks = BlockSequence([], 4)
    x, mask = draw_batch([3, 1], 4)
    y, new_mask = blocks(x, mask)
    assert blocks.output_size == 4
    assert y is x
    assert new_mask is mask


def test_blocks_run_in_their_order():
    dense = Dense(1, 1)
    with torch.no_grad():
        dense.linear.weight.fill_(-1.0)
        dense.linear.bias.fill_(0.0)
    x, mask = torch.tensor([[[2.0]]]), torch.ones(1, 1, dtype=torch.bool)
    relu = Activation(1, "relu")
    assert BlockSequence([dense, relu], 1)(x, mask)[0].item() == 0.0
    assert BlockSequence([relu, dense], 1)(x, mask)[0].item() == -2.0


@pytest.mark.parametrize(
    ("layer", "following", "is_trained"),
    [
        (Convolution(3, 4, kernel_size=3), BatchNorm(4), False),
        (Dense(3, 4), BatchNorm(4), False),
        (Dense(3, 4), LayerNorm(4), True),
        (Convolution(3, 4, kernel_size=3), Activation(4, "gelu"), True),
    ],
)
def test_only_biases_that_change_something_are_trained(layer, following, is_trained):
    BlockSequence([layer, following], 3)
    assert layer.bias.requires_grad == is_trained
