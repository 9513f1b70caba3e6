"""The last steps of a sequence as features: what a regression on lags reads."""

import torch

from sklearn_seqattn.nn.frozen_features import FrozenFeatures


class LastSteps(FrozenFeatures):
    """Return the last steps of each sequence side by side, the oldest one first.

    A sequence that has fewer steps is preceded by zeros, the mean of each channel.

    Parameters
    ----------
    input_size : int
        Channels D.
    n_steps : int
        How many steps.
    device : str or torch.device, default="cpu"
        Where the buffers are.

    Attributes
    ----------
    output_size : int
        Number of features, ``n_steps * input_size``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.last_steps import LastSteps
    >>> values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]])[:, :, None]
    >>> LastSteps(1, 2)(values, torch.tensor([3, 1]))
    tensor([[2., 3.],
            [0., 4.]])
    """

    def __init__(self, input_size, n_steps, device="cpu"):
        super().__init__()
        self.n_steps = n_steps
        self.output_size = n_steps * input_size
        self._add_buffers(device)

    def _features(self, values, lengths):
        """Pick the last steps of a padded batch."""
        steps = torch.arange(-self.n_steps, 0, device=values.device)
        steps = lengths[:, None] + steps  # (B, n_steps), negative before the start
        rows = torch.arange(len(values), device=values.device)[:, None]
        picked = values[rows, steps.clamp(min=0)]
        return picked.masked_fill((steps < 0)[:, :, None], 0.0).flatten(1).float()
