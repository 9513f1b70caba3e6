"""Attention: weights and contexts.

Every kind maps ``(query, key, value)`` and a mask over the keys to a context
for each query. ``weights`` gives the attention weights that ``forward`` used.
Tensors are (B, T, features); `causal` keeps a step from looking ahead.
"""

import math

from torch import nn

from sklearn_seqattn.nn.alignment import (
    AdditiveScore,
    DotScore,
    GeneralScore,
    allowed_keys,
    attend,
)
from sklearn_seqattn.nn.masking import masked_softmax


class ScoredAttention(nn.Module):
    """Attention by one alignment score, without a projection of the values.

    Parameters
    ----------
    score : nn.Module
        An alignment score.
    size : int
        The size of the values, and so of the context.
    """

    def __init__(self, score, size):
        super().__init__()
        self.score = score
        self.output_size = size

    def weights(self, query, key, mask, causal=False, start=0):
        """Return the attention weights of queries from a step on, (B, 1, T_q, T_k)."""
        scores = self.score(query, key)
        allowed = allowed_keys(mask, range(start, start + query.shape[1]), causal)
        return masked_softmax(scores, allowed)[:, None]

    def forward(self, query, key, value, mask, causal=False):
        """Return the context of each query, (B, T_q, size)."""
        return self.score.context(query, key, value, mask, causal)


class MultiHeadAttention(nn.Module):
    """Scaled dot product attention by several heads (Vaswani et al., 2017).

    Parameters
    ----------
    input_size : int
        The size of queries, keys and values.
    key_size : int
        The size of all heads' projected queries and keys together.
    value_size : int
        The size of all heads' projected values together.
    num_heads : int
        The number of heads; divides `key_size` and `value_size`.
    output_size : int or None
        The size of a last projection; None leaves the heads' contexts, side by
        side, as they are.
    rotary : RotaryPositions or None
        Applied to the projected queries and keys, (B, N, T, key_size / N).
    bias : bool
        Whether the projections have a bias.
    """

    def __init__(
        self,
        input_size,
        *,
        key_size,
        value_size,
        num_heads,
        output_size=None,
        rotary=None,
        bias=True,
    ):
        super().__init__()
        self.num_heads = num_heads
        self.project_query = nn.Linear(input_size, key_size, bias=bias)
        self.project_key = nn.Linear(input_size, key_size, bias=bias)
        self.project_value = nn.Linear(input_size, value_size, bias=bias)
        self.project_context = (
            nn.Identity() if output_size is None else nn.Linear(value_size, output_size)
        )
        self.rotary = rotary
        self.output_size = value_size if output_size is None else output_size

    def _heads(self, x):
        """Split the features into heads: (B, T, N d) -> (B, N, T, d)."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def projected(self, query, key, places=None):
        """Project queries and keys, (B, N, T, key_size / N) each.

        Their positions are `places` (B, T), or 0, 1, 2, ...
        """
        query = self._heads(self.project_query(query))
        key = self._heads(self.project_key(key))
        if self.rotary is None:
            return query, key
        return self.rotary(query, places), self.rotary(key, places)

    def projected_value(self, value):
        """Project values, (B, N, T, value_size / N)."""
        return self._heads(self.project_value(value))

    def weights(self, query, key, mask, causal=False, start=0):
        """Return the attention weights of queries from a step on, (B, N, T_q, T_k)."""
        query, key = self.projected(query, key)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        allowed = allowed_keys(mask, range(start, start + query.shape[2]), causal)
        return masked_softmax(scores, allowed[:, None])

    def forward(self, query, key, value, mask, causal=False):
        """Return the context of each query, (B, T_q, output_size)."""
        query, key = self.projected(query, key)
        context = attend(query, key, self.projected_value(value), mask, causal)
        return self.joined_heads(context)

    def joined_heads(self, context):
        """Concatenate the contexts of the heads, (B, N, T, d), and project them."""
        return self.project_context(context.transpose(1, 2).flatten(2))


def largest_num_heads(size, most, *, rotary=False):
    """Return the largest number of heads, at most `most`, that divides a size.

    Parameters
    ----------
    size : int
        Size of all heads together.
    most : int
        The wanted number of heads.
    rotary : bool, default=False
        Whether heads are rotated by position, which pairs their values: heads of an
        even size are preferred then, and heads of one value avoided.

    Returns
    -------
    num_heads : int

    Examples
    --------
    >>> from sklearn_seqattn.nn.attention import largest_num_heads
    >>> [largest_num_heads(size, 4) for size in (64, 6, 7)]
    [4, 3, 1]
    >>> [largest_num_heads(size, 4, rotary=True) for size in (20, 9, 1)]
    [2, 3, 1]
    """
    fitting = [n for n in range(1, min(most, size) + 1) if size % n == 0]
    if rotary:
        even = [n for n in fitting if size // n % 2 == 0]
        fitting = even or [n for n in fitting if size // n > 1] or fitting
    return fitting[-1]


def build_attention(kind, size, *, num_heads):
    """Build self-attention over hidden states.

    Parameters
    ----------
    kind : {"dot", "general", "additive", "multihead"}
        The alignment score, or several scaled dot products side by side.
    size : int
        The size of the hidden states and of the context.
    num_heads : int
        The heads of "multihead", at most: the largest number that divides `size`.

    Returns
    -------
    attention : nn.Module
        Called as ``attention(query, key, value, mask, causal)``.
    """
    if kind == "multihead":
        return MultiHeadAttention(
            size,
            key_size=size,
            value_size=size,
            num_heads=largest_num_heads(size, num_heads),
            output_size=size,
        )
    scores = {"dot": DotScore, "general": GeneralScore, "additive": AdditiveScore}
    return ScoredAttention(scores[kind](size), size)
