"""Pooling: from one vector a step to one vector a sequence.

Every kind maps (B, T, C) and a mask (B, T) to (B, output_size).
"""

import torch
from torch import nn

from sklearn_seqattn.nn.masking import masked_max, masked_mean, masked_softmax

POOLINGS = {}


def register_pooling(name):
    """Return a decorator that makes a module a pooling of this name.

    Parameters
    ----------
    name : str
        How users and files name the pooling.

    Returns
    -------
    decorator : callable
        Takes a subclass of `nn.Module` that is built from the number of channels C.
    """

    def decorate(cls):
        POOLINGS[name] = cls
        return cls

    return decorate


class Pooling(nn.Module):
    """Base of poolings that keep the number of channels.

    Parameters
    ----------
    size : int
        The number of channels C.
    """

    def __init__(self, size):
        super().__init__()
        self.output_size = size


@register_pooling("max")
class MaxPooling(Pooling):
    """The largest value over time, channel by channel."""

    def forward(self, x, mask):
        """Pool over the real steps."""
        return masked_max(x, mask)


@register_pooling("mean")
class MeanPooling(Pooling):
    """The mean over time, channel by channel."""

    def forward(self, x, mask):
        """Pool over the real steps."""
        return masked_mean(x, mask)


@register_pooling("last")
class LastPooling(Pooling):
    """The vector of the last real step.

    The last step of a layer that reads backwards is the first one of the sequence.

    Parameters
    ----------
    size : int
        The number of channels C.
    n_backward : int, default=0
        How many of the channels, the last ones, were read backwards.
    """

    def __init__(self, size, n_backward=0):
        super().__init__(size)
        self.n_backward = n_backward

    def forward(self, x, mask):
        """Pick the last real step in each direction."""
        last = mask.sum(dim=1) - 1  # (B,)
        at_end = x[torch.arange(len(x), device=x.device), last]
        if self.n_backward == 0:
            return at_end
        n_forward = self.output_size - self.n_backward
        return torch.cat([at_end[:, :n_forward], x[:, 0, n_forward:]], dim=1)


@register_pooling("attention")
class AttentionPooling(Pooling):
    """A weighted mean over time, the weights scored by a learned query.

    ``alpha_t = softmax_t(v . tanh(W x_t + b))``, as in Yang et al. (2016).

    Parameters
    ----------
    size : int
        The number of channels C.
    """

    def __init__(self, size):
        super().__init__(size)
        self.project = nn.Linear(size, size)
        self.query = nn.Linear(size, 1, bias=False)

    def weights(self, x, mask):
        """Return the weight of each step, (B, T)."""
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
    """

    def __init__(self, poolings):
        super().__init__()
        self.poolings = nn.ModuleList(poolings)
        self.output_size = sum(pooling.output_size for pooling in poolings)

    def forward(self, x, mask):
        """Pool in each way and concatenate."""
        return torch.cat([pooling(x, mask) for pooling in self.poolings], dim=-1)


def build_pooling(names, size, n_backward=0):
    """Build poolings by name.

    Parameters
    ----------
    names : sequence of str or OwnPooling
        Names of `POOLINGS`, and modules of the user, in the order of the result.
    size : int
        The number of channels C.
    n_backward : int, default=0
        How many of the channels, the last ones, were read backwards.

    Returns
    -------
    pooling : ConcatenatedPooling
    """
    options = {"last": {"n_backward": n_backward}}
    return ConcatenatedPooling(
        [
            POOLINGS[name](size, **options.get(name, {}))
            if isinstance(name, str)
            else name.build(size)
            for name in names
        ]
    )
