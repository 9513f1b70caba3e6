"""Recurrent layers against the equations, and against torch's packed sequences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_networks import draw_batch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_seqattn.nn.recurrent import (
    PlainRecurrentLayer,
    RecurrentLayer,
    ResidualRecurrentLayer,
    reverse_steps,
    run_cell,
)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def parameters(cell):
    """Return W, U and both biases of a cell, gate by gate."""
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU])
def test_run_cell_is_a_call_of_the_cell(make, dtype):
    cell, x = make(3, 5, batch_first=True).to(dtype), torch.randn(2, 8, 3, dtype=dtype)
    state, expected = (), None
    for part in x.split(4, dim=1):
        h, *state = run_cell(cell, part, *state)
        other, expected = cell(part, expected)
        assert torch.equal(h, other)
        torch.testing.assert_close(
            state, list(expected) if make is nn.LSTM else [expected], rtol=0, atol=0
        )


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
def test_residual_layer_adds_its_input_and_normalizes(input_size):
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


class TestTruncatedBackpropagation:
    """Gradients stop at the borders of pieces; what is computed stays the same."""

    @pytest.mark.parametrize("bidirectional", [False, True])
    @pytest.mark.parametrize("kind", ["lstm", "gru"])
    def test_hidden_states_stay_the_same(self, kind, bidirectional):
        layer = RecurrentLayer(kind, 3, 4, bidirectional=bidirectional)
        cut = RecurrentLayer(kind, 3, 4, bidirectional=bidirectional, tbptt_steps=2)
        cut.load_state_dict(layer.state_dict())
        x, mask = draw_batch([9, 4], 3)
        torch.testing.assert_close(cut(x, mask), layer(x, mask))

    @pytest.mark.parametrize("kind", ["lstm", "gru"])
    def test_a_gradient_stops_at_the_start_of_its_piece(self, kind):
        layer = RecurrentLayer(kind, 3, 4, bidirectional=False, tbptt_steps=3)
        x, mask = draw_batch([8], 3)
        x.requires_grad_()
        layer(x, mask)[0, 7].sum().backward()
        assert (x.grad[0, :6] == 0).all()
        assert (x.grad[0, 6:] != 0).all()

    def test_a_second_direction_stops_at_its_own_pieces(self):
        layer = RecurrentLayer("lstm", 3, 4, bidirectional=True, tbptt_steps=3)
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
        cut = RecurrentLayer(kind, 3, 4, bidirectional=False, tbptt_steps=3)
        cut.load_state_dict(layer.state_dict())
        cut(x, mask)[:, :3].square().sum().backward()
        found = [p.grad for p in cut.parameters()]
        torch.testing.assert_close(found, expected)

    def test_evaluation_is_not_cut(self):
        layer = RecurrentLayer("lstm", 3, 4, bidirectional=False, tbptt_steps=3)
        layer.eval()
        x, mask = draw_batch([8], 3)
        x.requires_grad_()
        layer(x, mask)[0, 7].sum().backward()
        assert (x.grad != 0).all()
