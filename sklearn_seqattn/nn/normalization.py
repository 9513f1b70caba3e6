"""Normalization of steps, and of their differences."""

import torch
from torch import nn

from sklearn_seqattn.nn.masking import on_real_steps


class BatchNorm(nn.Module):
    """Batch normalization with the statistics of real steps only.

    Parameters
    ----------
    input_size : int
        The number of channels.
    affine : bool, default=True
        Whether a learned scale and shift follow.
    """

    def __init__(self, input_size, *, affine=True):
        super().__init__()
        self.norm = nn.BatchNorm1d(input_size, affine=affine)
        self.output_size = input_size

    def _normalize(self, steps):
        """Normalize steps (S, C); in training, one alone has no variance to use."""
        if not self.training or len(steps) == 1:
            return nn.functional.batch_norm(
                steps,
                self.norm.running_mean,
                self.norm.running_var,
                self.norm.weight,
                self.norm.bias,
                eps=self.norm.eps,
            )
        return self.norm(steps)

    def forward(self, x, mask):
        """Normalize each channel over the batch's real steps."""
        if self.training:
            return on_real_steps(self._normalize, x, mask), mask
        # Known statistics: all steps at once take less time than to pick the real ones.
        return self._normalize(x.flatten(0, 1)).view(x.shape), mask


class LayerNorm(nn.Module):
    """Layer normalization of every step by itself.

    Parameters
    ----------
    input_size : int
        The number of channels.
    """

    def __init__(self, input_size):
        super().__init__()
        self.norm = nn.LayerNorm(input_size)
        self.output_size = input_size

    def forward(self, x, mask):
        """Normalize the channels of each step."""
        return self.norm(x), mask


class Differences(nn.Module):
    """Each step, joined with its batch-normalized difference from an earlier step.

    ``[x_t ; norm(x_t - x_(t - lag))]``; the difference of the first `lag` steps is zero
    before it is normalized. A convolution learns slopes of smooth values slowly;
    these channels hold them.

    Parameters
    ----------
    input_size : int
        The number of channels.
    lag : int
        Steps between the two values of a difference.
    """

    def __init__(self, input_size, lag):
        super().__init__()
        self.lag = lag
        # Without parameters, no gradient has to pass through the first convolution.
        self.norm = BatchNorm(input_size, affine=False)
        self.output_size = 2 * input_size

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, 2 C)."""
        first = x[:, : self.lag]
        later = x[:, self.lag :] - x[:, : -self.lag]
        differences = torch.cat([first - first, later], dim=1)
        return torch.cat([x, self.norm(differences, mask)[0]], dim=-1), mask
