"""Positions: how a Transformer knows where in the sequence a step stands."""

import torch
from torch import nn


def _angles(n_steps, size, device, places):
    """Give the angle of each place and frequency, (T, size / 2) or (B, T, size / 2).

    The places are 0, 1, 2, ... by default.
    """
    pairs = torch.arange(size // 2, device=device, dtype=torch.float32)
    frequencies = 10_000.0 ** (-2.0 * pairs / size)
    if places is None:
        places = torch.arange(n_steps, device=device)
    return places.float()[..., None] * frequencies


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

    def forward(self, x, places=None):
        """Add the positions to (B, T, size)."""
        angles = _angles(x.shape[1], self.size, x.device, places)
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

    def forward(self, x, places=None):
        """Rotate (B, N, T, size)."""
        angles = _angles(x.shape[2], self.size, x.device, places)
        if places is not None:
            angles = angles[:, None]  # alike for all heads
        sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)  # (T, size / 2)
        first, second = x.chunk(2, dim=-1)
        rotated = (first * cos - second * sin, first * sin + second * cos)
        return torch.cat(rotated, dim=-1)
