"""The numeric partner inside a network: a linear head on frozen features."""

import torch
from torch import nn
from torch.nn.functional import linear

from sklearn_seqattn.nn.competing_convolutions import CompetingConvolutions
from sklearn_seqattn.nn.frozen_features import exact_products
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
    n_static : int, default=0
        Static numbers of a sequence, which are features, too.
    device : str or torch.device, default="cpu"
        Where the buffers are.
    """

    def __init__(self, input_size, n_outputs, config, n_static=0, device="cpu"):
        super().__init__()
        self.config = config
        sizes = (input_size, config.max_length, config.n_features, device)
        self.kinds = nn.ModuleList(
            [RandomConvolutions(*sizes), CompetingConvolutions(*sizes)]
        )
        if config.last_steps:
            self.kinds.append(LastSteps(input_size, config.last_steps, device))
        n_features = sum(kind.output_size for kind in self.kinds) + n_static
        shapes = {"coef": (n_outputs, n_features), "intercept": (n_outputs,)}
        for name, shape in shapes.items():
            buffer = torch.zeros(shape, dtype=torch.float32, device=device)
            self.register_buffer(name, buffer)

    def forward(self, values, lengths, static=None):
        """Return the outputs of a padded batch.

        Parameters
        ----------
        values : Tensor of shape (B, T, D)
            Right-padded.
        lengths : Tensor of shape (B,), int64
            Real steps of each sequence.
        static : Tensor of shape (B, n_static) or None, default=None
            Static numbers of each sequence.

        Returns
        -------
        outputs : Tensor of shape (B, K)
            Logits or standardized targets.
        """
        with exact_products(values.device.type):
            features = [kind.standardize(kind(values, lengths)) for kind in self.kinds]
            return self.outputs(features, static)

    def outputs(self, features, static=None):
        """Map standardized features of each kind, and static numbers, to outputs."""
        features = torch.cat(
            features if static is None else [*features, static.to(features[0])], dim=1
        )
        # Sums of so many float32 numbers differ with the batch in their last digit.
        dtype = features.dtype if features.device.type == "mps" else torch.double
        coef, intercept = self.coef.to(dtype), self.intercept.to(dtype)
        return linear(features.to(dtype), coef, intercept)
