"""Normal scores: channels of counts and amounts by the ranks of their values."""

import numpy as np
import torch
from scipy.special import ndtri
from scipy.stats import kurtosis
from torch import nn

#: Excess kurtosis from which on a channel is ranked; of a normal distribution it is 0.
_HEAVY = 100.0

_N_KNOTS = 32


class NormalScores(nn.Module):
    """Replace the values of channels with heavy tails by their normal scores.

    Counts of cases or amounts of money lie in orders of magnitude: in standard
    deviations nearly all of them are zero. Where a channel's excess kurtosis over all
    training steps is above 100, a value of rank r among S of them becomes the quantile
    ``(r - 1/2) / S`` of the normal distribution, r the mean rank of equal ones. Values
    in between are interpolated between at most 32 knots, and those beyond the training
    values are as far out as these. Other channels stay as they are.

    The knots are buffers. A new module holds no useful values until `fit` or
    `load_state_dict` has filled them in.

    Parameters
    ----------
    input_size : int
        Channels D.

    References
    ----------
    B. L. van der Waerden, "Order tests for the two-sample problem and their power",
    Indagationes Mathematicae 14, 1952.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.normal_scores import NormalScores
    >>> counts = torch.tensor([0.0] * 900 + [1.0] * 90 + [10.0] * 9 + [1e6])
    >>> normal_scores = NormalScores(1).fit(counts.unsqueeze(1))
    >>> print(normal_scores(counts.unique().unsqueeze(1)).ravel().numpy().round(2))
    [-0.13  1.6   2.54  3.29]
    """

    def __init__(self, input_size):
        super().__init__()
        self.register_buffer("knots", torch.zeros(input_size, _N_KNOTS))
        self.register_buffer("scores", torch.zeros(input_size, _N_KNOTS))
        self._channels = ()  # those with heavy tails, known without a look at a tensor
        self.register_load_state_dict_post_hook(_find_channels)

    @torch.no_grad()
    def fit(self, values):
        """Find the channels with heavy tails and rank their values.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32
            All training steps, on the CPU.

        Returns
        -------
        self : NormalScores
        """
        for channel, column in enumerate(values.numpy().T):
            column = column.astype(np.float64)
            if np.ptp(column) > 0 and kurtosis(column) > _HEAVY:
                knots, scores = _rank(column)
                self.knots[channel] = torch.from_numpy(knots)
                self.scores[channel] = torch.from_numpy(scores)
        _find_channels(self)
        return self

    def forward(self, values):
        """Score the channels with heavy tails.

        Parameters
        ----------
        values : Tensor of shape (..., D), float32

        Returns
        -------
        values : Tensor of shape (..., D), float32
            The same tensor where no channel has heavy tails.
        """
        if not self._channels:
            return values
        values = values.clone()
        for channel in self._channels:
            values[..., channel] = _interpolate(
                values[..., channel], self.knots[channel], self.scores[channel]
            )
        return values


def _find_channels(module, _=None):
    """Keep the numbers of the channels with heavy tails: those that have knots."""
    has_knots = module.knots[:, -1] > module.knots[:, 0]
    module._channels = tuple(has_knots.nonzero().ravel().tolist())


def _rank(column):
    """Give 32 ascending values and their normal scores."""
    values, counts = np.unique(column, return_counts=True)
    scores = ndtri((np.cumsum(counts) - counts / 2) / len(column))
    wanted = np.linspace(scores[0], scores[-1], _N_KNOTS)
    kept = np.unique(np.searchsorted(scores, wanted).clip(max=len(scores) - 1))
    values, scores = values[kept], scores[kept]
    # Where there are fewer, the rest lies beyond the largest and scores like it.
    n_missing = _N_KNOTS - len(values)
    beyond = np.abs(values).max() * np.arange(1, n_missing + 1)
    values = np.concatenate([values, values[-1] + beyond])
    return values, np.pad(scores, (0, n_missing), mode="edge")


def _interpolate(x, knots, scores):
    """Give the scores of x, linear between the knots and constant beyond them."""
    knots, scores = knots.to(x.dtype), scores.to(x.dtype)
    right = torch.searchsorted(knots, x.contiguous()).clamp(1, _N_KNOTS - 1)
    left = right - 1
    share = (x - knots[left]) / (knots[right] - knots[left])
    return torch.lerp(scores[left], scores[right], share.clamp(0, 1))
