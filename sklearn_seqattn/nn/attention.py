"""Attention: alignment scores, weights, context.

Every kind maps ``(query, key, value)`` and a mask over the keys to a context
for each query. ``weights`` gives the attention weights that ``forward`` used.
Tensors are (B, T, features); `causal` keeps a step from looking ahead.
"""

import math

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from sklearn_seqattn.nn.gradient_checkpointing import recomputed
from sklearn_seqattn.nn.masking import causal_mask, masked_softmax

# Additive scores make a hidden layer for each pair of a query and a key: no more
# values than this at a time, which stay in the cache.
_HIDDEN_VALUES = 2**20


def _allowed(mask, queries, causal):
    """Mark the keys that the queries of a range may see: (B, 1 or T_q, T_k)."""
    allowed = mask[:, None, :]
    if causal:
        allowed = allowed & causal_mask(queries, mask.shape[1], mask.device)
    return allowed


def _one_pass(query, key, value, mask, causal):
    """Give the contexts (B, N, T_q, d) without a T_q x T_k matrix."""
    if causal:  # padding lies behind every real step: causal hides it too
        return scaled_dot_product_attention(query, key, value, is_causal=True)
    return scaled_dot_product_attention(query, key, value, mask[:, None, None, :])


class AlignmentScore(nn.Module):
    """How well a query and a key fit: what the kinds of score have in common."""

    def forward(self, query, key):
        """Score each query against each key: (B, T_q, T_k)."""
        return self.scores(*self.projected(query, key))

    def projected(self, query, key):
        """Give queries and keys as `scores` takes them."""
        return query, key


class DotScore(AlignmentScore):
    """Scaled dot product, ``q . k / sqrt(d)`` (Luong et al., 2015).

    Parameters
    ----------
    size : int
        The size d of a query and of a key.
    """

    def __init__(self, size):
        super().__init__()
        self.scale = 1.0 / math.sqrt(size)

    def scores(self, query, key):
        """Score projected queries against projected keys: (B, T_q, T_k)."""
        return query @ key.transpose(1, 2) * self.scale

    def context(self, query, key, value, mask, causal):
        """Attend to the values: (B, T_q, size)."""
        heads = [x[:, None] for x in (query, key, value)]
        return _one_pass(*heads, mask, causal)[:, 0]


class GeneralScore(AlignmentScore):
    """Bilinear score, ``q W k / sqrt(d)`` (Luong et al., 2015).

    Parameters
    ----------
    size : int
        The size d of a query and of a key.
    """

    def __init__(self, size):
        super().__init__()
        self.project = nn.Linear(size, size, bias=False)
        self.dot = DotScore(size)

    def projected(self, query, key):
        """Project the keys."""
        return query, self.project(key)

    def scores(self, query, key):
        """Score projected queries against projected keys: (B, T_q, T_k)."""
        return self.dot.scores(query, key)

    def context(self, query, key, value, mask, causal):
        """Attend to the values: (B, T_q, size)."""
        return self.dot.context(*self.projected(query, key), value, mask, causal)


class AdditiveScore(AlignmentScore):
    """Additive score, ``v . tanh(W q + U k)`` (Bahdanau et al., 2015).

    Parameters
    ----------
    size : int
        The size of a query, of a key, and of the hidden layer between.
    """

    def __init__(self, size):
        super().__init__()
        self.project_query = nn.Linear(size, size, bias=False)
        self.project_key = nn.Linear(size, size)
        self.project_hidden = nn.Linear(size, 1, bias=False)

    def projected(self, query, key):
        """Project both."""
        return self.project_query(query), self.project_key(key)

    def scores(self, query, key):
        """Score projected queries against projected keys: (B, T_q, T_k)."""
        n_queries = max(1, _HIDDEN_VALUES // key.numel())
        chunks = query.split(n_queries, dim=1)
        return torch.cat([self._score(chunk, key) for chunk in chunks], dim=1)

    def _score(self, query, key):
        """Score projected queries, few enough for one hidden layer a pair."""
        hidden = torch.tanh(query[:, :, None] + key[:, None])  # (B, T_q, T_k, d)
        return self.project_hidden(hidden).squeeze(-1)

    def context(self, query, key, value, mask, causal):
        """Attend to the values: (B, T_q, size).

        The gradient computes the scores of each chunk of queries anew.
        """
        query, key = self.projected(query, key)
        n_queries, contexts = max(1, _HIDDEN_VALUES // key.numel()), []
        for start in range(0, query.shape[1], n_queries):
            chunk = query[:, start : start + n_queries]
            allowed = _allowed(mask, range(start, start + chunk.shape[1]), causal)
            inputs = chunk, key, value, allowed
            parameters = self.project_hidden.parameters()
            contexts.append(recomputed(self._context, parameters, *inputs))
        return torch.cat(contexts, dim=1)

    def _context(self, query, key, value, allowed):
        """Attend with projected queries."""
        return masked_softmax(self._score(query, key), allowed) @ value


class ScoredAttention(nn.Module):
    """Attention by one alignment score, with the values taken as they are.

    Parameters
    ----------
    score : nn.Module
        One of the scores above.
    size : int
        The size of the values, and so of the context.
    """

    def __init__(self, score, size):
        super().__init__()
        self.score = score
        self.output_size = size

    def weights(self, query, key, mask, causal=False, start=0):
        """Give the attention weights of queries from a step on, (B, 1, T_q, T_k)."""
        scores = self.score(query, key)
        allowed = _allowed(mask, range(start, start + query.shape[1]), causal)
        return masked_softmax(scores, allowed)[:, None]

    def forward(self, query, key, value, mask, causal=False):
        """Give the context of each query, (B, T_q, size)."""
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

        They stand at `places` (B, T), or at 0, 1, 2, ...
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
        """Give the attention weights of queries from a step on, (B, N, T_q, T_k)."""
        query, key = self.projected(query, key)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        allowed = _allowed(mask, range(start, start + query.shape[2]), causal)
        return masked_softmax(scores, allowed[:, None])

    def forward(self, query, key, value, mask, causal=False):
        """Give the context of each query, (B, T_q, output_size)."""
        query, key = self.projected(query, key)
        context = _one_pass(query, key, self.projected_value(value), mask, causal)
        return self.joined_heads(context)

    def joined_heads(self, context):
        """Put the contexts of the heads, (B, N, T, d), side by side."""
        return self.project_context(context.transpose(1, 2).flatten(2))


def build_attention(kind, size, *, num_heads):
    """Build self-attention over hidden states.

    Parameters
    ----------
    kind : {"dot", "general", "additive", "multihead"}
        The alignment score, or several scaled dot products side by side.
    size : int
        The size of the hidden states and of the context.
    num_heads : int
        The number of heads of "multihead"; divides `size`.

    Returns
    -------
    attention : nn.Module
        Called as ``attention(query, key, value, mask, causal)``.
    """
    if kind == "multihead":
        return MultiHeadAttention(
            size, key_size=size, value_size=size, num_heads=num_heads, output_size=size
        )
    scores = {"dot": DotScore, "general": GeneralScore, "additive": AdditiveScore}
    return ScoredAttention(scores[kind](size), size)
