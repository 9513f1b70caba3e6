"""Convolutions over time, and over the values of every step."""

import torch
from torch import nn

from sklearn_seqattn.nn.masking import every_step, zero_padding

#: Numbers of all windows of a sequence, few enough to copy them.
_MULTIPLIED_AT_ONCE = 2**18


class Convolution(nn.Module):
    """A 1D convolution over time, with zeros beyond both ends.

    Output step j is centered on input step ``j * stride``, so a sequence of
    length L gives ``ceil(L / stride)`` steps, however far it is padded.

    Parameters
    ----------
    input_size, channels : int
        Channels in and out.
    kernel_size, stride, dilation : int
        As in `torch.nn.Conv1d`.
    """

    def __init__(self, input_size, channels, *, kernel_size, stride=1, dilation=1):
        super().__init__()
        self.convolution = nn.Conv1d(
            input_size, channels, kernel_size, stride=stride, dilation=dilation
        )
        self.reach = (kernel_size - 1) * dilation
        self.n_taps = input_size * kernel_size
        self.stride = stride
        self.output_size = channels

    @property
    def bias(self):
        """What is added to each channel."""
        return self.convolution.bias

    def forward(self, x, mask):
        """Convolve (B, T, C) to (B, ceil(T / stride), channels)."""
        x = zero_padding(x, mask)
        convolve = self._multiply if self._is_small(x) else self._convolve
        return convolve(x), every_step(mask, self.stride)

    def _convolve(self, x):
        """Convolve (B, T, C) as images of one row, which need not be transposed.

        torch copies the batches of 1D convolutions to (B, C, T) and back.
        """
        if self.reach % 2:
            x = nn.functional.pad(x, (0, 0, 0, 1))
        images = nn.functional.conv2d(
            x.transpose(1, 2).unsqueeze(2),  # (B, C, 1, T)
            self.convolution.weight.unsqueeze(2),
            self.convolution.bias,
            stride=(1, self.stride),
            padding=(0, self.reach // 2),
            dilation=(1, *self.convolution.dilation),
        )
        return images.squeeze(2).transpose(1, 2)

    def _is_small(self, x):
        """Return whether to predict one sequence by `_multiply`."""
        if self.training or torch.compiler.is_exporting() or len(x) > 1:
            return False
        return (x.shape[1] + self.reach) * self.n_taps <= _MULTIPLIED_AT_ONCE

    def _multiply(self, x):
        """Convolve (1, T, C) by one product of matrices.

        For so few steps torch's convolutions, dilated ones above all, take longer.
        """
        convolution, left = self.convolution, self.reach // 2
        x = nn.functional.pad(x, (0, 0, left, self.reach - left))
        windows = x.unfold(1, self.reach + 1, self.stride)  # (1, T', C, reach + 1)
        windows = windows[..., :: convolution.dilation[0]].flatten(2)
        weight = convolution.weight.flatten(1)
        return nn.functional.linear(windows, weight, convolution.bias)


class TimeDistributedConvolution(nn.Module):
    """A 1D convolution over the values of a step, for every time step by itself.

    For steps that are frames: a row of pixels, a spectrum.

    Parameters
    ----------
    input_size : int
        The number of values of a step.
    channels, kernel_size : int
        As in `torch.nn.Conv1d`; the values keep their number by zeros beyond
        both ends.
    """

    def __init__(self, input_size, channels, *, kernel_size):
        super().__init__()
        self.convolution = nn.Conv1d(1, channels, kernel_size)
        self.reach = kernel_size - 1
        self.output_size = channels * input_size

    @property
    def bias(self):
        """What is added to each channel."""
        return self.convolution.bias

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, channels * C)."""
        left = self.reach // 2
        frames = x.flatten(0, 1)[:, None, :]  # (B T, 1, C)
        frames = nn.functional.pad(frames, (left, self.reach - left))
        return self.convolution(frames).flatten(1).unflatten(0, mask.shape), mask
