"""Alignment scores: how well a query and a key fit, and the contexts that follow."""

import math

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from sklearn_seqattn.nn.gradient_checkpointing import checkpointed
from sklearn_seqattn.nn.masking import causal_mask, is_full, masked_softmax

# Additive scores have a hidden layer for each pair of a query and a key. So many values
# at a time stay in the processor's cache.
_MOST_HIDDEN_VALUES = 2**20


def allowed_keys(mask, queries, causal):
    """Mark the keys that the queries of a range may see.

    Parameters
    ----------
    mask : Tensor of shape (B, T_k), bool
        Real keys.
    queries : range
        The steps of the queries.
    causal : bool
        Whether a query sees only its own step and earlier ones.

    Returns
    -------
    allowed : Tensor of shape (B, 1 or T_q, T_k), bool
    """
    allowed = mask[:, None, :]
    if causal:
        allowed = allowed & causal_mask(queries, mask.shape[1], mask.device)
    return allowed


def attend(query, key, value, mask, causal):
    """Return the contexts of heads, without a T_q x T_k matrix.

    Parameters
    ----------
    query, key, value : Tensor of shape (B, N, T_q or T_k, d)
        Of N heads.
    mask : Tensor of shape (B, T_k), bool
        Real keys.
    causal : bool
        Whether a query sees only its own step and earlier ones.

    Returns
    -------
    contexts : Tensor of shape (B, N, T_q, d)
    """
    if causal:  # padding follows every real step: causal hides it too
        return scaled_dot_product_attention(query, key, value, is_causal=True)
    keys = None if is_full(mask) else mask[:, None, None, :]
    return scaled_dot_product_attention(query, key, value, keys)


class AlignmentScore(nn.Module):
    """Base of the alignment scores of queries and keys."""

    def forward(self, query, key):
        """Score each query against each key: (B, T_q, T_k)."""
        return self.scores(*self.projected(query, key))

    def projected(self, query, key):
        """Return queries and keys as `scores` takes them."""
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
        return attend(*heads, mask, causal)[:, 0]


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
        n_queries = max(1, _MOST_HIDDEN_VALUES // key.numel())
        chunks = query.split(n_queries, dim=1)
        return torch.cat([self._score(chunk, key) for chunk in chunks], dim=1)

    def _score(self, query, key):
        """Score projected queries, few enough for one hidden layer a pair."""
        hidden = torch.tanh(query[:, :, None] + key[:, None])  # (B, T_q, T_k, d)
        return self.project_hidden(hidden).squeeze(-1)

    def context(self, query, key, value, mask, causal):
        """Attend to the values: (B, T_q, size).

        The gradient computes the scores of each chunk of queries again.
        """
        query, key = self.projected(query, key)
        n_queries, contexts = max(1, _MOST_HIDDEN_VALUES // key.numel()), []
        for start in range(0, query.shape[1], n_queries):
            chunk = query[:, start : start + n_queries]
            allowed = allowed_keys(mask, range(start, start + chunk.shape[1]), causal)
            inputs = chunk, key, value, allowed
            parameters = self.project_hidden.parameters()
            contexts.append(checkpointed(self._context, parameters, *inputs))
        return torch.cat(contexts, dim=1)

    def _context(self, query, key, value, allowed):
        """Attend with projected queries."""
        return masked_softmax(self._score(query, key), allowed) @ value
