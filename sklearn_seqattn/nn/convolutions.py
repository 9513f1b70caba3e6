"""Convolutions over time, and over the values of every step."""

from torch import nn

from sklearn_seqattn.nn.masking import zero_padding


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
        self.stride = stride
        self.output_size = channels

    def forward(self, x, mask):
        """Convolve (B, T, C) to (B, ceil(T / stride), channels)."""
        left = self.reach // 2
        x = zero_padding(x, mask).transpose(1, 2)  # (B, C, T)
        x = nn.functional.pad(x, (left, self.reach - left))
        return self.convolution(x).transpose(1, 2), mask[:, :: self.stride]


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

    def forward(self, x, mask):
        """Map (B, T, C) to (B, T, channels * C)."""
        left = self.reach // 2
        frames = x.flatten(0, 1)[:, None, :]  # (B T, 1, C)
        frames = nn.functional.pad(frames, (left, self.reach - left))
        return self.convolution(frames).flatten(1).unflatten(0, mask.shape), mask
