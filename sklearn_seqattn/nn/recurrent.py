"""LSTM and GRU layers over padded batches.

Nothing is packed. Padding follows the last step, so that a forward recurrence never
reads it. The backward one runs over each sequence reversed within its own length.
"""

from functools import partial

import torch
from torch import nn

from sklearn_seqattn.nn.gradient_checkpointing import checkpointed
from sklearn_seqattn.nn.layers import Dropout
from sklearn_seqattn.nn.masking import is_full, take_rows

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


def reverse_steps(x, mask):
    """Reverse each sequence within its own length; padding stays at the end.

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
    if is_full(mask):
        return x.flip(1)
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
    tbptt_steps : int or None, default=None
        In training, the steps after which no gradient flows back through the hidden
        state. None flows back to the start.

    References
    ----------
    R. J. Williams and J. Peng, "An efficient gradient-based algorithm for on-line
    training of recurrent network trajectories", Neural Computation 2 (1990).
    """

    def __init__(
        self, cell, input_size, hidden_size, *, bidirectional, tbptt_steps=None
    ):
        super().__init__()
        self.tbptt_steps = tbptt_steps
        make = CELLS[cell]
        self.forward_cell = make(input_size, hidden_size, batch_first=True)
        self.backward_cell = (
            make(input_size, hidden_size, batch_first=True) if bidirectional else None
        )
        self.output_size = hidden_size * (1 + bidirectional)

    def forward(self, x, mask):
        """Return the hidden states (B, T, output_size)."""
        h = self._run(self.forward_cell, x)
        if self.backward_cell is None:
            return h
        reversed_h = self._run(self.backward_cell, reverse_steps(x, mask))
        return torch.cat([h, reverse_steps(reversed_h, mask)], dim=-1)

    def _run(self, cell, x):
        """Run a recurrence over (B, T, C), in segments if gradients are truncated."""
        n_steps = self.tbptt_steps
        if not self.training or n_steps is None or x.shape[1] <= n_steps:
            return run_cell(cell, x)[0]
        parts, state = [], ()
        for part in x.split(n_steps, dim=1):
            # The gradient computes the activations of a segment again to save memory.
            run, parameters = partial(run_cell, cell), cell.parameters()
            h, *state = checkpointed(run, parameters, part, *state)
            state = [one.detach() for one in state]
            parts.append(h)
        return torch.cat(parts, dim=1)


def run_cell(cell, x, *state):
    """Run a recurrence.

    It is what ``cell(x, state)`` computes. For a short sequence the checks of
    `torch.nn.LSTM` take half as long as that.

    Parameters
    ----------
    cell : nn.LSTM or nn.GRU
        One layer in one direction, `batch_first`.
    x : Tensor of shape (B, T, C)
        A padded batch.
    *state : Tensor of shape (1, B, H)
        The state before, of an LSTM h and c, of a GRU h. None at all is zero.

    Returns
    -------
    h : Tensor of shape (B, T, H)
        The hidden states.
    *state : Tensor of shape (1, B, H)
        The state after the last step.
    """
    is_lstm, device = isinstance(cell, nn.LSTM), x.device.type
    if torch.is_autocast_enabled(device):
        # Processors without AVX-512 refuse an LSTM of bfloat16 whose x is float32.
        dtype = torch.get_autocast_dtype(device)
        x, *state = (tensor.to(dtype) for tensor in (x, *state))
    if not state:
        state = (x.new_zeros(1, len(x), cell.hidden_size),) * (1 + is_lstm)
    run, before = (torch.lstm, state) if is_lstm else (torch.gru, state[0])
    (weights,) = cell.all_weights
    return run(x, before, weights, True, 1, 0.0, cell.training, False, True)


class ResidualRecurrentLayer(nn.Module):
    """A recurrent layer with its input added to its output, then normalized.

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
        """Return the hidden states (B, T, output_size)."""
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
        """Return the hidden states (B, T, output_size)."""
        return self.dropout(self.recurrent(x, mask), mask)[0]


class RecurrentEncoder(nn.Module):
    """Stacked recurrent layers.

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
        """Return the hidden states (B, T, output_size)."""
        for layer in self.layers:
            x = layer(x, mask)
        return x


def build_recurrent_encoder(cell, input_size, config):
    """Build the recurrent layers of a network.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The recurrence.
    input_size : int
        Channels in.
    config : SequenceConfig or NextStateConfig
        The whole network.

    Returns
    -------
    encoder : RecurrentEncoder
    """
    layers = []
    for _ in range(config.num_layers):
        layer = RecurrentLayer(
            cell,
            input_size,
            config.hidden_size,
            bidirectional=config.bidirectional,
            tbptt_steps=config.tbptt_steps,
        )
        if config.residual:
            layers.append(
                ResidualRecurrentLayer(layer, input_size, dropout=config.dropout)
            )
        else:
            layers.append(PlainRecurrentLayer(layer, dropout=config.dropout))
        input_size = layer.output_size
    return RecurrentEncoder(layers)
