"""Modules of the front end, and chains and residual groups of them.

Every one maps a padded batch and its mask to the same again,
``(x, mask) -> (x, mask)``, and exposes ``output_size``. A padded step never
reaches a real one, whatever the order of the blocks.
"""

import math
from itertools import pairwise

import torch
from torch import nn

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID
from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.batch_share import draw_like, dropout
from sklearn_seqattn.nn.normalization import BatchNorm

ACTIVATIONS = {
    "gelu": nn.functional.gelu,
    "relu": nn.functional.relu,
    "tanh": torch.tanh,
}


class Embedding(nn.Module):
    """Vectors for the ids of tokens; the padding id stays at zero.

    Vectors pass as they are, so that gradients can be taken along a path of them.

    Parameters
    ----------
    n_ids : int
        The number of ids, the padding and the unknown one included.
    size : int
        The embedding size E.
    token_dropout : float
        In training, the probability of reading a token as unknown. It is what
        trains the vector of unknown tokens when every token is known.
    """

    def __init__(self, n_ids, size, *, token_dropout=0.0):
        super().__init__()
        self.table = nn.Embedding(n_ids, size, padding_idx=PADDING_ID)
        nn.init.normal_(self.table.weight, std=size**-0.5)
        with torch.no_grad():
            self.table.weight[PADDING_ID] = 0.0
        self.token_dropout = token_dropout
        self.output_size = size

    @torch.no_grad()
    def set_vectors(self, vectors):
        """Set the vectors of the known tokens; the unknown one gets their mean.

        Parameters
        ----------
        vectors : Tensor of shape (n_ids - 2, size)
            In the order of the ids.
        """
        self.table.weight[UNKNOWN_ID] = vectors.mean(dim=0)
        self.table.weight[FIRST_ID:] = vectors

    def forward(self, x, mask):
        """Look up ids (B, T) as vectors (B, T, E)."""
        if x.is_floating_point():
            return x, mask
        if self.training and self.token_dropout > 0:
            dropped = draw_like(x) < self.token_dropout
            x = x.masked_fill(dropped & mask, UNKNOWN_ID)
        return self.table(x), mask


class Dense(nn.Module):
    """One linear layer, applied to every time step by itself.

    Parameters
    ----------
    input_size, units : int
        Features in and out.
    """

    def __init__(self, input_size, units):
        super().__init__()
        self.linear = nn.Linear(input_size, units)
        self.output_size = units

    @property
    def bias(self):
        """What is added to each channel."""
        return self.linear.bias

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, units)."""
        return self.linear(x), mask


class SelfAttention(nn.Module):
    """Scaled dot product self-attention of the steps of a sequence.

    ``softmax(X W_Q (X W_K)^T / sqrt(d_k)) X W_V``, head by head, without a
    further projection (Vaswani et al., 2017).

    Parameters
    ----------
    input_size, key_size, value_size, num_heads : int
        As in `MultiHeadAttention`.
    """

    def __init__(self, input_size, *, key_size, value_size, num_heads):
        super().__init__()
        self.attention = MultiHeadAttention(
            input_size,
            key_size=key_size,
            value_size=value_size,
            num_heads=num_heads,
            bias=False,
        )
        self.output_size = value_size

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, value_size)."""
        return self.attention(x, x, x, mask), mask


class Dropout(nn.Module):
    """Dropout on single values, or on whole channels over time ("locked").

    Parameters
    ----------
    input_size : int
        The number of channels.
    p : float
        The probability of a zero.
    locked : bool, default=False
        Use the same mask at every step of a sequence (Gal and Ghahramani,
        2016).
    """

    def __init__(self, input_size, p, *, locked=False):
        super().__init__()
        self.p = p
        self.locked = locked
        self.output_size = input_size

    def forward(self, x, mask):
        """Drop values in training; do nothing in prediction."""
        if not self.training or self.p == 0:
            return x, mask
        if not self.locked:
            return dropout(x, self.p), mask
        kept = dropout(x.new_ones(len(x), 1, x.shape[-1]), self.p)
        return x * kept, mask


class Activation(nn.Module):
    """An activation function, value by value.

    Parameters
    ----------
    input_size : int
        The number of channels.
    name : {"gelu", "relu", "tanh"}
        The function.
    """

    def __init__(self, input_size, name):
        super().__init__()
        self.name = name
        self.output_size = input_size

    def forward(self, x, mask):
        """Apply the function."""
        return ACTIVATIONS[self.name](x), mask


class BlockSequence(nn.Module):
    """Blocks one after the other; none at all passes its input on.

    A bias before a batch normalization is not trained. The normalization removes it, so
    that its gradient is rounding noise, of which AdamW makes whole steps; the running
    mean lags behind them, and so would predictions.

    Parameters
    ----------
    blocks : sequence of nn.Module
        The blocks in their order.
    input_size : int
        The size that the first block takes.
    """

    def __init__(self, blocks, input_size):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        for block, following in pairwise(self.blocks):
            bias = getattr(block, "bias", None)
            if isinstance(following, BatchNorm) and bias is not None:
                bias.requires_grad_(False)
        self.output_size = self.blocks[-1].output_size if blocks else input_size
        self.stride = math.prod(getattr(block, "stride", 1) for block in blocks)

    def forward(self, x, mask):
        """Run the blocks."""
        for block in self.blocks:
            x, mask = block(x, mask)
        return x, mask


class ResidualGroup(nn.Module):
    """A group of blocks with its input added to its output.

    Parameters
    ----------
    blocks : nn.Module
        What is inside; it must keep the number of steps.
    input_size : int
        The size of the input, projected linearly where the output's differs.
    """

    def __init__(self, blocks, input_size):
        super().__init__()
        self.blocks = blocks
        self.output_size = blocks.output_size
        self.shortcut = (
            nn.Identity()
            if input_size == self.output_size
            else nn.Linear(input_size, self.output_size)
        )

    def forward(self, x, mask):
        """Add the input to the output."""
        y, mask = self.blocks(x, mask)
        return self.shortcut(x) + y, mask
