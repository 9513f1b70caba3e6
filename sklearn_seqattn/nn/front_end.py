"""The front end: blocks in the user's order, from names and plain numbers."""

from collections import Counter

from sklearn_seqattn.nn.blocks import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    BlockSequence,
    Changes,
    Convolution,
    Dense,
    Dropout,
    LayerNorm,
    ResidualGroup,
    SelfAttention,
    StepConvolution,
)

BLOCK_NAMES = (
    "embedding",
    "changes",
    "conv",
    "dense",
    "step_conv",
    "attention",
    "batch_norm",
    "layer_norm",
    "dropout",
    "locked_dropout",
    *ACTIVATIONS,
)


def count_blocks(front_end):
    """Count how often each block name stands in a front end.

    Parameters
    ----------
    front_end : tuple
        Names and nested tuples of names.

    Returns
    -------
    counts : collections.Counter
        From name to number.
    """
    counts = Counter()
    for block in front_end:
        counts.update(count_blocks(block) if isinstance(block, tuple) else [block])
    return counts


class FrontEndBuilder:
    """Build a front end, one block after the other.

    Sizes are tuples with an entry for each occurrence of the block, taken in
    the order in which the blocks stand.

    Parameters
    ----------
    changes_lag : tuple of int
        For each "changes".
    conv_channels, conv_kernel_size, conv_stride, conv_dilation : tuple of int
        For each "conv".
    dense_units : tuple of int
        For each "dense".
    step_conv_channels, step_conv_kernel_size : tuple of int
        For each "step_conv".
    key_size, value_size : tuple of int
        For each "attention".
    num_heads : int
        For every "attention".
    dropout : float
        For every "dropout" and "locked_dropout".
    embedding : Embedding or None
        The module of the one "embedding".
    """

    def __init__(self, *, num_heads, dropout, embedding=None, **sizes):
        self.num_heads = num_heads
        self.dropout = dropout
        self.embedding = embedding
        self.sizes = {name: iter(values) for name, values in sizes.items()}
        self._makers = {
            "embedding": lambda _: self.embedding,
            "changes": lambda size: Changes(size, self._next("changes_lag")),
            "conv": self._conv,
            "dense": lambda size: Dense(size, self._next("dense_units")),
            "step_conv": self._step_conv,
            "attention": self._attention,
            "batch_norm": BatchNorm,
            "layer_norm": LayerNorm,
            "dropout": lambda size: Dropout(size, self.dropout),
            "locked_dropout": lambda size: Dropout(size, self.dropout, locked=True),
        }

    def _next(self, name):
        """Take the size of the next occurrence."""
        return next(self.sizes[name])

    def _conv(self, size):
        """Make a convolution."""
        return Convolution(
            size,
            self._next("conv_channels"),
            kernel_size=self._next("conv_kernel_size"),
            stride=self._next("conv_stride"),
            dilation=self._next("conv_dilation"),
        )

    def _step_conv(self, size):
        """Make a convolution over the values of a step."""
        return StepConvolution(
            size,
            self._next("step_conv_channels"),
            kernel_size=self._next("step_conv_kernel_size"),
        )

    def _attention(self, size):
        """Make a self-attention."""
        return SelfAttention(
            size,
            key_size=self._next("key_size"),
            value_size=self._next("value_size"),
            num_heads=self.num_heads,
        )

    def _block(self, name, size):
        """Make one block, or a residual group of a tuple of them."""
        if isinstance(name, tuple):
            return ResidualGroup(self.build(name, size), size)
        if name in ACTIVATIONS:
            return Activation(size, name)
        return self._makers[name](size)

    def build(self, front_end, input_size):
        """Build the blocks of a front end, or of a group inside it.

        Parameters
        ----------
        front_end : tuple
            Names, and nested tuples of names for residual groups.
        input_size : int
            Channels in.

        Returns
        -------
        blocks : BlockSequence
        """
        blocks, size = [], input_size
        for name in front_end:
            blocks.append(self._block(name, size))
            size = blocks[-1].output_size
        return BlockSequence(blocks, input_size)
