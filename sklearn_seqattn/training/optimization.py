"""Loss, optimizer, learning-rate schedule, and averaging of weights."""

from inspect import unwrap
from math import cos, pi

import torch
from skorch.callbacks import Callback
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

# Devices whose AdamW updates all weights in one kernel.
_FUSED = {"cpu", "cuda", "mps", "xpu"}


class WeightedLoss(nn.Module):
    """The mean over a batch of the loss of each row times its weight.

    Weights have mean one over the training data, so that the expected gradient of a
    batch is the gradient of the weighted mean loss.

    Parameters
    ----------
    loss : nn.Module
        A loss of torch with ``reduction="none"``.
    activation : {"softmax", "sigmoid", "exp", "identity"}, default="identity"
        What turns outputs into predictions, for the scores of callbacks.
    """

    def __init__(self, loss, activation="identity"):
        super().__init__()
        self.loss = loss
        self.activation = activation

    def forward(self, outputs, targets_and_weights):
        """Compute the loss of outputs (B, K)."""
        targets, weights = targets_and_weights
        losses = self.loss(outputs, targets)  # (B,) or (B, K)
        return (losses.reshape(len(weights), -1).mean(dim=1) * weights).mean()


class PositionLoss(nn.Module):
    """Weighted loss of all targets of a batch.

    The sum is divided by the number of targets that as many sequences have on
    average. Divided by the number of targets of the batch, a step in a batch of short
    sequences would count more than one in a batch of long ones.

    Parameters
    ----------
    mean_targets : float
        Mean number of targets a sequence.
    loss : nn.Module or None, default=None
        The loss of each target; None is the cross-entropy.
    """

    activation = "softmax"

    def __init__(self, mean_targets, loss=None):
        super().__init__()
        self.mean_targets = mean_targets
        self.loss = nn.CrossEntropyLoss(reduction="none") if loss is None else loss

    def forward(self, outputs, targets_and_weights):
        """Return the loss of a batch.

        Parameters
        ----------
        outputs : Tensor of shape (B, T, K)
            Logits.
        targets_and_weights : tuple
            Targets (B, T), -1 where there is none, and weights (B,) or (B, T).

        Returns
        -------
        Tensor
            The loss.
        """
        targets, weights = targets_and_weights
        n_steps = outputs.shape[1]  # a part may be shorter than its batch
        targets = targets[:, :n_steps]
        known = targets >= 0  # (B, T)
        losses = self.loss(outputs[known], targets[known])
        weights = weights[:, None] if weights.ndim == 1 else weights[:, :n_steps]
        weights = weights.expand_as(targets)[known]
        return (losses * weights).sum() / (len(targets) * self.mean_targets)


class LeanAdamW(torch.optim.AdamW):
    """AdamW whose methods are not wrapped for torch's compiler.

    The wrappers import the compiler, which nothing here uses: with torch 2.13 that
    takes 1.7 seconds of the first fit in each process.
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)

    def step(self, closure=None):
        """Take one step; the closure computes the gradient."""
        with torch.no_grad():
            return unwrap(torch.optim.AdamW.step)(self, closure)


def adamw(groups, *, lr, weight_decay, **options):
    """Return an AdamW that applies no weight decay to biases and norms.

    Parameters
    ----------
    groups : list of dict
        Parameter groups as skorch makes them.
    lr, weight_decay : float
        As in `torch.optim.AdamW`.
    **options
        Further options of `torch.optim.AdamW`.

    Returns
    -------
    optimizer : torch.optim.AdamW
    """
    split = []
    for group in groups:
        trained = [p for p in group["params"] if p.requires_grad]
        matrices = [p for p in trained if p.ndim > 1]
        vectors = [p for p in trained if p.ndim <= 1]
        split += [
            {"weight_decay": weight_decay, **group, "params": matrices},
            {**group, "weight_decay": 0.0, "params": vectors},
        ]
    split = [group for group in split if group["params"]]
    fused = all(p.device.type in _FUSED for group in split for p in group["params"])
    return LeanAdamW(split, lr=lr, **{"fused": fused, **options})


def warmup_cosine(step, *, n_steps):
    """Return the factor of the learning rate at a step.

    It rises linearly over the first tenth of the steps, then falls to zero
    along half a cosine (Loshchilov and Hutter, 2017).

    Parameters
    ----------
    step, n_steps : int
        The step, counted from 0, and the number of steps of the whole training.

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

    Training continues from the weights themselves. The average replaces them from
    the end of the training batches of an epoch to the start of the next epoch.

    Parameters
    ----------
    share : float
        The share of the steps so far over which the average runs: in step t the new
        weights count ``1 / (1 + share * t)``.

    References
    ----------
    B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
    averaging", SIAM Journal on Control and Optimization 30 (1992).
    """

    def __init__(self, share):
        self.share = share

    def on_train_begin(self, net, **kwargs):
        """Start with the present weights."""
        # A walk through all modules takes longer than the average itself.
        self.trained_ = [p.detach() for p in net.module_.parameters()]
        self.average_ = [weights.clone() for weights in self.trained_]
        self.weights_ = None
        self.n_steps_ = 0

    def on_epoch_begin(self, net, **kwargs):
        """Restore the weights, to continue training."""
        if self.weights_ is not None:
            _load(net, self.weights_)
            self.weights_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Update the average after a training step."""
        if training:
            decay = 1.0 - 1.0 / (1.0 + self.share * self.n_steps_)
            get_ema_multi_avg_fn(decay)(self.average_, self.trained_, None)
            self.n_steps_ += 1

    def on_batch_begin(self, net, training=False, **kwargs):
        """Put the average in place before the first validation batch."""
        if not training:
            self._swap(net)

    def on_epoch_end(self, net, **kwargs):
        """Put the average in place where nothing is validated."""
        self._swap(net)

    def on_train_end(self, net, **kwargs):
        """Keep the average if training ended within an epoch.

        Early stopping may have loaded the best average already.
        """
        stopping = dict(net.callbacks_).get("early_stopping")
        if stopping is None or stopping.best_model_weights_ is None:
            self._swap(net)

    def state_dict(self):
        """Return the state for a checkpoint."""
        return {
            "average": self.average_,
            "weights": self.weights_,
            "n_steps": self.n_steps_,
        }

    def load_state_dict(self, state):
        """Restore the state of a checkpoint."""
        self.average_, self.weights_ = state["average"], state["weights"]
        self.n_steps_ = state["n_steps"]

    def _swap(self, net):
        """Replace the weights by the average, unless that is done."""
        if self.weights_ is None:
            self.weights_ = [weights.clone() for weights in self.trained_]
            _load(net, self.average_)


def _load(net, weights):
    """Copy values into the parameters of a network."""
    with torch.no_grad():
        for parameter, values in zip(net.module_.parameters(), weights, strict=True):
            parameter.copy_(values)
