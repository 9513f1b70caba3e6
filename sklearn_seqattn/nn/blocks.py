"""The components that may stand before the encoder.

Every block maps a padded batch and its mask to the same again,
``(x, mask) -> (x, mask)``, and exposes ``output_size``. A padded step never
reaches a real one, whatever the order of the blocks.
"""

import math

import torch
from torch import nn

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID
from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.masking import on_real_steps, zero_padding

ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU, "tanh": nn.Tanh}


class Embedding(nn.Module):
    """Vectors for the ids of tokens; the padding id stays at zero.

    Parameters
    ----------
    n_ids : int
        The number of ids, the padding and the unknown one included.
    size : int
        The embedding size E.
    token_dropout : float
        In training, the probability of reading a token as unknown. It is what
        trains the vector of unknown tokens when every token is known.
    vectors : Tensor of shape (n_ids - FIRST_ID, size) or None
        Initial vectors of the known tokens, in the order of their ids.
    """

    def __init__(self, n_ids, size, *, token_dropout=0.0, vectors=None):
        super().__init__()
        self.table = nn.Embedding(n_ids, size, padding_idx=PADDING_ID)
        nn.init.normal_(self.table.weight, std=size**-0.5)
        with torch.no_grad():
            self.table.weight[PADDING_ID] = 0.0
            if vectors is not None:
                self.table.weight[UNKNOWN_ID] = vectors.mean(dim=0)
                self.table.weight[FIRST_ID:] = vectors
        self.token_dropout = token_dropout
        self.output_size = size

    def forward(self, x, mask):
        """Look up ids (B, T) as vectors (B, T, E)."""
        if self.training and self.token_dropout > 0:
            dropped = torch.rand(x.shape, device=x.device) < self.token_dropout
            x = x.masked_fill(dropped & mask, UNKNOWN_ID)
        return self.table(x), mask


class Convolution(nn.Module):
    """A 1D convolution over time, with zeros beyond both ends.

    Output step j is centred on input step ``j * stride``, so a sequence of
    length L gives ``ceil(L / stride)`` steps, however far it is padded.

    Parameters
    ----------
    input_size, channels : int
        Channels in and out.
    kernel_size, stride, dilation : int
        As in `torch.nn.Conv1d`.
    """

    def __init__(self, input_size, channels, *, kernel_size, stride=1, dilation=1):
        super().__init__()
        self.convolution = nn.Conv1d(
            input_size, channels, kernel_size, stride=stride, dilation=dilation
        )
        self.reach = (kernel_size - 1) * dilation
        self.stride = stride
        self.output_size = channels

    def forward(self, x, mask):
        """Convolve (B, T, C) to (B, ceil(T / stride), channels)."""
        left = self.reach // 2
        x = zero_padding(x, mask).transpose(1, 2)  # (B, C, T)
        x = nn.functional.pad(x, (left, self.reach - left))
        return self.convolution(x).transpose(1, 2), mask[:, :: self.stride]


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

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, units)."""
        return self.linear(x), mask


class StepConvolution(nn.Module):
    """A 1D convolution over the values of a step, for every time step by itself.

    For steps that are frames: a row of pixels, a spectrum.

    Parameters
    ----------
    input_size : int
        The number of values of a step.
    channels, kernel_size : int
        As in `torch.nn.Conv1d`; the values keep their number by zeros beyond
        both ends.
    """

    def __init__(self, input_size, channels, *, kernel_size):
        super().__init__()
        self.convolution = nn.Conv1d(1, channels, kernel_size)
        self.reach = kernel_size - 1
        self.output_size = channels * input_size

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, channels * C)."""
        left = self.reach // 2
        frames = x.flatten(0, 1)[:, None, :]  # (B T, 1, C)
        frames = nn.functional.pad(frames, (left, self.reach - left))
        return self.convolution(frames).flatten(1).unflatten(0, mask.shape), mask


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


class BatchNorm(nn.Module):
    """Batch normalisation with the statistics of real steps only.

    Parameters
    ----------
    input_size : int
        The number of channels.
    affine : bool, default=True
        Whether a learnt scale and shift follow.
    """

    def __init__(self, input_size, *, affine=True):
        super().__init__()
        self.norm = nn.BatchNorm1d(input_size, affine=affine)
        self.output_size = input_size

    def _normalise(self, steps):
        """Normalise steps (S, C); one step alone has no variance to use."""
        if self.training and len(steps) == 1:
            return nn.functional.batch_norm(
                steps,
                self.norm.running_mean,
                self.norm.running_var,
                self.norm.weight,
                self.norm.bias,
                eps=self.norm.eps,
            )
        return self.norm(steps)

    def forward(self, x, mask):
        """Normalise each channel over the batch's real steps."""
        return on_real_steps(self._normalise, x, mask), mask


class LayerNorm(nn.Module):
    """Layer normalisation of every step by itself.

    Parameters
    ----------
    input_size : int
        The number of channels.
    """

    def __init__(self, input_size):
        super().__init__()
        self.norm = nn.LayerNorm(input_size)
        self.output_size = input_size

    def forward(self, x, mask):
        """Normalise the channels of each step."""
        return self.norm(x), mask


class Changes(nn.Module):
    """The steps, and beside them their batch-normalised change over some steps.

    ``[x_t ; norm(x_t - x_(t - lag))]``; the first `lag` steps have a change of zero
    before it is normalised. What is a slope to a convolution, and takes it long to
    learn from smooth values, is a value here.

    Parameters
    ----------
    input_size : int
        The number of channels.
    lag : int
        The steps over which changes are taken.
    """

    def __init__(self, input_size, lag):
        super().__init__()
        self.lag = lag
        # Nothing to learn here: no gradient has to pass the first convolution.
        self.norm = BatchNorm(input_size, affine=False)
        self.output_size = 2 * input_size

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, 2 C)."""
        first = x[:, : self.lag]
        changes = torch.cat(
            [first - first, x[:, self.lag :] - x[:, : -self.lag]], dim=1
        )
        return torch.cat([x, self.norm(changes, mask)[0]], dim=-1), mask


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
            return nn.functional.dropout(x, self.p), mask
        kept = nn.functional.dropout(x.new_ones(len(x), 1, x.shape[-1]), self.p)
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
        self.function = ACTIVATIONS[name]()
        self.output_size = input_size

    def forward(self, x, mask):
        """Apply the function."""
        return self.function(x), mask


class BlockSequence(nn.Module):
    """Blocks one after the other; none at all passes its input on.

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
