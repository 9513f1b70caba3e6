"""Sequences at another pace: what training sees instead of the same ones again."""

import math

import torch

_PIECES = 4


def stretch_steps(values, lengths, most, *, multiple=1):
    """Play half of the sequences of a batch faster and slower, at random.

    They get one pace for all, from ``1 / (1 + most)`` to ``1 + most``, so that little
    is padded, and each quarter of each of them one of its own beside that, from
    ``1 / (1 + 2 most)`` to ``1 + 2 most``, which leaves its length. Both are even in
    the logarithm. New steps are interpolated linearly between the old ones; the first
    and the last stay what they are (Le Guennec et al., 2016, warp parts of a series
    in the same way).

    Parameters
    ----------
    values : Tensor of shape (B, T, D), float
        A padded batch.
    lengths : Tensor of shape (B,), int64
        Its numbers of real steps.
    most : float
        The largest change of a length, as a share of it.
    multiple : int, default=1
        What the number of steps of the result is a multiple of. Batches of few
        different shapes are faster: for each shape torch compiles once.

    Returns
    -------
    values : Tensor of shape (B, T', D)
        Padded with the last real step.
    lengths : Tensor of shape (B,), int64
        The new numbers of steps.

    References
    ----------
    A. Le Guennec, S. Malinowski and R. Tavenard, "Data augmentation for time
    series classification using convolutional neural networks", AALTD 2016.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.time_warping import stretch_steps
    >>> generator = torch.manual_seed(1)
    >>> ramps = torch.arange(9.0).expand(4, 9).unsqueeze(2)
    >>> values, lengths = stretch_steps(ramps, torch.tensor([9, 9, 9, 9]), 0.5)
    >>> values[:, 0, 0].tolist(), values[:, -1, 0].tolist()
    ([0.0, 0.0, 0.0, 0.0], [8.0, 8.0, 8.0, 8.0])
    """
    chosen = torch.rand(len(lengths), 1, device=values.device) < 0.5  # (B, 1)
    change = _draw(1, 1, most, values.device) * chosen
    new_lengths = (lengths * change.squeeze(1).exp()).round().long().clamp(min=1)
    n_steps = -(-int(new_lengths.max()) // multiple) * multiple
    pieces = _draw(len(lengths), _PIECES, 2 * most, values.device) * chosen
    last = (lengths - 1)[:, None]  # (B, 1), the place of the last step
    steps = torch.arange(n_steps, device=values.device)
    shares = steps / (new_lengths - 1).clamp(min=1)[:, None]  # (B, T')
    places = (_warped(shares.clamp(max=1.0), pieces.exp()) * last).clamp(max=last)
    left = places.floor().long()
    right = (left + 1).clamp(max=last)
    weight = (places - left)[..., None].to(values.dtype)
    return torch.lerp(_pick(values, left), _pick(values, right), weight), new_lengths


def _draw(n_rows, n_columns, most, device):
    """Draw logarithms of paces, evenly."""
    drawn = torch.rand(n_rows, n_columns, device=device)
    return (2 * drawn - 1) * math.log1p(most)


def _warped(shares, durations):
    """Map shares of the new time to those of the old one.

    Parameters
    ----------
    shares : Tensor of shape (B, T'), float
        From 0 to 1.
    durations : Tensor of shape (B, P), float
        How long each of P equal pieces of the old time lasts in the new one.

    Returns
    -------
    shares : Tensor of shape (B, T')
    """
    durations = durations / durations.sum(dim=1, keepdim=True)
    ends = durations.cumsum(dim=1)
    piece = torch.searchsorted(ends[:, :-1].contiguous(), shares, right=True)
    begun = (ends - durations).gather(1, piece)
    within = (shares - begun) / durations.gather(1, piece)
    return (piece + within) / durations.shape[1]


def _pick(values, places):
    """Take steps (B, T', D) of (B, T, D) by their places (B, T')."""
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[2]))
