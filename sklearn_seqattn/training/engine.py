"""One training by skorch, from a network and a data set to a fitted net."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from skorch import NeuralNet
from skorch.helper import predefined_split
from torch import nn
from torch.nn.functional import pad

from sklearn_seqattn.training.batching import MAX_STEPS, BucketBatches, bounded_parts
from sklearn_seqattn.training.callbacks import training_callbacks
from sklearn_seqattn.training.checkpoints import CheckpointFile
from sklearn_seqattn.training.devices import bounded_steps, computing_in, move
from sklearn_seqattn.training.interrupts import (
    StopAtBatch,
    finishing_batches,
    inside_search,
)
from sklearn_seqattn.training.memory import kept_memory, named_memory_errors
from sklearn_seqattn.training.optimization import adamw


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
    max_steps: int
    precision: str
    device: str
    verbose: int
    callbacks: tuple
    net_params: dict
    checkpoint: CheckpointFile | None = None


class SequenceNet(NeuralNet):
    """A skorch net without skorch's own callbacks, which `training_callbacks` lists.

    Attributes
    ----------
    was_interrupted : bool
        Whether Ctrl-C ended its training before its time.
    max_steps : int
        Padded steps of the encoder that go through it at once, in float32.
    precision : {"float32", "bfloat16"}
        What it trains in.
    """

    was_interrupted = False
    max_steps = MAX_STEPS
    precision = "float32"

    @property
    def _default_callbacks(self):
        return []

    def _set_training(self, training=True):
        """Switch the network and the loss between training and evaluation.

        skorch does so at every batch; the way through all modules takes as long as an
        optimizer step of a small network.
        """
        if self.module_.training != training:
            super()._set_training(training)

    def train_step_single(self, batch, **fit_params):
        """Take the gradient of a batch, the sum of those of its parts."""
        self._set_training(True)
        return self._step(batch, fit_params, training=True)

    def validation_step(self, batch, **fit_params):
        """Compute the loss of a batch."""
        self._set_training(False)
        with torch.no_grad():
            return self._step(batch, fit_params, training=False)

    def _step(self, batch, fit_params, *, training):
        """Go over a batch in parts of bounded size; errors of memory name it."""
        max_steps = bounded_steps(self.max_steps, self.precision) * self.module_.stride
        total, outputs = 0.0, []
        with named_memory_errors(batch[0]["lengths"]):
            for part, share in bounded_parts(batch, max_steps):
                inputs, targets = move(part, self.device)
                outputs.append(self.infer(inputs, **fit_params))
                loss = self.get_loss(outputs[-1], targets, X=inputs, training=training)
                loss = share * loss
                if training:
                    loss.backward()
                    outputs[-1] = outputs[-1].detach()
                total = total + loss.detach()
            return {"loss": total, "y_pred": _joined(outputs)}

    def infer(self, x, **fit_params):
        """Run the network in the precision of the training."""
        with computing_in(self.precision, self.device):
            outputs = super().infer(x, **fit_params)
        return outputs.float() if self.precision == "bfloat16" else outputs


def _joined(outputs):
    """Join the outputs of parts; those of steps (b, T, K) are padded to the longest."""
    if outputs[0].ndim == 3:
        n_steps = max(part.shape[1] for part in outputs)
        outputs = [pad(part, (0, 0, 0, n_steps - part.shape[1])) for part in outputs]
    return torch.cat(outputs)


class OrderedBatches(BucketBatches):
    """Batches in the order of the data set, as skorch's own `predict` needs them."""

    @property
    def order(self):
        """Rows of the data set as they are, (n,)."""
        return np.arange(len(self.dataset))


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
        If the user interrupts the first epoch, any epoch twice, or a search.

    Warns
    -----
    UserWarning
        If the user interrupts a later epoch, once: the net is as trained so far.
    """
    shuffler = np.random.RandomState(seed)
    batches = BucketBatches(train_set, plan.batch_size, shuffler)
    net = SequenceNet(**_net_settings(module, criterion, batches, valid_set, plan))
    net.max_steps, net.precision = plan.max_steps, plan.precision
    n_done = 0 if plan.checkpoint is None else plan.checkpoint.n_done
    stop = StopAtBatch()
    net.callbacks.append(("stop_at_batch", stop))
    with finishing_batches(stop), kept_memory():
        net.initialize().partial_fit(train_set, epochs=plan.max_epochs - n_done)
    net.was_interrupted = _check_interrupt(net, stop.n_pressed)
    history = _history_frame(net.history)
    return _without_training_state(net), history


def _check_interrupt(net, n_pressed):
    """Tell whether a training was interrupted; raise unless it can be kept."""
    n_epochs, is_whole = len(net.history), "train_loss" in net.history[-1]
    if is_whole and not n_pressed:  # skorch returns as if all were well
        return False
    if n_pressed != 1 or inside_search() or n_epochs - (not is_whole) < 1:
        raise KeyboardInterrupt(f"Interrupted in epoch {n_epochs}.")
    batches = net.history[-1, "batches"]
    if not is_whole:
        net.history.pop()
    callbacks = dict(net.callbacks_)
    stopping = callbacks.get("early_stopping")
    weights = "those of that batch"
    if "average" in callbacks:
        weights = "the average up to that batch"
    if stopping is not None:
        weights = f"the best so far, of epoch {stopping.best_epoch_}"
    warnings.warn(
        f"Interrupted in epoch {n_epochs}, after batch {len(batches)}. The estimator "
        f"is fitted, with weights that are {weights}. Interrupt twice to abandon a "
        "fit.",
        UserWarning,
        stacklevel=2,
    )
    return True


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
        "callbacks": training_callbacks(
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
    net.iterator_valid = OrderedBatches
    net.train_split = net.iterator_train__random_state = None
    net.callbacks, net.callbacks_ = [], []
    for row in net.history:
        row.pop("batches", None)
    return net


def bare_net(module, device):
    """Put a trained network into a skorch net, as `train` leaves it.

    Parameters
    ----------
    module : nn.Module
        The network.
    device : str
        Where it is to run.

    Returns
    -------
    net : SequenceNet
        In evaluation mode; it has no optimizer, no loss and an empty history.
    """
    net = SequenceNet(
        module,
        criterion=nn.Identity,
        iterator_train=BucketBatches,
        predict_nonlinearity=None,
        device=device,
        verbose=0,
    )
    return _without_training_state(net.initialize())
