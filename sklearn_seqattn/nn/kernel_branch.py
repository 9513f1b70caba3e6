"""A side branch of frozen random convolutions, added to the outputs of a network."""

import math

import torch
from torch import nn
from torch.nn.functional import linear, log_softmax, logsigmoid

from sklearn_seqattn.nn.random_convolutions import RandomConvolutions

#: Length of the vector of features, in root mean square, that the linear head
#: reads. With a longer one it learns so fast that nothing is left for the network.
_FEATURE_NORM = 3.0


class KernelBranch(nn.Module):
    """Add a linear map of random convolution features to the outputs of a network.

    The linear head is trained with the network and starts at zero. The ridge head is a
    second linear map, which is fitted in closed form and never trained; in evaluation
    its prediction and that of the network are averaged.

    Parameters
    ----------
    kernels : RandomConvolutions
        The convolutions.
    n_outputs : int
        Outputs of the network K.
    ridge_head : {"softmax", "sigmoid", "identity"} or None
        How outputs become predictions, which are averaged with those of the ridge
        head; None has no ridge head.
    temperature : float, default=1.0
        What outputs are divided by before they become predictions that are averaged.
        Below 1 it makes up for smoothed labels, which the ridge head does not see.
    """

    def __init__(self, kernels, n_outputs, *, ridge_head, temperature=1.0):
        super().__init__()
        self.kernels = kernels
        self.linear_head = nn.Linear(kernels.output_size, n_outputs)
        nn.init.zeros_(self.linear_head.weight)
        nn.init.zeros_(self.linear_head.bias)
        self.scale = _FEATURE_NORM / math.sqrt(kernels.output_size)
        self.ridge_head, self.temperature = ridge_head, temperature
        if ridge_head is not None:
            self.register_buffer("coef", torch.zeros_like(self.linear_head.weight))
            self.register_buffer("intercept", torch.zeros_like(self.linear_head.bias))

    def features(self, values, lengths):
        """Compute the standardized features, (B, n_features)."""
        return self.kernels.standardize(self.kernels(values, lengths))

    def forward(self, outputs, features):
        """Add what the features predict to the outputs.

        Parameters
        ----------
        outputs : Tensor of shape (B, K)
            Outputs of the network without the branch.
        features : Tensor of shape (B, n_features)
            The standardized features.

        Returns
        -------
        outputs : Tensor of shape (B, K)
        """
        if self.training:
            return outputs + self.linear_head(features * self.scale)
        # Sums of so many float32 numbers differ with the batch in their last digit.
        dtype = features.dtype if features.device.type == "mps" else torch.double
        features = features.to(dtype)
        joined = outputs + _linear(
            features * self.scale, *self.linear_head.parameters()
        )
        if self.ridge_head is not None:
            of_ridge = _linear(features, self.coef, self.intercept)
            of_network = joined / self.temperature
            joined = mean_prediction(of_network, of_ridge, self.ridge_head)
        return joined.to(outputs.dtype)


def _linear(x, weight, bias):
    """Map (B, p) linearly in the precision of x."""
    return linear(x, weight.to(x.dtype), bias.to(x.dtype))


def mean_prediction(first, second, kind):
    """Return the outputs whose prediction is the mean of two predictions.

    Parameters
    ----------
    first, second : Tensor of shape (B, K)
        Outputs.
    kind : {"softmax", "sigmoid", "identity"}
        How outputs become predictions.

    Returns
    -------
    outputs : Tensor of shape (B, K)

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.kernel_branch import mean_prediction
    >>> p, q = torch.tensor([[0.9, 0.1]]), torch.tensor([[0.5, 0.5]])
    >>> mean_prediction(p.log(), q.log(), "softmax").softmax(1)
    tensor([[0.7000, 0.3000]])
    """
    if kind == "identity":
        return (first + second) / 2
    if kind == "softmax":
        logs = log_softmax(first, dim=1), log_softmax(second, dim=1)
        return torch.logaddexp(*logs) - math.log(2)
    yes = torch.logaddexp(logsigmoid(first), logsigmoid(second))
    no = torch.logaddexp(logsigmoid(-first), logsigmoid(-second))
    return yes - no


def build_kernel_branch(config, device):
    """Build the side branch of a network.

    Parameters
    ----------
    config : SequenceConfig
        The whole network; `config.kernels` is not None.
    device : str or torch.device
        Where its weights are.

    Returns
    -------
    branch : KernelBranch
    """
    kernels = config.kernels
    convolutions = RandomConvolutions(
        config.input_size, kernels.max_length, kernels.n_features, device
    )
    return KernelBranch(
        convolutions,
        config.n_outputs,
        ridge_head=kernels.ridge_head,
        temperature=kernels.temperature,
    )
