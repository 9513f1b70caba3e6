"""Training and prediction through skorch: the one engine of all estimators."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import cos, pi

import numpy as np
import pandas as pd
import torch
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochTimer,
    GradientNormClipping,
    LRScheduler,
    PassthroughScoring,
)
from skorch.helper import predefined_split
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from sklearn_seqattn.batching import BucketBatches

#: Sequences a batch of prediction: small enough to stay in a processor's cache.
PREDICTION_BATCH_SIZE = 64

# torch draws initial weights and dropout from one generator a process: fits in
# several threads take turns, so that each gives the same result as alone.
_GENERATOR_LOCK = threading.RLock()


@contextmanager
def isolated_generator(seed):
    """Seed torch inside the block, and leave its generators as they were.

    Parameters
    ----------
    seed : int
        The seed.
    """
    with _GENERATOR_LOCK, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def resolve_device(device):
    """Turn "auto" into the best device there is.

    Parameters
    ----------
    device : str
        "auto" or the name of a torch device.

    Returns
    -------
    device : str

    Raises
    ------
    ValueError
        If torch does not have the device.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    kind = device.partition(":")[0]
    if not {"cpu": True, "cuda": cuda, "mps": mps}.get(kind, False):
        raise ValueError(
            f"device={device!r} is not available to torch here; use device='auto' "
            "for the best one there is."
        )
    return device


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


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained; see the estimators for the meaning of each."""

    lr: float
    lr_schedule: str
    weight_decay: float
    max_grad_norm: float | None
    batch_size: int
    max_epochs: int
    patience: int | None
    device: str
    verbose: int
    callbacks: tuple
    net_params: dict


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
    return torch.optim.AdamW(groups, lr=lr, **{"fused": True, **options})


class FiniteLoss(Callback):
    """Stop with an error as soon as the training loss is NaN or infinite."""

    def on_batch_end(self, net, loss=None, training=False, **kwargs):
        """Check the loss of a training batch."""
        if training and not torch.isfinite(loss):
            epoch, batch = len(net.history), len(net.history[-1, "batches"])
            lr = net.optimizer_.param_groups[0]["lr"]
            raise FloatingPointError(
                f"The training loss became {loss.item()} in epoch {epoch}, batch "
                f"{batch}, at a learning rate of {lr:.3g}. Try a smaller lr, a "
                "smaller max_grad_norm, or look for extreme values in X and y."
            )


class EpochProgress(Callback):
    """A tqdm bar that moves once an epoch and shows the losses."""

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=net.max_epochs, unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        """Move the bar."""
        shown = ("train_loss", "valid_loss")
        row = net.history[-1]
        self.bar_.set_postfix({k: f"{row[k]:.4f}" for k in shown if k in row})
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        self.bar_.close()


def _callbacks(plan, n_steps, validated):
    """List the callbacks of a training, ours before the user's."""
    callbacks = [
        ("epoch_timer", EpochTimer()),
        ("train_loss", PassthroughScoring(name="train_loss", on_train=True)),
        ("finite_loss", FiniteLoss()),
    ]
    if validated:
        callbacks.append(("valid_loss", PassthroughScoring(name="valid_loss")))
    if plan.max_grad_norm is not None:
        callbacks.append(("clipping", GradientNormClipping(plan.max_grad_norm)))
    if plan.lr_schedule == "cosine":
        factor = partial(warmup_cosine, n_steps=n_steps)
        schedule = LRScheduler(LambdaLR, lr_lambda=factor, step_every="batch")
        callbacks.append(("lr_schedule", schedule))
    if plan.patience is not None:
        stopping = EarlyStopping(
            patience=plan.patience, load_best=True, threshold=0.0, sink=_silent
        )
        callbacks.append(("early_stopping", stopping))
    if plan.verbose:
        callbacks.append(("progress", EpochProgress()))
    return callbacks + list(plan.callbacks)


def _silent(*args, **kwargs):
    """Print nothing; the history says when training stopped."""


