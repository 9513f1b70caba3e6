"""Frozen random convolutions that compete: features are the shares of steps won.

In each group of eight random kernels, the one of the largest response wins a step, and
so does the one of the smallest. A feature is the root of the share of a sequence's
steps that one kernel wins. Nothing is learned by gradient.
"""

import math

import torch
from torch.nn import functional

from sklearn_seqattn.nn.frozen_features import FrozenFeatures
from sklearn_seqattn.nn.kernel_input import KernelInput, guarded
from sklearn_seqattn.nn.kernel_plan import (
    KERNEL_LENGTH,
    MAX_CHANNELS_PER_KERNEL,
    draw_channels,
)
from sklearn_seqattn.nn.masking import is_full, length_mask
from sklearn_seqattn.nn.row_blocks import column_moments, row_blocks

GROUP_SIZE = 8
# Weights are multiples of this, so that their sums are exact.
_WEIGHT_STEP = 2.0**-7
# The absolute weights of a kernel sum to 1 before they are rounded.
_LARGEST_WEIGHT_SUM = 1.25
# Values are clipped here, in standard deviations, before they are rounded.
_CLIP = 8.0
# With more channels than this, mixing the windows first is faster.
_MAX_DENSE_CHANNELS = 4


class CompetingConvolutions(FrozenFeatures):
    """Shares of steps at which fixed random convolutions win their group.

    Half of the groups see the values, the others their differences in time. The
    kernels, the channels each group sees and the statistics of the features are
    buffers. A new module holds no useful values until `fit` or `load_state_dict` has
    filled them in.

    Parameters
    ----------
    input_size : int
        Channels D.

    max_length : int
        Steps of the longest training sequence; decides the dilations.

    n_features : int, default=10_000
        Wanted number of features, rounded down to whole groups.

    device : str or torch.device, default="cpu"
        Where the buffers are.

    Attributes
    ----------
    output_size : int
        Number of features.

    Notes
    -----
    Features are grouped by dilation, by values and differences, by largest and
    smallest responses, then by kernel. Kernels of equal responses all win. Values and
    weights lie on grids on which sums are exact (`KernelInput`): a feature is the same
    to the last bit for any padding, batch, thread count or device.

    Two things differ from the paper: what wins is counted for the smallest
    responses and for the largest, without their size; and each group draws a
    subset of the channels as in `RandomConvolutions`.

    References
    ----------
    Dempster, A., Schmidt, D. F., Webb, G. I. (2023). HYDRA: Competing convolutional
    kernels for fast and accurate time series classification. Data Mining and
    Knowledge Discovery 37.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.competing_convolutions import CompetingConvolutions
    >>> values, lengths = torch.randn(30, 2), torch.tensor([12, 18])
    >>> kernels = CompetingConvolutions(input_size=2, max_length=18, n_features=640)
    >>> kernels = kernels.fit(values, lengths, torch.Generator().manual_seed(0))
    >>> kernels(values[:12].unsqueeze(0), lengths[:1]).shape
    torch.Size([1, 640])
    """

    steps_per_chunk = 256  # the responses of both halves are read six times

    def __init__(self, input_size, max_length, n_features=10_000, device="cpu"):
        super().__init__()
        span = max(1.0, (max_length - 1) / (KERNEL_LENGTH - 1))
        self.dilations = [2**i for i in range(int(math.log2(span)) + 1)]
        per_group = 2 * GROUP_SIZE * len(self.dilations)
        self.n_groups = 2 * max(1, n_features // (2 * per_group))
        self.output_size = per_group * self.n_groups
        most = min(input_size, MAX_CHANNELS_PER_KERNEL)
        self.inputs = KernelInput(
            input_size,
            clip=_CLIP,
            largest_sum=2 * most * _LARGEST_WEIGHT_SUM / _WEIGHT_STEP,
            device=device,
        )
        self._add_buffers(
            device,
            weights=(len(self.dilations), self.n_groups, GROUP_SIZE, KERNEL_LENGTH),
            channels=(len(self.dilations), self.n_groups, input_size),
        )

    @torch.no_grad()
    def fit(self, values, lengths, generator, *, is_binary=None, like=None):
        """Draw the kernels and the channels they see, and learn the scale of values.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32, or object with a method `blocks`
            All training sequences, concatenated.

        lengths : Tensor of shape (n,), int64
            Not used.

        generator : torch.Generator
            On the CPU, as are the other arguments.

        is_binary : ndarray of shape (D,), bool, or None, default=None
            Which channels have at most two values; None for no channel.

        like : KernelInput or None, default=None
            One that was fitted to the same values.

        Returns
        -------
        self : CompetingConvolutions
        """
        self.inputs.fit(values, like)
        weights = torch.randn(self.weights.shape, generator=generator, device="cpu")
        weights -= weights.mean(-1, keepdim=True)
        weights /= weights.abs().sum(-1, keepdim=True) * _WEIGHT_STEP
        weights = weights.round_()
        weights[..., KERNEL_LENGTH // 2] -= weights.sum(-1)  # a shift changes nothing
        self.weights.copy_(weights * _WEIGHT_STEP)
        self.channels.copy_(draw_channels(self.channels.shape, generator, is_binary))
        return self

    def fit_statistics(self, features):
        """Learn the mean and scale that `standardize` removes.

        Features of kernels that seldom win get a larger scale, so that they weigh less.

        Parameters
        ----------
        features : Tensor of shape (n, n_features), or object with a method `blocks`
            Features of the training sequences.

        Returns
        -------
        self : CompetingConvolutions
        """
        moments = column_moments(features)
        absent = sum((block == 0).sum(0) for block in row_blocks(features))
        std = moments.std + (absent.double() / moments.n_rows) ** 4
        self.feature_mean.copy_(moments.mean)
        self.feature_std.copy_(guarded(std.float()))
        return self

    def _features(self, values, lengths):
        """Compute the features of a chunk that fits a cache."""
        x = self.inputs(values, lengths)  # (D, B, T)
        real = length_mask(lengths, x.shape[2])
        # No response is infinite, so nothing wins a padded step.
        penalty = None if is_full(real) else -real.to(x.dtype).log()  # (B, T)
        seen = torch.stack([x, _differences(x, real)])
        parts = []
        for i, dilation in enumerate(self.dilations):
            responses = self._responses(seen, i, dilation)  # (2, 8, G, B, T)
            won, shares = torch.empty_like(responses), []
            for best in (responses.amax(1, True), responses.amin(1, True)):
                if penalty is not None:
                    best += penalty
                shares.append(torch.eq(responses, best, out=won).sum(4))
            parts.append(torch.stack(shares, 1).transpose(2, 3).flatten(0, 3))
        return (torch.cat(parts) / lengths).sqrt_().T

    def _responses(self, x, i, dilation):
        """Convolve values and differences (2, D, B, T) at dilation i.

        The result (2, 8, G, B, T) has the kernels of a group first.
        """
        n_steps, margin = x.shape[3], dilation * (KERNEL_LENGTH // 2)
        windows = functional.pad(x, (margin, margin)).unfold(3, n_steps, dilation)
        windows = windows.transpose(2, 3).flatten(3)  # (2, D, 9, B T)
        weights = self.weights[i].unflatten(0, (2, -1))  # (2, G, 8, 9)
        channels = self.channels[i].unflatten(0, (2, -1))  # (2, G, D)
        if x.shape[1] <= _MAX_DENSE_CHANNELS:
            # The groups come last, because operations over many numbers are faster.
            channels = channels.transpose(1, 2).contiguous()  # (2, D, G)
            weights = weights.transpose(1, 3).contiguous()  # (2, 9, 8, G)
            kernels = weights.unsqueeze(1) * channels[:, :, None, None]
            kernels = kernels.flatten(3).flatten(1, 2).transpose(1, 2)  # (2, 8 G, 9 D)
            responses = (kernels @ windows.flatten(1, 2)).unflatten(1, (GROUP_SIZE, -1))
        else:
            mixed = (channels @ windows.flatten(2)).unflatten(2, (KERNEL_LENGTH, -1))
            responses = (weights @ mixed).transpose(1, 2)  # from (2, G, 8, B T)
        return responses.unflatten(3, x.shape[2:])


def _differences(x, real):
    """Return differences in time of (D, B, T), zero at the first and padded steps."""
    differences = functional.pad(x.diff(dim=2), (1, 0))
    return differences if is_full(real) else differences.masked_fill(~real, 0.0)
