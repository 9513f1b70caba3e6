"""What a training step makes smaller, and how: loss, optimizer, schedule."""

from inspect import unwrap
from math import cos, pi

import torch
from torch import nn


class WeightedLoss(nn.Module):
    """The mean over a batch of each row's loss times its weight.

    Weights have mean one over the training data, so every step follows the
    gradient of the weighted mean loss without bias.

    Parameters
    ----------
    loss : nn.Module
        Made with ``reduction="none"``.
    """

    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, outputs, targets_and_weights):
        """Reduce (B, K) outputs to a number."""
        targets, weights = targets_and_weights
        losses = self.loss(outputs, targets)  # (B,) or (B, K)
        return (losses.reshape(len(weights), -1).mean(dim=1) * weights).mean()


class LeanAdamW(torch.optim.AdamW):
    """AdamW whose methods are not wrapped for torch's compiler.

    The wrappers import that compiler, which takes a second of the first fit of each
    process, and which nothing here uses.
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)

    def step(self, closure=None):
        """Take one step; the closure computes the gradient."""
        with torch.no_grad():
            return unwrap(torch.optim.AdamW.step)(self, closure)


def adamw(groups, *, lr, weight_decay, **options):
    """Make an AdamW that spares biases and norms from weight decay.

    Parameters
    ----------
    groups : list of dict
        Parameter groups as skorch makes them.
    lr, weight_decay : float
        As in `torch.optim.AdamW`.
    **options
        What `net_params` say of the optimizer, such as ``optimizer__betas``.

    Returns
    -------
    optimizer : torch.optim.AdamW
    """
    parameters = [p for group in groups for p in group["params"] if p.requires_grad]
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return LeanAdamW(groups, lr=lr, **{"fused": True, **options})


def warmup_cosine(step, *, n_steps):
    """Give the factor of the learning rate at a step.

    It rises linearly over the first tenth of the steps, then falls to zero
    along half a cosine (Loshchilov and Hutter, 2017).

    Parameters
    ----------
    step, n_steps : int
        The step from 0, and the number of steps of the whole training.

    Returns
    -------
    factor : float
        From 0 to 1.
    """
    warmup = max(1, n_steps // 10)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + cos(pi * (step - warmup) / max(1, n_steps - warmup)))
