"""Normal scores: channels with heavy tails are replaced by normal quantiles."""

import torch
from torch import nn

from sklearn_seqattn.nn.row_blocks import column_moments, row_blocks

#: Excess kurtosis from which on a channel is ranked; of a normal distribution it is 0.
_HEAVY = 100.0

_N_KNOTS = 32

#: Steps that are ranked, at most; of more, evenly spaced ones.
_MOST_RANKED = 2**22


class NormalScores(nn.Module):
    """Replace the values of channels with heavy tails by their normal scores.

    Counts and amounts of money span orders of magnitude: in standard deviations nearly
    all of them are zero. Where a channel's excess kurtosis over all
    training steps is above 100, a value of rank r among S of them (of more than
    4,194,304 evenly spaced ones) becomes the quantile
    ``(r - 1/2) / S`` of the normal distribution, r the mean rank of equal ones. Values
    in between are interpolated between at most 32 knots, and those beyond the training
    values get the scores of these. Other channels do not change.

    The knots are buffers. A new module holds no useful values until `fit` or
    `load_state_dict` has filled them in.

    Parameters
    ----------
    input_size : int
        Channels D.
    device : str or torch.device, default="cpu"
        Where the buffers are.

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

    def __init__(self, input_size, device="cpu"):
        super().__init__()
        options = {"dtype": torch.float32, "device": device}
        self.register_buffer("knots", torch.zeros(input_size, _N_KNOTS, **options))
        self.register_buffer("scores", torch.zeros(input_size, _N_KNOTS, **options))
        self._channels = ()  # those with heavy tails, kept outside of tensors
        self.register_load_state_dict_post_hook(_find_channels)

    @torch.no_grad()
    def fit(self, values, moments=None):
        """Find the channels with heavy tails and rank their values.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32, or object with a method `blocks`
            All training steps, on the CPU.
        moments : ColumnMoments or None, default=None
            Those of the channels, if they are known.

        Returns
        -------
        self : NormalScores
        """
        self.knots.zero_()
        moments = column_moments(values) if moments is None else moments
        for channel in (moments.kurtosis > _HEAVY).nonzero().ravel().tolist():
            column = _spaced(values, channel, -(-moments.n_rows // _MOST_RANKED))
            self.knots[channel], self.scores[channel] = _rank(column)
        _find_channels(self)
        return self

    @property
    def changes_channels(self):
        """Whether any channel has heavy tails."""
        return bool(self._channels)

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
    """Store the indices of the channels with heavy tails, which have knots."""
    has_knots = module.knots[:, -1] > module.knots[:, 0]
    module._channels = tuple(has_knots.nonzero().ravel().tolist())


def _spaced(values, channel, every):
    """Return every so many-th value of a channel."""
    found, first = [], 0
    for block in row_blocks(values):
        found.append(block[-first % every :: every, channel].clone())
        first += len(block)
    return torch.cat(found)


def _rank(column):
    """Return 32 values in ascending order and their normal scores."""
    values, counts = column.unique(return_counts=True)
    mean_ranks = counts.double().cumsum(0) - (counts - 1) / 2
    scores = torch.special.ndtri((mean_ranks - 0.5) / len(column))
    wanted = torch.linspace(
        scores[0], scores[-1], _N_KNOTS, dtype=torch.double, device=scores.device
    )
    kept = torch.searchsorted(scores, wanted).clamp(max=len(scores) - 1).unique()
    n_missing = _N_KNOTS - len(kept)  # the largest is repeated
    kept = torch.cat([kept, kept[-1:].expand(n_missing)])
    return values[kept], scores[kept]


def _interpolate(x, knots, scores):
    """Return the scores of x, linear between the knots and constant beyond them."""
    knots, scores = knots.to(x.dtype), scores.to(x.dtype)
    right = torch.searchsorted(knots, x.contiguous()).clamp(1, _N_KNOTS - 1)
    left = right - 1
    width = knots[right] - knots[left]
    share = (x - knots[left]) / torch.where(width > 0, width, 1.0)
    return torch.lerp(scores[left], scores[right], share.clamp(0, 1))
