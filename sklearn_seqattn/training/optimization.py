"""What a training step makes smaller, and how: loss, optimizer, schedule."""

from inspect import unwrap
from math import cos, pi

import torch
from skorch.callbacks import Callback
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


class AverageWeights(Callback):
    """Validate and keep a moving average of the weights instead of the last ones.

    Training goes on from the weights themselves; the average takes their place
    from the end of the training batches of an epoch to the beginning of the next.

    Parameters
    ----------
    share : float
        The share of the steps so far over which the average runs, about: step t
        counts as one of ``1 + share * t``.

    References
    ----------
    B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
    averaging", SIAM Journal on Control and Optimization 30 (1992).
    """

    def __init__(self, share):
        self.share = share

    def on_train_begin(self, net, **kwargs):
        """Begin with the weights as they are."""
        self.average_ = [p.detach().clone() for p in net.module_.parameters()]
        self.weights_ = None
        self.n_steps_ = 0

    def on_epoch_begin(self, net, **kwargs):
        """Put the weights back, to train on."""
        if self.weights_ is not None:
            _load(net, self.weights_)
            self.weights_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Move the average towards the weights after a step."""
        if training:
            weights = [p.detach() for p in net.module_.parameters()]
            share = 1.0 / (1.0 + self.share * self.n_steps_)
            torch._foreach_lerp_(self.average_, weights, share)
            self.n_steps_ += 1

    def on_batch_begin(self, net, training=False, **kwargs):
        """Put the average in place before the first validation batch."""
        if not training:
            self._swap(net)

    def on_epoch_end(self, net, **kwargs):
        """Put the average in place where nothing is validated."""
        self._swap(net)

    def on_train_end(self, net, **kwargs):
        """Keep the average where Ctrl-C ended an epoch before its time.

        With validation data the best average so far is there already.
        """
        if net.train_split is None:
            self._swap(net)

    def state_dict(self):
        """Give what a checkpoint keeps."""
        return {
            "average": self.average_,
            "weights": self.weights_,
            "n_steps": self.n_steps_,
        }

    def load_state_dict(self, state):
        """Go on from what a checkpoint has kept."""
        self.average_, self.weights_ = state["average"], state["weights"]
        self.n_steps_ = state["n_steps"]

    def _swap(self, net):
        """Replace the weights by the average, unless that is done."""
        if self.weights_ is None:
            self.weights_ = [p.detach().clone() for p in net.module_.parameters()]
            _load(net, self.average_)


def _load(net, weights):
    """Copy values into the parameters of a network."""
    with torch.no_grad():
        for parameter, values in zip(net.module_.parameters(), weights, strict=True):
            parameter.copy_(values)
