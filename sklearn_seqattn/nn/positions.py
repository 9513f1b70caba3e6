"""Position encodings of a Transformer."""

import torch
from torch import nn


def _angles(places, size):
    """Return the angle of each place and frequency, (..., size / 2)."""
    pairs = torch.arange(size // 2, device=places.device, dtype=torch.float32)
    return places.float()[..., None] * 10_000.0 ** (-2.0 * pairs / size)


class SinusoidalPositions(nn.Module):
    """Sines and cosines of the position, added to each step (Vaswani et al., 2017).

    Parameters
    ----------
    size : int
        The size of a step. An odd one has a cosine less than sines.
    """

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x, places=None):
        """Add the positions to (B, T, size); places (B, T) are 0, 1, ... by default."""
        if places is None:
            places = torch.arange(x.shape[1], device=x.device)
        angles = _angles(places, self.size + self.size % 2)
        waves = torch.cat([angles.sin(), angles.cos()], dim=-1)[..., : self.size]
        return x + waves.to(x.dtype)


class RotaryPositions(nn.Module):
    """Rotation of queries and keys by an angle of the position (Su et al., 2021).

    The dot product of a rotated query and key depends on their distance alone.

    Parameters
    ----------
    size : int
        The size of a head. The last value of an odd one is not rotated.
    """

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x, places=None):
        """Rotate (B, N, T, size); places (B, T) are 0, 1, ... by default."""
        if places is None:
            angles = _angles(torch.arange(x.shape[2], device=x.device), self.size)
        else:
            angles = _angles(places[:, None], self.size)  # the same for all heads
        sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)
        first, second, rest = x.split([self.size // 2] * 2 + [self.size % 2], dim=-1)
        rotated = first * cos - second * sin, first * sin + second * cos, rest
        return torch.cat(rotated[: 2 + self.size % 2], dim=-1)
