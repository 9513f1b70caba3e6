"""The values that random convolutions see: scored, standardized and on a grid."""

import math

import torch
from torch import nn

from sklearn_seqattn.nn.normal_scores import NormalScores
from sklearn_seqattn.nn.row_blocks import column_moments


class KernelInput(nn.Module):
    """Scale sequences to a grid on which float32 sums are exact.

    Channels with heavy tails are ranked (`NormalScores`). Then values are standardized
    per channel, clipped and rounded. A sum that stays below `largest_sum` has the same
    bits in any order, so that a feature does not depend on padding, batch, threads or
    device, also where a response equals its threshold. All is computed in float32, also
    in a module that was converted to double precision: a value would be rounded to
    another place of the grid than when the thresholds were learned.

    Parameters
    ----------
    input_size : int
        Channels D.

    clip : float
        Values are clipped here, in standard deviations, before they are rounded.

    largest_sum : float
        The largest absolute value of a sum, in units of the smallest step of the
        weights, for values of one.

    device : str or torch.device, default="cpu"
        Where the buffers are.
    """

    def __init__(self, input_size, *, clip, largest_sum, device="cpu"):
        super().__init__()
        self.clip = clip
        self.grid = 2.0 ** math.floor(24 - math.log2(clip * largest_sum))
        self.normal_scores = NormalScores(input_size, device)
        for name, fill in (("mean", 0.0), ("std", 1.0)):
            buffer = torch.full((input_size,), fill, dtype=torch.float32, device=device)
            self.register_buffer(name, buffer)

    @torch.no_grad()
    def fit(self, values, like=None):
        """Learn the scale of each channel.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32, or object with a method `blocks`
            All training sequences, concatenated.
        like : KernelInput or None, default=None
            One that was fitted to the same values, whose scale is copied.

        Returns
        -------
        self : KernelInput
        """
        if like is not None:
            self.load_state_dict(like.state_dict())
            return self
        moments = column_moments(values)
        self.normal_scores.fit(values, moments)
        if self.normal_scores.changes_channels:
            moments = column_moments(values, self.normal_scores)
        self.mean.copy_(moments.mean)
        self.std.copy_(guarded(moments.std.float()))
        return self

    def forward(self, values, lengths):
        """Scale and round a batch (B, T, D); return (D, B, T), zero where padded."""
        x = self.normal_scores(values.float())
        x = (x - self.mean.float()) / self.std.float()
        x = x.clamp(-self.clip, self.clip).mul(self.grid).round().div(self.grid)
        padded = torch.arange(x.shape[1], device=x.device) >= lengths.unsqueeze(1)
        x = x.masked_fill(padded.unsqueeze(2), 0.0)
        return x.permute(2, 0, 1).to(self.mean.dtype).contiguous()


def guarded(std):
    """Replace zero standard deviations by one.

    Parameters
    ----------
    std : Tensor
        Standard deviations.

    Returns
    -------
    std : Tensor
    """
    return torch.where(std > 0, std, torch.ones_like(std))
