"""A side branch of frozen random convolutions that joins a network at its end."""

import math

import torch
from torch import nn
from torch.nn.functional import linear, log_softmax, logsigmoid

from sklearn_seqattn.nn.random_convolutions import RandomKernels

#: Length of the vector of features, in root mean square, that the joint reads. A
#: longer one lets the joint learn so fast that nothing is left for the network.
_FEATURE_NORM = 3.0


class KernelBranch(nn.Module):
    """Add a linear map of random convolution features to the outputs of a network.

    The linear map is trained with the network and starts at zero. Beside it stands
    the readout, a second linear map that is fitted in closed form and never trained;
    in evaluation its prediction and that of the network are averaged.

    Parameters
    ----------
    kernels : RandomKernels
        The convolutions.
    n_outputs : int
        Outputs of the network K.
    readout : {"softmax", "sigmoid", "identity"} or None
        How outputs become predictions, which are averaged with those of the readout;
        None has no readout.
    temperature : float, default=1.0
        What outputs are divided by before they become predictions that are averaged.
        Below 1 it makes up for smoothed labels, of which the readout knows nothing.
    """

    def __init__(self, kernels, n_outputs, *, readout, temperature=1.0):
        super().__init__()
        self.kernels = kernels
        self.joint = nn.Linear(kernels.output_size, n_outputs)
        nn.init.zeros_(self.joint.weight)
        nn.init.zeros_(self.joint.bias)
        self.scale = _FEATURE_NORM / math.sqrt(kernels.output_size)
        self.readout, self.temperature = readout, temperature
        if readout is not None:
            self.register_buffer("coef", torch.zeros_like(self.joint.weight))
            self.register_buffer("intercept", torch.zeros_like(self.joint.bias))

    def features(self, values, lengths):
        """Compute the standardised features, (B, n_features)."""
        return self.kernels.standardise(self.kernels(values, lengths))

    def forward(self, outputs, features):
        """Join the features to the outputs.

        Parameters
        ----------
        outputs : Tensor of shape (B, K)
            What the network gives without the branch.
        features : Tensor of shape (B, n_features)
            The standardised features.

        Returns
        -------
        outputs : Tensor of shape (B, K)
        """
        if self.training:
            return outputs + self.joint(features * self.scale)
        # Sums of so many float32 numbers differ with the batch in their last digit.
        dtype = features.dtype if features.device.type == "mps" else torch.double
        features = features.to(dtype)
        joined = outputs + _linear(features * self.scale, *self.joint.parameters())
        if self.readout is not None:
            of_readout = _linear(features, self.coef, self.intercept)
            of_network = joined / self.temperature
            joined = mean_prediction(of_network, of_readout, self.readout)
        return joined.to(outputs.dtype)


def _linear(x, weight, bias):
    """Map (B, p) linearly in the precision of x."""
    return linear(x, weight.to(x.dtype), bias.to(x.dtype))


def mean_prediction(first, second, kind):
    """Give the outputs whose prediction is the mean of two predictions.

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


def build_kernel_branch(
    *, input_size, max_length, n_features, n_outputs, readout, temperature=1.0
):
    """Build a `KernelBranch` from plain numbers.

    Parameters
    ----------
    input_size, max_length, n_features : int
        As `RandomKernels` takes them.
    n_outputs, readout, temperature
        As `KernelBranch` takes them.

    Returns
    -------
    branch : KernelBranch
    """
    kernels = RandomKernels(input_size, max_length, n_features)
    return KernelBranch(kernels, n_outputs, readout=readout, temperature=temperature)
