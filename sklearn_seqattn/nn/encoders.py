"""Encoders: LSTM, GRU and Transformer layers over padded batches.

Each maps (B, T, C) and a mask to hidden states (B, T, output_size). Nothing is
packed: sequences are padded behind their last step, where a forward recurrence
never looks, and the backward one runs over each sequence reversed within its
own length.
"""

from functools import partial

import torch
from torch import nn

from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.blocks import Dropout
from sklearn_seqattn.nn.gradient_checkpointing import recomputed
from sklearn_seqattn.nn.masking import take_rows
from sklearn_seqattn.nn.positions import RotaryPositions, SinusoidalPositions

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


def reverse_steps(x, mask):
    """Reverse each sequence within its own length; padding stays behind.

    Parameters
    ----------
    x : Tensor of shape (B, T, C)
        A padded batch.
    mask : Tensor of shape (B, T), bool
        Its real steps.

    Returns
    -------
    x : Tensor of shape (B, T, C)
    """
    steps = torch.arange(x.shape[1], device=x.device)
    mirrored = mask.sum(dim=1, keepdim=True) - 1 - steps  # (B, T)
    source = torch.where(mask, mirrored, steps)  # (B, T), of each sequence
    rows = (
        source + torch.arange(0, mask.numel(), mask.shape[1], device=x.device)[:, None]
    )
    return take_rows(x.flatten(0, 1), rows.flatten()).unflatten(0, mask.shape)


class RecurrentLayer(nn.Module):
    """One LSTM or GRU layer, in one direction or two.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The recurrence.
    input_size, hidden_size : int
        Channels in, and hidden units a direction.
    bidirectional : bool
        Whether a second recurrence runs from the end to the start.

    Attributes
    ----------
    tbptt_steps : int or None
        In training, the steps after which no gradient flows back through the hidden
        state; None at first, which flows back to the start.
    """

    tbptt_steps = None

    def __init__(self, cell, input_size, hidden_size, *, bidirectional):
        super().__init__()
        make = CELLS[cell]
        self.forward_cell = make(input_size, hidden_size, batch_first=True)
        self.backward_cell = (
            make(input_size, hidden_size, batch_first=True) if bidirectional else None
        )
        self.output_size = hidden_size * (1 + bidirectional)

    def forward(self, x, mask):
        """Give the hidden states (B, T, output_size)."""
        h = self._run(self.forward_cell, x)
        if self.backward_cell is None:
            return h
        reversed_h = self._run(self.backward_cell, reverse_steps(x, mask))
        return torch.cat([h, reverse_steps(reversed_h, mask)], dim=-1)

    def _run(self, cell, x):
        """Run a recurrence over (B, T, C), truncated where that is wanted."""
        n_steps = self.tbptt_steps
        if not self.training or n_steps is None or x.shape[1] <= n_steps:
            return cell(x)[0]
        parts, state = [], ()
        for part in x.split(n_steps, dim=1):
            # What a part computed inside is computed anew for its gradient, not kept.
            run, parameters = partial(_run_on, cell), cell.parameters()
            h, *state = recomputed(run, parameters, part, *state)
            state = [one.detach() for one in state]
            parts.append(h)
        return torch.cat(parts, dim=1)


def _run_on(cell, x, *state):
    """Run a recurrence on: outputs, hidden state, and the cell state of an LSTM."""
    before = state if len(state) == 2 else (state or (None,))[0]
    h, after = cell(x, before)
    return (h, *after) if isinstance(after, tuple) else (h, after)


def truncate_backpropagation(network, tbptt_steps):
    """Set after how many steps gradients stop, in every recurrence of a network.

    Parameters
    ----------
    network : nn.Module
        Changed in place; its predictions stay what they are.
    tbptt_steps : int or None
        As in `RecurrentLayer`.

    Raises
    ------
    ValueError
        If there is no recurrence to truncate.

    References
    ----------
    R. J. Williams and J. Peng, "An efficient gradient-based algorithm for on-line
    training of recurrent network trajectories", Neural Computation 2 (1990).
    """
    layers = [part for part in network.modules() if isinstance(part, RecurrentLayer)]
    if tbptt_steps is not None and not layers:
        raise ValueError(
            f"tbptt_steps={tbptt_steps} truncates the gradient through hidden states, "
            "of which a Transformer has none; set tbptt_steps=None."
        )
    for layer in layers:
        layer.tbptt_steps = tbptt_steps


class ResidualRecurrentLayer(nn.Module):
    """A recurrent layer with its input added to its output, then normalised.

    ``LayerNorm(project(x) + dropout(recurrent(x)))``; the projection is there
    only where the sizes differ.

    Parameters
    ----------
    recurrent : RecurrentLayer
        The layer.
    input_size : int
        The size of its input.
    dropout : float
        Locked dropout on the layer's output.
    """

    def __init__(self, recurrent, input_size, *, dropout):
        super().__init__()
        self.recurrent = recurrent
        self.output_size = recurrent.output_size
        self.dropout = Dropout(self.output_size, dropout, locked=True)
        self.shortcut = (
            nn.Identity()
            if input_size == self.output_size
            else nn.Linear(input_size, self.output_size)
        )
        self.norm = nn.LayerNorm(self.output_size)

    def forward(self, x, mask):
        """Give the hidden states (B, T, output_size)."""
        h, _ = self.dropout(self.recurrent(x, mask), mask)
        return self.norm(self.shortcut(x) + h)


