"""Normalization of steps, and of their differences."""

import torch
from torch import nn

from sklearn_seqattn.nn.batch_share import gathering
from sklearn_seqattn.nn.masking import is_full, put_rows, real_steps


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
        """Normalize steps (S, C) of a training; one alone has no variance to use."""
        if len(steps) == 1:
            return self._by_known(steps)
        gather = gathering()
        return self.norm(steps) if gather is None else self._shared(steps, gather)

    def _by_known(self, steps):
        """Normalize steps (S, C) by the running statistics."""
        norm = self.norm
        return torch.batch_norm(
            steps,
            norm.weight,
            norm.bias,
            norm.running_mean,
            norm.running_var,
            training=False,
            momentum=0.0,
            eps=norm.eps,
            cudnn_enabled=torch.backends.cudnn.enabled,
        )

    def _shared(self, steps, gather):
        """Do what `norm` does, with the statistics over the steps of all processes."""
        norm = self.norm
        normal, mean, variance = _Standardize.apply(steps, norm.eps, gather)
        with torch.no_grad():
            norm.num_batches_tracked += 1
            norm.running_mean.lerp_(mean, norm.momentum)
            norm.running_var.lerp_(variance, norm.momentum)
        if norm.affine:
            normal = normal * norm.weight + norm.bias
        return normal.to(steps.dtype)

    def forward(self, x, mask):
        """Normalize each channel over the batch's real steps."""
        if not self.training:
            # Known statistics: to pick the real steps would take more time.
            normal = self._by_known(x.flatten(0, 1))
        elif is_full(mask):
            normal = self._normalize(x.flatten(0, 1))
        else:
            steps, places = real_steps(x, mask)
            normal = put_rows(self._normalize(steps), places, mask.numel())
        return normal.view(x.shape), mask


class _Standardize(torch.autograd.Function):
    """Standardize steps (S, C) by the statistics over those of all processes.

    Also returns the mean and the unbiased variance, (C,).
    """

    @staticmethod
    def forward(ctx, steps, eps, gather):
        steps = steps.to(torch.promote_types(steps.dtype, torch.float32))
        variance, mean = torch.var_mean(steps, dim=0, correction=0)
        moments = torch.cat([mean.new_full((1,), len(steps)), mean, variance])
        counts, means, variances = gather(moments).split(
            [1, len(mean), len(mean)], dim=1
        )
        shares, n_steps = counts / counts.sum(), counts.sum()
        mean = (shares * means).sum(dim=0)
        variance = (shares * (variances + (means - mean) ** 2)).sum(dim=0)
        scale = (variance + eps).rsqrt()
        normal = (steps - mean) * scale
        ctx.save_for_backward(normal, scale, n_steps)
        ctx.gather = gather
        variance = variance * n_steps / (n_steps - 1)
        ctx.mark_non_differentiable(mean, variance)
        return normal, mean, variance

    @staticmethod
    def backward(ctx, gradient, *_):
        normal, scale, n_steps = ctx.saved_tensors
        sums = torch.cat([gradient.sum(dim=0), (gradient * normal).sum(dim=0)])
        mean, slope = (ctx.gather(sums).sum(dim=0) / n_steps).chunk(2)
        return (gradient - mean - normal * slope) * scale, None, None


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
