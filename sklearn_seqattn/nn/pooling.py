"""Pooling: from one vector a step to one vector a sequence.

Every kind maps (B, T, C) and a mask (B, T) to (B, output_size).
"""

import torch
from torch import nn

from sklearn_seqattn.nn.masking import masked_max, masked_mean, masked_softmax

POOLINGS = ("max", "mean", "last", "attention")


class MaxPooling(nn.Module):
    """The largest value over time, channel by channel."""

    def forward(self, x, mask):
        """Pool over the real steps."""
        return masked_max(x, mask)


class MeanPooling(nn.Module):
    """The mean over time, channel by channel."""

    def forward(self, x, mask):
        """Pool over the real steps."""
        return masked_mean(x, mask)


class LastPooling(nn.Module):
    """The vector of the last real step."""

    def forward(self, x, mask):
        """Pick the last real step."""
        last = mask.sum(dim=1) - 1  # (B,)
        return x[torch.arange(len(x), device=x.device), last]


class AttentionPooling(nn.Module):
    """A weighted mean over time, the weights scored by a learnt query.

    ``alpha_t = softmax_t(v . tanh(W x_t + b))``, as in Yang et al. (2016).

    Parameters
    ----------
    size : int
        The number of channels C.
    """

    def __init__(self, size):
        super().__init__()
        self.project = nn.Linear(size, size)
        self.query = nn.Linear(size, 1, bias=False)

    def weights(self, x, mask):
        """Give the weight of each step, (B, T)."""
        scores = self.query(torch.tanh(self.project(x))).squeeze(-1)
        return masked_softmax(scores, mask)

    def forward(self, x, mask):
        """Pool over the real steps."""
        return (self.weights(x, mask)[:, None, :] @ x).squeeze(1)


class ConcatenatedPooling(nn.Module):
    """Several poolings side by side.

    Parameters
    ----------
    poolings : sequence of nn.Module
        The poolings, in the order of the result.
    size : int
        The number of channels C that each of them takes.
    """

    def __init__(self, poolings, size):
        super().__init__()
        self.poolings = nn.ModuleList(poolings)
        self.output_size = len(self.poolings) * size

    def forward(self, x, mask):
        """Pool in each way and concatenate."""
        return torch.cat([pooling(x, mask) for pooling in self.poolings], dim=-1)


def build_pooling(kinds, size):
    """Build one or several poolings by name.

    Parameters
    ----------
    kinds : sequence of {"max", "mean", "last", "attention"}
        The poolings, in the order of the result.
    size : int
        The number of channels C.

    Returns
    -------
    pooling : ConcatenatedPooling
    """
    makers = {
        "max": MaxPooling,
        "mean": MeanPooling,
        "last": LastPooling,
        "attention": lambda: AttentionPooling(size),
    }
    return ConcatenatedPooling([makers[kind]() for kind in kinds], size)
