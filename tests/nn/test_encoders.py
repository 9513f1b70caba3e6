"""Encoders against the equations, and against torch's packed sequences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.encoders import (
    PlainRecurrentLayer,
    RecurrentLayer,
    ResidualRecurrentLayer,
    TransformerLayer,
    build_encoder,
    reverse_steps,
    truncate_backpropagation,
)
from sklearn_seqattn.nn.masking import length_mask

VARIANTS = [
    {"kind": kind, "bidirectional": bidirectional, "residual": residual}
    for kind in ("lstm", "gru")
    for bidirectional in (False, True)
    for residual in (False, True)
] + [
    {"kind": "transformer", "bidirectional": bidirectional, "positions": positions}
    for bidirectional in (False, True)
    for positions in ("rotary", "sinusoidal")
]


def build(kind, input_size=3, **options):
    defaults = {
        "hidden_size": 4,
        "num_layers": 2,
        "bidirectional": True,
        "residual": True,
        "dropout": 0.0,
        "num_heads": 2,
        "positions": "rotary",
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_encoder(kind, input_size, **{**defaults, **options})


def draw_batch(lengths, n_channels, *, extra=0, fill=0.0):
    """Draw a padded batch; `fill` stands in its padding."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(len(lengths), 20, n_channels, generator=generator)
    x = nn.functional.pad(x[:, : max(lengths)], (0, 0, 0, extra))
    mask = length_mask(torch.tensor(lengths), x.shape[1])
    x[~mask] = fill
    return x, mask


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def parameters(cell):
    """Give W, U and both biases of a cell, gate by gate."""
    p = {k: v.detach().double().numpy() for k, v in cell.named_parameters()}
    n_gates = len(p["weight_ih_l0"]) // cell.hidden_size
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return [np.split(p[name], n_gates) for name in names]


def lstm_by_equations(cell, x):
    """Run one sequence (T, D) through the equations of an LSTM: (T, H)."""
    w, u, b, c = parameters(cell)
    h = state = np.zeros(cell.hidden_size)
    rows = []
    for x_t in x:
        i, f, g, o = (w[k] @ x_t + b[k] + u[k] @ h + c[k] for k in range(4))
        state = sigmoid(f) * state + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(state)
        rows.append(h)
    return np.array(rows)


def gru_by_equations(cell, x):
    """Run one sequence (T, D) through the equations of a GRU: (T, H)."""
    w, u, b, c = parameters(cell)
    h = np.zeros(cell.hidden_size)
    rows = []
    for x_t in x:
        r, z = (sigmoid(w[k] @ x_t + b[k] + u[k] @ h + c[k]) for k in range(2))
        new = np.tanh(w[2] @ x_t + b[2] + r * (u[2] @ h + c[2]))
        h = (1 - z) * new + z * h
        rows.append(h)
    return np.array(rows)


def test_one_lstm_step_by_hand():
    layer = RecurrentLayer("lstm", 1, 1, bidirectional=False)
    with torch.no_grad():
        # torch orders the gates i, f, g, o
        layer.forward_cell.weight_ih_l0[:] = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
        layer.forward_cell.weight_hh_l0[:] = torch.tensor([[5.0], [6.0], [7.0], [8.0]])
        layer.forward_cell.bias_ih_l0[:] = torch.tensor([0.1, 0.2, 0.3, 0.4])
        layer.forward_cell.bias_hh_l0.fill_(0.0)
    x = torch.tensor([[[0.5], [-0.25]]])
    h = layer(x, torch.ones(1, 2, dtype=torch.bool)).flatten().detach().numpy()
    cell = sigmoid(0.6) * np.tanh(1.8)
    first = sigmoid(2.4) * np.tanh(cell)
    cell = sigmoid(-0.5 + 0.2 + 6 * first) * cell + sigmoid(
        -0.25 + 0.1 + 5 * first
    ) * np.tanh(-0.75 + 0.3 + 7 * first)
    second = sigmoid(-1.0 + 0.4 + 8 * first) * np.tanh(cell)
    np.testing.assert_allclose(h, [first, second], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "by_equations"), [("lstm", lstm_by_equations), ("gru", gru_by_equations)]
)
def test_recurrent_layer_is_its_equations_in_both_directions(kind, by_equations):
    layer = RecurrentLayer(kind, 3, 4, bidirectional=True)
    lengths = [6, 3, 1]
    x, mask = draw_batch(lengths, 3, extra=2, fill=1e3)
    h = layer(x, mask).detach()
    for i, length in enumerate(lengths):
        real = x[i, :length].double().numpy()
        ahead = by_equations(layer.forward_cell, real)
        behind = by_equations(layer.backward_cell, real[::-1])[::-1]
        expected = np.concatenate([ahead, behind], axis=1)
        np.testing.assert_allclose(h[i, :length], expected, rtol=1e-4, atol=1e-6)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_bidirectional_layer_equals_torchs_packed_one(kind, lengths):
    layer = RecurrentLayer(kind, 3, 5, bidirectional=True)
    make = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
    packed = make(3, 5, batch_first=True, bidirectional=True)
    state = dict(layer.forward_cell.state_dict())
    backward = layer.backward_cell.state_dict()
    state |= {f"{name}_reverse": value for name, value in backward.items()}
    packed.load_state_dict(state)
    x, mask = draw_batch(lengths, 3, fill=7.0)
    together = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(packed(together)[0], batch_first=True)
    found = layer(x, mask)
    assert layer.output_size == 10
    torch.testing.assert_close(found[mask], expected[mask], rtol=1e-6, atol=1e-6)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_reverse_steps_reverses_each_sequence_and_back(lengths, extra):
    x, mask = draw_batch(lengths, 2, extra=extra, fill=9.0)
    y = reverse_steps(x, mask)
    for i, length in enumerate(lengths):
        assert torch.equal(y[i, :length], x[i, :length].flip(0))
        assert (y[i, length:] == 9.0).all()
    assert torch.equal(reverse_steps(y, mask), x)


