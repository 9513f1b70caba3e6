"""Whole networks against plain numpy, and the parts that stand in them."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.blocks import Embedding
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.networks import (
    AttentionLayer,
    build_head,
    build_sequence_network,
)

NO_SIZES = dict.fromkeys(
    [
        "conv_channels",
        "conv_kernel_size",
        "conv_stride",
        "conv_dilation",
        "dense_units",
        "step_conv_channels",
        "step_conv_kernel_size",
        "key_size",
        "value_size",
    ],
    (),
)


def build(*, sizes=(), **options):
    numbers = {
        "input_size": 3,
        "n_outputs": 2,
        "front_end": (),
        "front_end_sizes": {**NO_SIZES, **dict(sizes)},
        "embedding": None,
        "encoder": "lstm",
        "hidden_size": 4,
        "num_layers": 1,
        "bidirectional": False,
        "residual": False,
        "positions": "rotary",
        "attention": None,
        "num_heads": 1,
        "pooling": ("max",),
        "head_units": (),
        "dropout": 0.0,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_sequence_network(**{**numbers, **options})


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def arrays(module):
    return {k: v.detach().double().numpy() for k, v in module.named_parameters()}


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def run_lstm(p, prefix, x):
    """Run one sequence (T, D) through an LSTM in plain numpy: (T, H)."""
    w, u = p[f"{prefix}.weight_ih_l0"], p[f"{prefix}.weight_hh_l0"]
    bias = p[f"{prefix}.bias_ih_l0"] + p[f"{prefix}.bias_hh_l0"]
    h = cell = np.zeros(u.shape[1])
    rows = []
    for x_t in x:
        i, f, g, o = np.split(w @ x_t + u @ h + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(cell)
        rows.append(h)
    return np.array(rows)


def layer_norm(p, prefix, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return scaled * p[f"{prefix}.weight"] + p[f"{prefix}.bias"]


def linear(p, prefix, x):
    return x @ p[f"{prefix}.weight"].T + p[f"{prefix}.bias"]


def test_attention_lstm_max_pooling_in_plain_numpy():
    """softmax(Q K^T / sqrt(d_k)) V, then the LSTM, then the maximum over time."""
    network = build(
        front_end=("attention",), sizes={"key_size": (5,), "value_size": (6,)}
    )
    p = arrays(network)
    x, lengths = draw(3, 7, 3), [7, 4, 1]
    found = network(x, torch.tensor(lengths)).detach()
    attention = "front_end.blocks.0.attention"
    for i, length in enumerate(lengths):
        real = x[i, :length].double().numpy()
        query = real @ p[f"{attention}.project_query.weight"].T
        key = real @ p[f"{attention}.project_key.weight"].T
        value = real @ p[f"{attention}.project_value.weight"].T
        context = softmax(query @ key.T / np.sqrt(5)) @ value
        h = run_lstm(p, "encoder.layers.0.recurrent.forward_cell", context)
        expected = linear(p, "head.0", h.max(axis=0))
        np.testing.assert_allclose(found[i], expected, rtol=1e-5, atol=1e-6)


def test_default_body_in_plain_numpy():
    """Residual two-layer BiLSTM, attention, max || mean, dense head with GELU."""
    network = build(
        num_layers=2,
        bidirectional=True,
        residual=True,
        attention="multihead",
        num_heads=2,
        pooling=("max", "mean"),
        head_units=(5,),
    )
    p = arrays(network)
    x, lengths = draw(2, 6, 3), [6, 2]
    found = network(x, torch.tensor(lengths)).detach()
    for i, length in enumerate(lengths):
        h = x[i, :length].double().numpy()
        for layer in ("encoder.layers.0", "encoder.layers.1"):
            ahead = run_lstm(p, f"{layer}.recurrent.forward_cell", h)
            behind = run_lstm(p, f"{layer}.recurrent.backward_cell", h[::-1])[::-1]
            states = np.concatenate([ahead, behind], axis=1)
            widened = f"{layer}.shortcut.weight" in p
            shortcut = linear(p, f"{layer}.shortcut", h) if widened else h
            h = layer_norm(p, f"{layer}.norm", shortcut + states)
        query, key, value = (
            linear(p, f"attention.attention.project_{name}", h)
            for name in ("query", "key", "value")
        )
        heads = []
        for part in (slice(0, 4), slice(4, 8)):
            weights = softmax(query[:, part] @ key[:, part].T / np.sqrt(4))
            heads.append(weights @ value[:, part])
        context = np.concatenate(heads, axis=1)
        context = linear(p, "attention.attention.project_context", context)
        h = layer_norm(p, "attention.norm", h + context)
        pooled = np.concatenate([h.max(axis=0), h.mean(axis=0)])
        hidden = layer_norm(p, "head.1", linear(p, "head.0", pooled))
        gelu = torch.nn.functional.gelu(torch.from_numpy(hidden)).numpy()
        expected = linear(p, "head.4", gelu)
        np.testing.assert_allclose(found[i], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("residual", [False, True])
def test_attention_layer_is_bare_or_residual_and_normalised(residual):
    attention = build_attention("dot", 4, num_heads=1)
    layer = AttentionLayer(attention, residual=residual, dropout=0.0)
    h, mask = draw(2, 5, 4), length_mask(torch.tensor([5, 3]), 5)
    context = attention(h, h, h, mask)
    expected = layer.norm(h + context) if residual else context
    torch.testing.assert_close(layer(h, mask), expected)
    assert isinstance(layer.norm, nn.LayerNorm) == residual


def test_head_has_norm_gelu_and_dropout_behind_each_hidden_layer():
    head = build_head(6, (5, 4), 3, dropout=0.25)
    hidden = [nn.Linear, nn.LayerNorm, nn.GELU, nn.Dropout]
    assert [type(layer) for layer in head] == [*hidden, *hidden, nn.Linear]
    sizes = [m.out_features for m in head if isinstance(m, nn.Linear)]
    assert sizes == [5, 4, 3]
    assert head[3].p == 0.25


def test_head_without_hidden_layers_is_linear():
    assert [type(layer) for layer in build_head(6, (), 3, dropout=0.5)] == [nn.Linear]


def test_attention_weights_are_those_of_forward():
    network = build(attention="multihead", num_heads=2, bidirectional=True)
    x, lengths = draw(2, 5, 3), torch.tensor([5, 2])
    weights, mask = network.attention_weights(x, lengths)
    assert weights.shape == (2, 2, 5, 5)
    assert mask.tolist() == length_mask(lengths, 5).tolist()
    h, _ = network.hidden_states(x, lengths)
    attention = network.attention.attention
    value = attention.project_value(h).unflatten(-1, (2, 4)).transpose(1, 2)
    context = (weights @ value).transpose(1, 2).flatten(2)
    pooled = network.pooling(attention.project_context(context), mask)
    torch.testing.assert_close(network.head(pooled), network(x, lengths))


def test_attention_weights_are_over_the_steps_behind_the_stem():
    network = build(
        attention="dot",
        front_end=("conv",),
        sizes={
            "conv_channels": (4,),
            "conv_kernel_size": (3,),
            "conv_stride": (2,),
            "conv_dilation": (1,),
        },
    )
    weights, mask = network.attention_weights(draw(2, 7, 3), torch.tensor([7, 3]))
    assert weights.shape == (2, 1, 4, 4)
    assert mask.sum(dim=1).tolist() == [4, 2]


def test_ids_are_read_by_the_embedding():
    embedding = Embedding(6, 5)
    network = build(input_size=1, front_end=("embedding",), embedding=embedding)
    ids = torch.tensor([[2, 3, 4], [5, 1, 0]])
    found = network(ids, torch.tensor([3, 2]))
    alone = network(ids[1:, :2], torch.tensor([2]))
    assert found.shape == (2, 2)
    torch.testing.assert_close(found[1:], alone)


def test_every_part_gets_its_dropout():
    network = build(
        dropout=0.3,
        front_end=("dropout",),
        attention="dot",
        residual=True,
        head_units=(5,),
        num_layers=2,
    )
    found = [m.p for m in network.modules() if hasattr(m, "p")]
    assert found == [0.3] * 5  # front end, two layers, attention, head


def test_residual_reaches_layers_and_attention():
    network = build(residual=True, attention="dot", num_layers=2)
    assert network.attention.residual
    assert all(hasattr(layer, "norm") for layer in network.encoder.layers)


def test_pace_changes_in_training_alone():
    network = build(attention="dot")
    values, lengths = draw(2, 40, 3), torch.tensor([40, 30])
    plain = network(values, lengths)
    network.time_stretch = 0.5
    with torch.random.fork_rng():
        torch.manual_seed(1)
        assert not torch.equal(network(values, lengths), plain)
    assert torch.equal(network.eval()(values, lengths), plain)
