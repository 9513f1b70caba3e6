"""Plan of the random convolutions: weights, dilations, channels, counted steps."""

import math
from itertools import combinations

import torch

N_KERNELS = 84
KERNEL_LENGTH = 9
MAX_CHANNELS_PER_KERNEL = 9
_MAX_DILATIONS = 32


def kernel_weights(device):
    """Return the 84 kernels of length 9: three weights are 2, the others -1.

    Parameters
    ----------
    device : str or torch.device
        Where to make them.

    Returns
    -------
    weights : Tensor of shape (84, 9), float32
        Every row sums to zero, so that a constant shift changes no response.
    """
    weights = -torch.ones(N_KERNELS, KERNEL_LENGTH, dtype=torch.float32, device=device)
    for row, taps in zip(weights, combinations(range(KERNEL_LENGTH), 3), strict=True):
        row[list(taps)] = 2.0
    return weights


def dilation_plan(n_features, max_length):
    """Choose the dilations and how many thresholds a kernel gets at each.

    Parameters
    ----------
    n_features : int
        Wanted number of features; at least 84 are made, in multiples of 84.

    max_length : int
        Steps of the longest training sequence. A kernel spans up to all of it.

    Returns
    -------
    dilations : list of int
        At most 32, spread evenly in the logarithm from 1 upwards, ascending.

    n_biases : list of int
        Thresholds a kernel at each dilation; they sum to ``n_features // 84``.
    """
    total = max(1, n_features // N_KERNELS)
    n_steps = min(total, _MAX_DILATIONS)
    span = KERNEL_LENGTH - 1
    largest = math.log2(max(1.0, (max_length - 1) / span))
    counts = {}
    for step in range(n_steps):
        dilation = int(2 ** (largest * step / max(1, n_steps - 1)) + 1e-9)
        counts[dilation] = counts.get(dilation, 0) + 1
    n_biases = [count * total // n_steps for count in counts.values()]
    for i in range(total - sum(n_biases)):  # the rest of rounding down
        n_biases[i % len(n_biases)] += 1
    return list(counts), n_biases


def draw_channels(shape, generator, is_binary=None):
    """Draw a random subset of channels for each dilation and kernel.

    Parameters
    ----------
    shape : tuple
        Dilations, kernels and channels (I, J, D).

    generator : torch.Generator
        On the CPU.

    is_binary : ndarray of shape (D,), bool, or None, default=None
        Which channels have at most two values; None for no channel. If they are at
        most half of the channels, no kernel sees them.

    Returns
    -------
    channels : Tensor of shape (I, J, D), float32
        One where a kernel sees a channel, else zero. Small subsets are likelier.
    """
    if is_binary is None or 2 * is_binary.sum() > shape[-1]:
        return _draw_subsets(shape, generator)
    channels = torch.zeros(shape, dtype=torch.float32, device="cpu")
    seen = torch.from_numpy(~is_binary)
    drawn = (*shape[:2], int(seen.sum()))
    channels[..., seen] = _draw_subsets(drawn, generator)
    return channels


def _draw_subsets(shape, generator):
    """Draw subsets (I, J, D) in which all channels are as likely."""
    options = {"generator": generator, "dtype": torch.float32, "device": "cpu"}
    most = min(shape[-1], MAX_CHANNELS_PER_KERNEL)
    exponent = torch.rand(shape[:2], **options) * math.log2(most + 1)
    n_channels = torch.floor(2**exponent).clamp(1, most)
    rank = torch.rand(shape, **options).argsort(-1).argsort(-1)
    return (rank < n_channels.unsqueeze(-1)).to(torch.float32)


def counted_steps(n_steps, lengths, dilation, inner):
    """Mark the steps at which the responses of a kernel count.

    Parameters
    ----------
    n_steps : int
        Padded steps T.

    lengths : Tensor of shape (B,), int64
        Real steps of each sequence.

    dilation : int
        Dilation of the kernel.

    inner : bool
        Whether only steps count at which the kernel lies inside the sequence. All real
        steps of a sequence no longer than the kernel count.

    Returns
    -------
    counted : Tensor of shape (B, T), bool
    """
    lengths = lengths.unsqueeze(1)
    time = torch.arange(n_steps, device=lengths.device)
    if not inner:
        return time < lengths
    margin = dilation * (KERNEL_LENGTH // 2)
    # A sequence no longer than the kernel has no inside: all its steps count.
    margin = margin * (lengths > 2 * margin)
    return (time >= margin) & (time < lengths - margin)
