"""The numeric partner inside a network: a linear head on frozen features."""

import torch
from torch import nn
from torch.nn.functional import linear

from sklearn_seqattn.nn.competing_convolutions import CompetingConvolutions
from sklearn_seqattn.nn.last_steps import LastSteps
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions


class KernelPartner(nn.Module):
    """Predict by a fixed linear map of frozen features.

    They are those of two kinds of random convolutions, and the last steps themselves.
    Nothing in it is trained by gradient: `sklearn_seqattn.kernels` fits it in closed
    form. Until then it predicts zero.

    Parameters
    ----------
    input_size : int
        Channels D.
    n_outputs : int
        Outputs K.
    config : KernelConfig
        Sizes of the features.
    device : str or torch.device, default="cpu"
        Where the buffers are.
    """

    def __init__(self, input_size, n_outputs, config, device="cpu"):
        super().__init__()
        sizes = (input_size, config.max_length, config.n_features, device)
        self.kinds = nn.ModuleList(
            [RandomConvolutions(*sizes), CompetingConvolutions(*sizes)]
        )
        if config.last_steps:
            self.kinds.append(LastSteps(input_size, config.last_steps, device))
        n_features = sum(kind.output_size for kind in self.kinds)
        shapes = {"coef": (n_outputs, n_features), "intercept": (n_outputs,)}
        for name, shape in shapes.items():
            buffer = torch.zeros(shape, dtype=torch.float32, device=device)
            self.register_buffer(name, buffer)

    def forward(self, values, lengths):
        """Return the outputs of a padded batch.

        Parameters
        ----------
        values : Tensor of shape (B, T, D)
            Right-padded.
        lengths : Tensor of shape (B,), int64
            Real steps of each sequence.

        Returns
        -------
        outputs : Tensor of shape (B, K)
            Logits or standardized targets.
        """
        with torch.autocast(values.device.type, enabled=False):
            features = [kind.standardize(kind(values, lengths)) for kind in self.kinds]
            return self.outputs(torch.cat(features, dim=1))

    def outputs(self, features):
        """Map standardized features (B, P) to outputs (B, K)."""
        # Sums of so many float32 numbers differ with the batch in their last digit.
        dtype = features.dtype if features.device.type == "mps" else torch.double
        coef, intercept = self.coef.to(dtype), self.intercept.to(dtype)
        return linear(features.to(dtype), coef, intercept)
