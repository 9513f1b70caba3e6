"""One training by skorch: from a network and a data set to a fitted net."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
import torch
from sklearn.utils import ClassifierTags, RegressorTags
from skorch import NeuralNet
from torch import nn

from sklearn_seqattn.training.batching import MAX_STEPS, BucketBatches, bounded_parts
from sklearn_seqattn.training.checkpoints import CheckpointFile
from sklearn_seqattn.training.devices import bounded_steps, computing_in, move
from sklearn_seqattn.training.interrupts import (
    StopAtBatch,
    check_interrupt,
    finishing_batches,
)
from sklearn_seqattn.training.memory import kept_memory, named_memory_errors
from sklearn_seqattn.training.net_settings import net_settings


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained; the parameters of the estimators describe each field.

    `patience` is None without early stopping, and `constant_lr` trains without a
    learning-rate schedule.
    """

    lr: float
    batch_size: int
    max_epochs: int
    patience: int | None
    precision: str
    device: str
    verbose: int
    callbacks: tuple
    net_params: dict
    constant_lr: bool = False
    checkpoint: CheckpointFile | None = None


class SequenceNet(NeuralNet):
    """A skorch net for batches of sequences with weights.

    To the scorers of scikit-learn, which skorch's callbacks use, it is a classifier
    with the classes 0 to K - 1, or a regressor of standardized targets.

    Parameters
    ----------
    *args, **kwargs
        As in `skorch.NeuralNet`.
    max_steps : int, default=4096
        Padded steps of the encoder that pass through it at once, in float32.
    precision : {"float32", "bfloat16"}, default="float32"
        The number format of the training.
    target_kind : {"classes", "labels", "numbers"}, default="numbers"
        What the targets are.

    Attributes
    ----------
    was_interrupted : bool
        Whether Ctrl-C ended its training.
    interrupt_message : str or None
        What the user is told then.
    """

    was_interrupted = False
    interrupt_message = None
    n_outputs_ = None

    def __init__(
        self,
        *args,
        max_steps=MAX_STEPS,
        precision="float32",
        target_kind="numbers",
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.max_steps = max_steps
        self.precision = precision
        self.target_kind = target_kind

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.target_kind == "numbers":
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags

    @property
    def classes_(self):
        """The codes of the classes; one row for each of several labels."""
        if self.target_kind == "labels":
            return np.eye(self.n_outputs_, dtype=np.int64)
        return np.arange(self.n_outputs_)

    def notify(self, method_name, **kwargs):
        """Call the callbacks; at the end of a batch with targets as metrics take them.

        Labels are 0 or 1, without smoothing; targets of steps are one flat array.
        """
        if method_name == "on_batch_end":
            inputs, targets = kwargs["batch"]
            if self.target_kind == "labels":
                targets = (targets > 0.5).to(torch.int64)
            elif self.target_kind == "classes" and targets.ndim == 2:
                targets = targets[targets >= 0]
            kwargs["batch"] = inputs, targets
        super().notify(method_name, **kwargs)

    def train_step_single(self, batch, **fit_params):
        """Compute the gradient of a batch, the sum of those of its parts."""
        self._switch(training=True)
        return self._step(batch, training=True)

    def validation_step(self, batch, **fit_params):
        """Compute the loss of a batch."""
        self._switch(training=False)
        with torch.no_grad():
            return self._step(batch, training=False)

    def _switch(self, *, training):
        """Switch between training and evaluation.

        skorch does so at every batch; the walk through all modules takes as long as
        an optimizer step of a small network.
        """
        if self.module_.training != training:
            self.module_.train(training)
            self.criterion_.train(training)

    def _parts(self, batch):
        """Return a batch in parts of bounded size."""
        max_steps = bounded_steps(self.max_steps, self.precision)
        return bounded_parts(batch, max_steps * self.module_.stride)

    def _step(self, batch, *, training):
        """Compute loss and outputs of a batch; errors of memory name it."""
        total, outputs = 0.0, []
        with named_memory_errors(batch[0]["lengths"]):
            for part, share in self._parts(batch):
                inputs, targets = move(part, self.device)
                weights = inputs.pop("weights")
                found = self.infer(inputs)
                loss = share * self.get_loss(
                    found, (targets, weights), X=inputs, training=training
                )
                if training:
                    loss.backward()
                total = total + loss.detach()
                outputs.append(_known_outputs(found.detach(), targets)[0])
        self.n_outputs_ = outputs[0].shape[-1]
        return {"loss": total, "y_pred": torch.cat(outputs)}

    def infer(self, x, **fit_params):
        """Run the network in the precision of the training."""
        with computing_in(self.precision, self.device):
            outputs = super().infer(x, **fit_params)
        return outputs.float() if self.precision == "bfloat16" else outputs

    def forward_iter(self, X, training=False, device="cpu"):
        """Yield the outputs of a data set, all at once, in its order.

        Of the outputs of steps those with a target remain, as in the targets that
        callbacks get.
        """
        dataset = self.get_dataset(X)
        batches = BucketBatches(dataset, self.batch_size)
        self._switch(training=training)
        rows = []
        with torch.set_grad_enabled(training):
            for batch in batches:
                for (inputs, targets), _ in self._parts(batch):
                    found = self.infer(move(inputs, self.device)).to(device)
                    known, n_rows = _known_outputs(found, targets)
                    rows += known.split(n_rows)
        yield torch.cat([rows[i] for i in np.argsort(batches.order)])

    def predict(self, X):
        """Return the codes of classes, 0 or 1 for each label, or numbers."""
        outputs = self.predict_proba(X)
        if self.target_kind == "classes":
            return outputs.argmax(axis=1)
        return (outputs > 0.5).astype(int) if self.target_kind == "labels" else outputs


def _known_outputs(outputs, targets):
    """Return the outputs that have a target, (rows, K), and the rows of a sequence.

    Of outputs of steps, (B, T, K), those without a target are left out.
    """
    if outputs.ndim == 2:
        return outputs, 1
    known = targets[:, : outputs.shape[1]].to(outputs.device) >= 0
    return outputs[known], known.sum(dim=1).tolist()


def train(module, criterion, train_set, plan, *, seed, valid_set=None):
    """Train a network.

    Parameters
    ----------
    module : nn.Module
        The network; trained in place.
    criterion : nn.Module
        Called with the outputs and the pair of targets and weights.
    train_set, valid_set : SequenceDataset
        The data; without `valid_set` nothing is validated.
    plan : TrainingPlan
        How to train.
    seed : int
        Decides the order of the batches.

    Returns
    -------
    net : SequenceNet
        Fitted, without its optimizer, in evaluation mode.
    history : DataFrame
        One row an epoch: "epoch", "train_loss", "valid_loss", the numbers that
        callbacks record, and "seconds".

    Raises
    ------
    FloatingPointError
        If the training loss becomes NaN or infinite.
    ValueError
        If `net_params` change what the estimator depends on.
    KeyboardInterrupt
        If the user interrupts the first epoch, or any epoch twice. After one
        interrupt of a later epoch the net is as trained so far; see
        `interrupts.raise_interrupt`.
    """
    settings = net_settings(module, criterion, train_set, valid_set, plan, seed)
    net = SequenceNet(**settings)
    n_done = 0 if plan.checkpoint is None else plan.checkpoint.n_done
    stop = StopAtBatch()
    net.callbacks.append(("stop_at_batch", stop))
    with finishing_batches(stop), kept_memory():
        net.initialize().partial_fit(train_set, epochs=plan.max_epochs - n_done)
    net.interrupt_message = check_interrupt(net, stop.n_pressed)
    net.was_interrupted = net.interrupt_message is not None
    history = _history_frame(net.history)
    net.module_ = module  # not the compiled one
    return _without_training_state(net), history


def _history_frame(history):
    """Return the numbers of a skorch history, one row an epoch."""
    counts = ("train_batch_count", "valid_batch_count")
    frame = pd.DataFrame(
        [
            {
                name: value
                for name, value in row.items()
                if isinstance(value, Real)
                and not isinstance(value, bool)
                and name not in counts
            }
            for row in history
        ]
    )
    frame = frame.rename(columns={"dur": "seconds"})
    first = ("epoch", "train_loss", "valid_loss")
    others = [name for name in frame if name not in (*first, "seconds")]
    order = [name for name in (*first, *others, "seconds") if name in frame]
    return frame[order]


def _without_training_state(net):
    """Drop what only training needs: optimizer, generators, data, batch rows."""
    net.module_.eval()
    net.module = net.optimizer_ = None
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
    device : str or torch.device
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