class PlainRecurrentLayer(nn.Module):
    """A recurrent layer followed by locked dropout.

    Parameters
    ----------
    recurrent : RecurrentLayer
        The layer.
    dropout : float
        Locked dropout on the layer's output.
    """

    def __init__(self, recurrent, *, dropout):
        super().__init__()
        self.recurrent = recurrent
        self.output_size = recurrent.output_size
        self.dropout = Dropout(self.output_size, dropout, locked=True)

    def forward(self, x, mask):
        """Give the hidden states (B, T, output_size)."""
        return self.dropout(self.recurrent(x, mask), mask)[0]


class RecurrentEncoder(nn.Module):
    """Recurrent layers one above the other.

    Parameters
    ----------
    layers : sequence of nn.Module
        The layers from the first to the last.
    """

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.output_size = self.layers[-1].output_size

    def forward(self, x, mask):
        """Give the hidden states (B, T, output_size)."""
        for layer in self.layers:
            x = layer(x, mask)
        return x


class TransformerLayer(nn.Module):
    """Self-attention and a two-layer network, each residual and pre-normalised.

    Parameters
    ----------
    attention : MultiHeadAttention
        From `size` to `size`.
    size : int
        The size of a step.
    dropout : float
        Dropout on both branches.
    causal : bool
        Whether a step sees only itself and what came before.
    """

    def __init__(self, attention, size, *, dropout, causal):
        super().__init__()
        self.attention = attention
        self.causal = causal
        self.attention_norm = nn.LayerNorm(size)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, 4 * size),
            nn.GELU(),
            nn.Linear(4 * size, size),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask):
        """Map (B, T, size) to the same shape."""
        h = self.attention_norm(x)
        x = x + self.dropout(self.attention(h, h, h, mask, self.causal))
        return x + self.dropout(self.feed_forward(x))


class TransformerEncoder(nn.Module):
    """A Transformer encoder (Vaswani et al., 2017), causal or not.

    Parameters
    ----------
    input_size, size : int
        Channels in and out; a linear layer maps one to the other.
    num_layers, num_heads : int
        The number of layers, and of heads in each; heads divide `size`.
    dropout : float
        Dropout on each residual branch.
    causal : bool
        Whether a step sees only itself and what came before.
    positions : {"rotary", "sinusoidal"}
        How a step knows its place.
    """

    def __init__(
        self, input_size, size, *, num_layers, num_heads, dropout, causal, positions
    ):
        super().__init__()
        rotary = RotaryPositions(size // num_heads) if positions == "rotary" else None
        self.project = nn.Linear(input_size, size)
        self.positions = nn.Identity() if rotary else SinusoidalPositions(size)
        self.layers = nn.ModuleList(
            TransformerLayer(
                MultiHeadAttention(
                    size,
                    key_size=size,
                    value_size=size,
                    num_heads=num_heads,
                    output_size=size,
                    rotary=rotary,
                ),
                size,
                dropout=dropout,
                causal=causal,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(size)
        self.output_size = size

    def forward(self, x, mask):
        """Give the hidden states (B, T, size)."""
        x = self.positions(self.project(x))
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)


def build_encoder(
    kind,
    input_size,
    *,
    hidden_size,
    num_layers,
    bidirectional,
    residual,
    dropout,
    num_heads,
    positions,
):
    """Build an encoder from plain numbers.

    Parameters
    ----------
    kind : {"lstm", "gru", "transformer"}
        The kind of layers.
    input_size, hidden_size, num_layers : int
        Channels in, hidden units (a direction), and layers.
    bidirectional : bool
        Two directions; for a Transformer, whether a step sees what follows it.
    residual : bool
        Whether recurrent layers are residual and normalised. A Transformer's
        always are.
    dropout : float
        Dropout in every layer.
    num_heads : int
        The heads of a Transformer.
    positions : {"rotary", "sinusoidal"}
        The positions of a Transformer.

    Returns
    -------
    encoder : nn.Module
        Called as ``encoder(x, mask)``.
    """
    if kind == "transformer":
        return TransformerEncoder(
            input_size,
            hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            dropout=dropout,
            causal=not bidirectional,
            positions=positions,
        )
    layers = []
    for _ in range(num_layers):
        layer = RecurrentLayer(
            kind, input_size, hidden_size, bidirectional=bidirectional
        )
        if residual:
            layers.append(ResidualRecurrentLayer(layer, input_size, dropout=dropout))
        else:
            layers.append(PlainRecurrentLayer(layer, dropout=dropout))
        input_size = layer.output_size
    return RecurrentEncoder(layers)
