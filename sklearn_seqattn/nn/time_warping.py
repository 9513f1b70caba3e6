"""Time warping: random changes of tempo in training sequences."""

import math

import torch

from sklearn_seqattn.nn.batch_share import own_rows, whole_lengths

_N_PARTS = 4


def warp_time(values, lengths, most, *, multiple=1):
    """Warp half of the sequences of a batch in time, at random.

    All of them are warped by one factor between ``1 / (1 + most)`` and ``1 + most``,
    so that little is padded. Each quarter of each of them is then warped by a factor
    of its own between ``1 / (1 + 2 most)`` and ``1 + 2 most``, relative to the other
    quarters. Logarithms of factors are uniform. New steps are interpolated linearly
    between the old ones; the first and the last step keep their values (Le Guennec et
    al., 2016, warp parts of a series in the same way).

    Parameters
    ----------
    values : Tensor of shape (B, T, D), float
        A padded batch.
    lengths : Tensor of shape (B,), int64
        Its numbers of real steps.
    most : float
        The largest change of a length, as a share of it.
    multiple : int, default=1
        The padded number of steps of the result is a multiple of it. Few different
        shapes are faster, since torch prepares each shape once.

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
    >>> from sklearn_seqattn.nn.time_warping import warp_time
    >>> generator = torch.manual_seed(1)
    >>> ramps = torch.arange(9.0).expand(4, 9).unsqueeze(2)
    >>> values, lengths = warp_time(ramps, torch.tensor([9, 9, 9, 9]), 0.5)
    >>> values[:, 0, 0].tolist(), values[:, -1, 0].tolist()
    ([0.0, 0.0, 0.0, 0.0], [8.0, 8.0, 8.0, 8.0])
    """
    device, whole = values.device, whole_lengths(lengths)
    chosen = torch.rand(len(whole), 1, dtype=torch.float32, device=device) < 0.5
    change = _draw(1, 1, most, device) * chosen  # (B, 1)
    new_lengths = (whole * change.squeeze(1).exp()).round().long().clamp(min=1)
    n_steps = -(-int(new_lengths.max()) // multiple) * multiple
    parts = own_rows(_draw(len(whole), _N_PARTS, 2 * most, device) * chosen)
    new_lengths = own_rows(new_lengths)
    last = (lengths - 1)[:, None]  # (B, 1), the place of the last step
    steps = torch.arange(n_steps, device=device)
    shares = steps / (new_lengths - 1).clamp(min=1)[:, None]  # (B, T')
    places = (_warped(shares.clamp(max=1.0), parts.exp()) * last).clamp(max=last)
    left = places.floor().long()
    right = (left + 1).clamp(max=last)
    weight = (places - left)[..., None].to(values.dtype)
    return torch.lerp(_pick(values, left), _pick(values, right), weight), new_lengths


def _draw(n_rows, n_columns, most, device):
    """Return uniform logarithms of factors, (n_rows, n_columns)."""
    drawn = torch.rand(n_rows, n_columns, dtype=torch.float32, device=device)
    return (2 * drawn - 1) * math.log1p(most)


def _warped(shares, durations):
    """Return the shares of the old time for those of the new one.

    Parameters
    ----------
    shares : Tensor of shape (B, T'), float
        From 0 to 1.
    durations : Tensor of shape (B, P), float
        How long each of P equal parts of the old time lasts in the new one.

    Returns
    -------
    shares : Tensor of shape (B, T')
    """
    durations = durations / durations.sum(dim=1, keepdim=True)
    ends = durations.cumsum(dim=1)
    part = torch.searchsorted(ends[:, :-1].contiguous(), shares, right=True)
    begun = (ends - durations).gather(1, part)
    within = (shares - begun) / durations.gather(1, part)
    return (part + within) / durations.shape[1]


def _pick(values, places):
    """Return the steps (B, T', D) of (B, T, D) at places (B, T')."""
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[2]))
