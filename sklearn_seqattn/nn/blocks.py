"""Blocks of the front end: what each is called, and its parameters.

A block says what to build; `layers`, `convolutions` and `normalization` hold the
modules. Every module maps a padded batch and its mask to the same again,
``(x, mask) -> (x, mask)``, and has `output_size`.
"""

import math

from sklearn_seqattn.nn import convolutions, layers, normalization
from sklearn_seqattn.nn.attention import largest_num_heads
from sklearn_seqattn.nn.components import Component, Registry
from sklearn_seqattn.nn.fields import Share, Size


class Block(Component):
    """Base of the blocks of a front end.

    A subclass is registered by `register_block`, which makes it a frozen dataclass. Its
    `build` returns a module that maps ``(x, mask)``, of shapes (B, T, C) and (B, T),
    to such a pair and has `output_size`.
    """


BLOCKS = Registry(
    Block,
    "block",
    aliases={"locked_dropout": ("dropout", {"locked": True})},
    renamed={"changes": "differences", "step_conv": "time_distributed_conv"},
)

register_block = BLOCKS.register


@register_block("embedding")
class Embedding(Block):
    """Vectors of tokens, the first block of a front end.

    The parameter `tokens` of the estimator sets their size.
    """

    def build(self, input_size, config):
        """Build the table of vectors."""
        tokens = config.embedding
        return layers.Embedding(
            tokens.n_ids, tokens.size, token_dropout=tokens.token_dropout
        )


@register_block("differences")
class Differences(Block):
    """Each step, joined with its normalized difference from an earlier step.

    Step t becomes ``[x_t ; norm(x_t - x_(t - lag))]``, batch-normalized.

    Parameters
    ----------
    lag : int, default=1
        Steps between the two values of a difference.
    """

    lag: Size = 1

    def build(self, input_size, config):
        """Build the module."""
        return normalization.Differences(input_size, self.lag)


@register_block("conv")
class Conv(Block):
    """A convolution over time.

    Parameters
    ----------
    channels : int, default=64
        Output channels.
    kernel_size : int, default=5
        Steps under the kernel.
    stride : int, default=1
        Steps between two outputs. It must be 1 in a residual group.
    dilation : int, default=1
        Steps between two taps of the kernel.
    """

    channels: Size = 64
    kernel_size: Size = 5
    stride: Size = 1
    dilation: Size = 1

    def checked(self):
        """Return a checked copy; a kernel may reach over a million steps."""
        block = super().checked()
        if (block.kernel_size - 1) * block.dilation > 2**20:
            raise ValueError(
                f"{block!r} reaches over more than 2**20 steps; make kernel_size or "
                "dilation smaller."
            )
        return block

    def build(self, input_size, config):
        """Build the module."""
        return convolutions.Convolution(
            input_size,
            self.channels,
            kernel_size=self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
        )


@register_block("dense")
class Dense(Block):
    """One linear layer, applied to every time step by itself.

    Parameters
    ----------
    units : int, default=64
        Output channels.
    """

    units: Size = 64

    def build(self, input_size, config):
        """Build the module."""
        return layers.Dense(input_size, self.units)


@register_block("time_distributed_conv")
class TimeDistributedConv(Block):
    """A convolution over the values of a step, applied to every time step by itself.

    For steps that are frames: a row of pixels, a spectrum.

    Parameters
    ----------
    channels : int, default=8
        Output channels for each value of a step.
    kernel_size : int, default=3
        Values under the kernel.
    """

    channels: Size = 8
    kernel_size: Size = 3

    def checked(self):
        """Return a checked copy; a kernel may reach over a million values."""
        block = super().checked()
        if block.kernel_size > 2**20:
            raise ValueError(f"{block!r}: kernel_size is above 2**20.")
        return block

    def build(self, input_size, config):
        """Build the module."""
        return convolutions.TimeDistributedConvolution(
            input_size, self.channels, kernel_size=self.kernel_size
        )


@register_block("attention")
class SelfAttention(Block):
    """Scaled dot product self-attention of the steps.

    Parameters
    ----------
    key_size : int, default=64
        Size of the queries and keys, all heads together.
    value_size : int, default=64
        Size of the values, all heads together; output channels.
    num_heads : int or None, default=None
        Heads, which must divide both sizes. None takes `num_heads` of the estimator,
        or the largest smaller number that divides them.
    """

    key_size: Size = 64
    value_size: Size = 64
    num_heads: Size | None = None

    def checked(self):
        """Return a checked copy; heads divide the sizes."""
        block = super().checked()
        common = math.gcd(block.key_size, block.value_size)
        if block.num_heads is not None and common % block.num_heads:
            fitting = largest_num_heads(common, block.num_heads)
            raise ValueError(
                f"{block!r}: num_heads={block.num_heads} must divide key_size="
                f"{block.key_size} and value_size={block.value_size}; use num_heads="
                f"{fitting}, or sizes that are multiples of {block.num_heads}."
            )
        return block

    def build(self, input_size, config):
        """Build the module."""
        num_heads = self.num_heads
        if num_heads is None:
            common = math.gcd(self.key_size, self.value_size)
            num_heads = largest_num_heads(common, config.num_heads)
        return layers.SelfAttention(
            input_size,
            key_size=self.key_size,
            value_size=self.value_size,
            num_heads=num_heads,
        )


@register_block("batch_norm")
class BatchNorm(Block):
    """Batch normalization with the statistics of real steps only."""

    def build(self, input_size, config):
        """Build the module."""
        return normalization.BatchNorm(input_size)


@register_block("layer_norm")
class LayerNorm(Block):
    """Layer normalization of every step by itself."""

    def build(self, input_size, config):
        """Build the module."""
        return normalization.LayerNorm(input_size)


@register_block("dropout")
class Dropout(Block):
    """Dropout on single values, or on whole channels over time.

    Parameters
    ----------
    rate : float or None, default=None
        The probability of a zero. None takes `dropout` of the estimator.
    locked : bool, default=False
        Whether all steps of a sequence lose the same channels.
    """

    rate: Share | None = None
    locked: bool = False

    def build(self, input_size, config):
        """Build the module."""
        rate = config.dropout if self.rate is None else self.rate
        return layers.Dropout(input_size, rate, locked=self.locked)


@register_block("gelu")
class GELU(Block):
    """Gaussian error linear unit, value by value."""

    def build(self, input_size, config):
        """Build the module."""
        return layers.Activation(input_size, "gelu")


@register_block("relu")
class ReLU(Block):
    """Rectified linear unit, value by value."""

    def build(self, input_size, config):
        """Build the module."""
        return layers.Activation(input_size, "relu")


@register_block("tanh")
class Tanh(Block):
    """Hyperbolic tangent, value by value."""

    def build(self, input_size, config):
        """Build the module."""
        return layers.Activation(input_size, "tanh")