def _net_settings(module, criterion, batches, valid_set, plan):
    """Collect all that skorch is told, the user's `net_params` last."""
    settings = {
        "module": module,
        "criterion": criterion,
        "optimizer": adamw,
        "lr": plan.lr,
        "optimizer__lr": plan.lr,
        "optimizer__weight_decay": plan.weight_decay,
        "max_epochs": plan.max_epochs,
        "batch_size": plan.batch_size,
        "iterator_train": BucketBatches,
        "iterator_train__random_state": batches.random_state,
        "iterator_valid": BucketBatches,
        "train_split": None if valid_set is None else predefined_split(valid_set),
        "callbacks": _callbacks(
            plan, len(batches) * plan.max_epochs, valid_set is not None
        ),
        "predict_nonlinearity": None,
        "device": plan.device,
        "warm_start": False,
        "verbose": 0,
    }
    clashes = sorted(settings.keys() & plan.net_params.keys())
    if clashes:
        raise ValueError(
            f"net_params has {clashes}, which the estimator sets itself; use its "
            "own parameters (lr, batch_size, max_epochs, callbacks, device, ...)."
        )
    return settings | plan.net_params


def train(module, criterion, train_set, plan, *, seed, valid_set=None):
    """Train a network.

    Parameters
    ----------
    module : nn.Module
        The network; trained in place.
    criterion : nn.Module
        Takes the outputs and the pair of targets and weights.
    train_set, valid_set : SequenceDataset
        The data; without `valid_set` nothing is validated.
    plan : TrainingPlan
        How to train.
    seed : int
        Decides the order of the batches.

    Returns
    -------
    net : skorch.NeuralNet
        Fitted, without its optimizer, in evaluation mode.
    history : DataFrame
        One row an epoch.

    Raises
    ------
    FloatingPointError
        If the training loss becomes NaN or infinite.
    ValueError
        If `net_params` and the plan disagree.
    KeyboardInterrupt
        If the user interrupts an epoch.
    """
    shuffler = np.random.RandomState(seed)
    batches = BucketBatches(train_set, plan.batch_size, shuffler)
    net = SequenceNet(**_net_settings(module, criterion, batches, valid_set, plan))
    net.fit(train_set, None)
    if "train_loss" not in net.history[-1]:  # skorch returns as if all were well
        raise KeyboardInterrupt(f"Interrupted in epoch {len(net.history)}.")
    history = _history_frame(net.history)
    return _without_training_state(net), history


class SequenceNet(NeuralNet):
    """A skorch net without skorch's own callbacks, which `_callbacks` lists."""

    @property
    def _default_callbacks(self):
        return []


def _history_frame(history):
    """Turn a skorch history into a frame, one row an epoch."""
    columns = ("epoch", "train_loss", "valid_loss", "dur")
    kept = [c for c in columns if history and c in history[0]]
    frame = pd.DataFrame(history[:, tuple(kept)], columns=kept)
    return frame.rename(columns={"dur": "seconds"})


def _without_training_state(net):
    """Drop what only training needs: optimizer, generators, data, batch rows."""
    net.module_.eval()
    net.module = net.optimizer_ = None
    net.train_split = net.iterator_train__random_state = None
    net.callbacks, net.callbacks_ = [], []
    for row in net.history:
        row.pop("batches", None)
    return net


def _batches(net, dataset):
    """Iterate over padded inputs, on the device and in the dtype of a net."""
    dtype = next(net.module_.parameters()).dtype
    batches = BucketBatches(dataset, PREDICTION_BATCH_SIZE)
    for inputs, _ in batches:
        values, lengths = inputs["values"], inputs["lengths"]
        if values.is_floating_point():
            values = values.to(dtype)
        yield values.to(net.device), lengths.to(net.device)


@torch.inference_mode()
def forward(net, dataset):
    """Run a fitted network over a data set.

    Parameters
    ----------
    net : skorch.NeuralNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    outputs : ndarray of shape (n, K)
        In the order of the data set and the dtype of the network.
    """
    rows = [net.module_(*batch).cpu().numpy() for batch in _batches(net, dataset)]
    return np.concatenate(rows)[_restoring_order(dataset)]


@torch.inference_mode()
def attention_weights(net, dataset):
    """Give the attention weights of a fitted network, batch by batch.

    Parameters
    ----------
    net : skorch.NeuralNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    weights : list of ndarray of shape (N, T_i', T_i')
        In the order of the data set, without padding.
    """
    rows = []
    for batch in _batches(net, dataset):
        weights, mask = net.module_.attention_weights(*batch)
        for one, n_steps in zip(weights, mask.sum(dim=1), strict=True):
            rows.append(one[:, :n_steps, :n_steps].cpu().numpy())
    return [rows[i] for i in _restoring_order(dataset)]


def _restoring_order(dataset):
    """Give the places of the rows among the batches of prediction, (n,)."""
    return np.argsort(BucketBatches(dataset, PREDICTION_BATCH_SIZE).order)
