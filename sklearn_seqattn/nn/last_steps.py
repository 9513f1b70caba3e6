"""The last steps of a sequence as features: what a regression on lags reads."""

import torch

from sklearn_seqattn.nn.frozen_features import FrozenFeatures
from sklearn_seqattn.nn.kernel_input import KernelInput

# Values are clipped here, in standard deviations: a linear model has no bounds.
_CLIP = 8.0


class LastSteps(FrozenFeatures):
    """Return the last steps of each sequence side by side, the oldest one first.

    The values are scaled by `KernelInput`. A sequence that has fewer steps is preceded
    by zeros, the mean of each channel.

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
        self.inputs = KernelInput(
            input_size, clip=_CLIP, largest_sum=1.0, device=device
        )
        self._add_buffers(device)

    def fit(self, values, lengths, generator, *, is_binary=None, like=None):
        """Learn the scale of values.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32, or object with a method `blocks`
            All training sequences, concatenated.
        lengths : Tensor of shape (n,), int64
            Not used.
        generator : torch.Generator
            Not used.
        is_binary : ndarray of shape (D,), bool, or None, default=None
            Not used.
        like : KernelInput or None, default=None
            One that was fitted to the same values.

        Returns
        -------
        self : LastSteps
        """
        self.inputs.fit(values, like)
        return self

    def _features(self, values, lengths):
        """Pick the last steps of a padded batch."""
        x = self.inputs(values, lengths).permute(1, 2, 0)
        steps = torch.arange(-self.n_steps, 0, device=x.device)
        steps = lengths[:, None] + steps  # (B, n_steps), negative before the start
        rows = torch.arange(len(x), device=x.device)[:, None]
        picked = x[rows, steps.clamp(min=0)]
        return picked.masked_fill((steps < 0)[:, :, None], 0.0).flatten(1)