def layer_norm(x, norm):
    weight, bias = norm.weight.detach().numpy(), norm.bias.detach().numpy()
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * weight + bias


@pytest.mark.parametrize("input_size", [4, 3])
def test_residual_layer_adds_its_input_and_normalises(input_size):
    recurrent = RecurrentLayer("lstm", input_size, 4, bidirectional=False)
    layer = ResidualRecurrentLayer(recurrent, input_size, dropout=0.0)
    x, mask = draw_batch([5], input_size)
    h = recurrent(x, mask).detach().double().numpy()
    shortcut = layer.shortcut(x).detach().double().numpy()
    assert isinstance(layer.shortcut, nn.Identity) == (input_size == 4)
    if input_size != 4:
        weight = layer.shortcut.weight.detach().double().numpy()
        bias = layer.shortcut.bias.detach().double().numpy()
        np.testing.assert_allclose(shortcut, x.numpy() @ weight.T + bias, rtol=1e-5)
    found = layer(x, mask).detach()
    np.testing.assert_allclose(
        found, layer_norm(shortcut + h, layer.norm), rtol=1e-4, atol=1e-5
    )


def test_layers_drop_whole_channels_in_training():
    recurrent = RecurrentLayer("lstm", 3, 40, bidirectional=False)
    layer = PlainRecurrentLayer(recurrent, dropout=0.5)
    x, mask = draw_batch([6, 6], 3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dropped = layer(x, mask) == 0
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert 0 < dropped[0, 0].sum() < 40
    assert torch.equal(layer.eval()(x, mask), recurrent(x, mask))


def test_transformer_layer_is_its_equations():
    attention = MultiHeadAttention(
        4, key_size=4, value_size=4, num_heads=2, output_size=4
    )
    layer = TransformerLayer(attention, 4, dropout=0.0, causal=False)
    x, mask = draw_batch([5], 4)
    h = layer.attention_norm(x)
    middle = x + attention(h, h, h, mask)
    norm, widen, activation, narrow = layer.feed_forward
    assert widen.out_features == 16
    assert isinstance(activation, nn.GELU)
    expected = middle + narrow(activation(widen(norm(middle))))
    torch.testing.assert_close(layer(x, mask), expected)


class TestTruncatedBackpropagation:
    """Gradients stop at the borders of pieces; what is computed stays the same."""

    @pytest.mark.parametrize("bidirectional", [False, True])
    @pytest.mark.parametrize("kind", ["lstm", "gru"])
    def test_hidden_states_stay_the_same(self, kind, bidirectional):
        encoder = build(kind, bidirectional=bidirectional)
        x, mask = draw_batch([9, 4], 3)
        expected = encoder(x, mask)
        truncate_backpropagation(encoder, 2)
        torch.testing.assert_close(encoder(x, mask), expected)
        truncate_backpropagation(encoder, None)
        assert torch.equal(encoder(x, mask), expected)

    @pytest.mark.parametrize("kind", ["lstm", "gru"])
    def test_a_gradient_stops_at_the_start_of_its_piece(self, kind):
        layer = RecurrentLayer(kind, 3, 4, bidirectional=False)
        layer.tbptt_steps = 3
        x, mask = draw_batch([8], 3)
        x.requires_grad_()
        layer(x, mask)[0, 7].sum().backward()
        assert (x.grad[0, :6] == 0).all()
        assert (x.grad[0, 6:] != 0).all()

    def test_a_second_direction_stops_at_its_own_pieces(self):
        layer = RecurrentLayer("lstm", 3, 4, bidirectional=True)
        layer.tbptt_steps = 3
        x, mask = draw_batch([8], 3)
        x.requires_grad_()
        layer(x, mask)[0, 0, 4:].sum().backward()  # the backward state of step 0
        assert (x.grad[0, 2:] == 0).all()
        assert (x.grad[0, :2] != 0).all()

    @pytest.mark.parametrize("kind", ["lstm", "gru"])
    def test_the_gradient_inside_a_piece_is_exact(self, kind):
        layer = RecurrentLayer(kind, 3, 4, bidirectional=False)
        x, mask = draw_batch([6], 3)
        layer(x[:, :3], mask[:, :3]).square().sum().backward()
        expected = [p.grad.clone() for p in layer.parameters()]
        layer.zero_grad()
        layer.tbptt_steps = 3
        layer(x, mask)[:, :3].square().sum().backward()
        found = [p.grad for p in layer.parameters()]
        torch.testing.assert_close(found, expected)

    def test_evaluation_is_not_cut(self):
        layer = RecurrentLayer("lstm", 3, 4, bidirectional=False).eval()
        layer.tbptt_steps = 3
        x, mask = draw_batch([8], 3)
        x.requires_grad_()
        layer(x, mask)[0, 7].sum().backward()
        assert (x.grad != 0).all()

    def test_a_transformer_has_nothing_to_truncate(self):
        encoder = build("transformer")
        truncate_backpropagation(encoder, None)
        with pytest.raises(ValueError, match="tbptt_steps=5 truncates"):
            truncate_backpropagation(encoder, 5)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
class TestEveryEncoder:
    LENGTHS = (9, 4, 1)

    def test_output_size_is_the_size_of_the_output(self, variant):
        encoder = build(**variant)
        wide = variant["bidirectional"] and variant["kind"] != "transformer"
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
