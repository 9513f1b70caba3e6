"""Transformer layers over padded batches."""

from torch import nn

from sklearn_seqattn.nn.attention import MultiHeadAttention, largest_num_heads
from sklearn_seqattn.nn.batch_share import Dropout
from sklearn_seqattn.nn.positions import RotaryPositions, SinusoidalPositions


class TransformerLayer(nn.Module):
    """Self-attention and a two-layer network, each residual and pre-normalized.

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
        self.dropout = Dropout(dropout)

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
        The number of layers, and of heads in each at most: the largest number that
        divides `size`, with rotary positions into heads of an even size.
    dropout : float
        Dropout on each residual branch.
    causal : bool
        Whether a step sees only itself and what came before.
    positions : {"rotary", "sinusoidal"}
        How positions are encoded.
    """

    def __init__(
        self, input_size, size, *, num_layers, num_heads, dropout, causal, positions
    ):
        super().__init__()
        is_rotary = positions == "rotary"
        num_heads = largest_num_heads(size, num_heads, rotary=is_rotary)
        rotary = RotaryPositions(size // num_heads) if is_rotary else None
        self.project = nn.Linear(input_size, size)
        self.positions = nn.Identity() if is_rotary else SinusoidalPositions(size)
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
        """Return the hidden states (B, T, size)."""
        x = self.positions(self.project(x))
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
