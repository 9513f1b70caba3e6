"""Whole networks against plain numpy, and the parts that stand in them."""

import numpy as np
import pytest
import torch
from tiny_networks import build_sequence, draw, sequence_config
from torch import nn

from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.blocks import Conv, SelfAttention
from sklearn_seqattn.nn.body import AttentionLayer
from sklearn_seqattn.nn.config import EmbeddingConfig, KernelConfig
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.networks import (
    build_sequence_network,
    rebuild,
)


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
    network = build_sequence(
        front_end=SelfAttention(key_size=5, value_size=6, num_heads=1)
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
    network = build_sequence(
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
def test_attention_layer_is_bare_or_residual_and_normalized(residual):
    attention = build_attention("dot", 4, num_heads=1)
    layer = AttentionLayer(attention, residual=residual, dropout=0.0)
    h, mask = draw(2, 5, 4), length_mask(torch.tensor([5, 3]), 5)
    context = attention(h, h, h, mask)
    expected = layer.norm(h + context) if residual else context
    torch.testing.assert_close(layer(h, mask), expected)
    assert isinstance(layer.norm, nn.LayerNorm) == residual


def test_attention_weights_are_those_of_forward():
    network = build_sequence(attention="multihead", num_heads=2, bidirectional=True)
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
    network = build_sequence(attention="dot", front_end=Conv(4, 3, stride=2))
    weights, mask = network.attention_weights(draw(2, 7, 3), torch.tensor([7, 3]))
    assert weights.shape == (2, 1, 4, 4)
    assert mask.sum(dim=1).tolist() == [4, 2]


def test_ids_are_read_by_the_embedding():
    embedding = EmbeddingConfig(n_ids=6, size=5)
    network = build_sequence(input_size=1, front_end="embedding", embedding=embedding)
    ids = torch.tensor([[2, 3, 4], [5, 1, 0]])
    found = network(ids, torch.tensor([3, 2]))
    alone = network(ids[1:, :2], torch.tensor([2]))
    assert found.shape == (2, 2)
    torch.testing.assert_close(found[1:], alone)


def test_every_part_gets_its_dropout():
    network = build_sequence(
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
    network = build_sequence(residual=True, attention="dot", num_layers=2)
    assert network.attention.residual
    assert all(hasattr(layer, "norm") for layer in network.encoder.layers)


def test_initial_vectors_are_those_of_the_known_tokens():
    vectors = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    config = sequence_config(
        input_size=1,
        front_end="embedding",
        embedding=EmbeddingConfig(n_ids=4, size=2),
    )
    table = build_sequence_network(config, vectors=vectors).front_end.blocks[0].table
    assert table.weight.tolist() == [[0.0, 0.0], [2.0, 4.0], [1.0, 2.0], [3.0, 6.0]]


def test_time_is_warped_in_training_alone():
    values, lengths = draw(2, 40, 3), torch.tensor([40, 30])
    plain = build_sequence(attention="dot")(values, lengths)
    network = build_sequence(attention="dot", time_warp=0.5)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        assert not torch.equal(network(values, lengths), plain)
    assert torch.equal(network.eval()(values, lengths), plain)


def test_pooling_weights_are_those_of_forward():
    pooling = ("max", "attention")
    network = build_sequence(attention="dot", residual=True, pooling=pooling)
    x, lengths = draw(2, 5, 3), torch.tensor([5, 2])
    weights, mask = network.pooling_weights(x, lengths)
    assert mask.tolist() == length_mask(lengths, 5).tolist()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    h = network.attention(*network.hidden_states(x, lengths))
    pooled = [h.masked_fill(~mask[..., None], -torch.inf).amax(1)]
    pooled.append((weights[..., None] * h).sum(1))
    expected = network.head(torch.cat(pooled, dim=1))
    torch.testing.assert_close(network(x, lengths), expected)


def test_other_poolings_have_no_weights():
    network = build_sequence(pooling=("max", "mean"))
    assert not network.has_pooling_weights
    with pytest.raises(ValueError, match="come with pooling='attention'"):
        network.pooling_weights(draw(1, 5, 3), torch.tensor([5]))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_last_pooling_reads_where_each_direction_ends(kind):
    network = build_sequence(
        front_end=None,
        encoder=kind,
        num_layers=1,
        bidirectional=True,
        residual=False,
        attention=None,
        pooling="last",
    ).eval()
    x, lengths = draw(2, 6, 3), torch.tensor([6, 4])
    pooled = network.embeddings(x, lengths)
    layer = network.encoder.layers[0].recurrent
    cells = (layer.forward_cell, layer.backward_cell)
    for row, length in enumerate(lengths):
        sequence = x[row : row + 1, :length]
        for direction, steps in enumerate((sequence, sequence.flip(1))):
            final = cells[direction](steps)[0][0, -1]
            torch.testing.assert_close(pooled[row].chunk(2)[direction], final)


KERNELS = KernelConfig(max_length=9, n_features=84, last_steps=2)


def test_a_rebuilt_network_has_the_weights_and_other_settings_of_training():
    network = build_sequence(front_end=["differences", "batch_norm"], kernels=KERNELS)
    partner = network.kernel_partner
    for kernels in partner.kinds:
        kernels.fit(draw(9, 3), torch.tensor([9]), torch.Generator().manual_seed(0))
    nn.init.normal_(partner.coef)
    copy = rebuild(network, time_warp=0.5, tbptt_steps=3)
    assert (copy.config.time_warp, copy.config.tbptt_steps) == (0.5, 3)
    assert copy.encoder.layers[0].recurrent.tbptt_steps == 3
    x, lengths = draw(2, 9, 3), torch.tensor([9, 4])
    assert torch.equal(copy.eval()(x, lengths), network.eval()(x, lengths))
    with torch.no_grad():
        copy.head[-1].bias[0] += 1.0
    assert not torch.equal(copy(x, lengths), network(x, lengths))


CONFIGS = [
    {"front_end": ["differences", "conv", "batch_norm"], "time_warp": 0.5},
    {"encoder": "transformer", "attention": "multihead", "pooling": "attention"},
    {"encoder": {"transformer": {"positions": "sinusoidal"}}, "attention": "additive"},
    {"front_end": None, "kernels": KERNELS, "bidirectional": True, "tbptt_steps": 2},
]


@pytest.mark.parametrize("options", CONFIGS)
def test_networks_ignore_the_defaults_of_the_torch_process(options, request):
    expected = build_sequence(**options)
    x, lengths = draw(2, 9, 3), torch.tensor([9, 4])
    request.getfixturevalue("other_defaults")
    network = build_sequence(**options)
    assert {(p.dtype, p.device.type) for p in network.state_dict().values()} <= {
        (torch.float32, "cpu"),
        (torch.int64, "cpu"),
    }
    outputs = []
    for one in (expected, network):
        with torch.random.fork_rng():
            torch.manual_seed(1)
            outputs.append(one.train()(x, lengths))
            outputs[-1].sum().backward()
            outputs.append(one.eval()(x, lengths))
    assert torch.equal(outputs[0], outputs[2])
    assert torch.equal(outputs[1], outputs[3])


def test_a_network_on_meta_takes_no_memory():
    config = sequence_config(hidden_size=2**20, kernels=KERNELS)
    network = build_sequence_network(config, device="meta")
    assert {p.device.type for p in network.state_dict().values()} == {"meta"}
