"""Positions: how a Transformer knows where in the sequence a step stands."""

import torch
from torch import nn


def _angles(n_steps, size, device):
    """Give the angle of each position and frequency, (T, size / 2)."""
    pairs = torch.arange(size // 2, device=device, dtype=torch.float32)
    frequencies = 10_000.0 ** (-2.0 * pairs / size)
    steps = torch.arange(n_steps, device=device, dtype=torch.float32)
    return steps[:, None] * frequencies


class SinusoidalPositions(nn.Module):
    """Sines and cosines of the position, added to each step (Vaswani et al., 2017).

    Parameters
    ----------
    size : int
        The size of a step; even.
    """

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        """Add the positions to (B, T, size)."""
        angles = _angles(x.shape[1], self.size, x.device)
        return x + torch.cat([angles.sin(), angles.cos()], dim=-1).to(x.dtype)


class RotaryPositions(nn.Module):
    """Rotation of queries and keys by an angle of the position (Su et al., 2021).

    The dot product of a rotated query and key depends on their distance alone.

    Parameters
    ----------
    size : int
        The size of a head; even.
    """

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        """Rotate (B, N, T, size)."""
        angles = _angles(x.shape[2], self.size, x.device)
        sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)  # (T, size / 2)
        first, second = x.chunk(2, dim=-1)
        rotated = (first * cos - second * sin, first * sin + second * cos)
        return torch.cat(rotated, dim=-1)
