"""Sequences at another pace: what training sees instead of the same ones again."""

import math

import torch


def stretch_steps(values, lengths, most, *, multiple=1):
    """Play half of the sequences of a batch faster or slower, at random.

    Each of them gets a pace from ``1 / (1 + most)`` to ``1 + most``, even in the
    logarithm, and new steps are interpolated linearly between the old ones. The
    first and the last step stay what they are (Le Guennec et al., 2016, warp parts
    of a series in the same way).

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
    >>> from sklearn_seqattn.nn.stretching import stretch_steps
    >>> generator = torch.manual_seed(1)
    >>> ramps = torch.arange(9.0).expand(4, 9).unsqueeze(2)
    >>> values, lengths = stretch_steps(ramps, torch.tensor([9, 9, 9, 9]), 0.5)
    >>> values[:, 0, 0].tolist(), values[:, -1, 0].tolist()
    ([0.0, 0.0, 0.0, 0.0], [8.0, 8.0, 8.0, 8.0])
    """
    device = values.device
    change = (2 * torch.rand(len(lengths), device=device) - 1) * math.log1p(most)
    chosen = torch.rand(len(lengths), device=device) < 0.5
    last = lengths - 1  # (B,), the place of the last step
    new_lengths = (lengths * torch.exp(change * chosen)).round().long().clamp(min=1)
    pace = last / (new_lengths - 1).clamp(min=1)  # old steps to a new one
    n_steps = -(-int(new_lengths.max()) // multiple) * multiple
    steps = torch.arange(n_steps, device=device)
    places = (steps * pace[:, None]).clamp(max=last[:, None])  # (B, T')
    left = places.floor().long()
    right = (left + 1).clamp(max=last[:, None])
    weight = (places - left)[..., None].to(values.dtype)
    return torch.lerp(_pick(values, left), _pick(values, right), weight), new_lengths


def _pick(values, places):
    """Take steps (B, T', D) of (B, T, D) by their places (B, T')."""
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[2]))
