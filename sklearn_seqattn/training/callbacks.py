"""Callbacks of every training: checks, clipping, the schedule, stopping."""

from functools import partial

import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)
from skorch.callbacks.scoring import ScoringBase
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR

from sklearn_seqattn.training.checkpoints import WriteCheckpoints
from sklearn_seqattn.training.epoch_scores import EpochScores
from sklearn_seqattn.training.optimization import warmup_cosine
from sklearn_seqattn.training.progress import TrainingProgress

#: Callbacks of the engine that `net_params` may change or switch off.
ADJUSTABLE = ("gradient_clip", "lr_schedule", "early_stopping")

_LARGEST_GRADIENT = 1.0


class FiniteLoss(Callback):
    """Stop with an error as soon as a loss is NaN or infinite."""

    def on_batch_end(self, net, loss=None, training=False, **kwargs):
        """Check the loss of a batch."""
        if not torch.isfinite(loss):
            part = "training" if training else "validation"
            epoch, batch = len(net.history), len(net.history[-1, "batches"])
            lr = net.optimizer_.param_groups[0]["lr"]
            raise FloatingPointError(
                f"The {part} loss became {loss.item()} in epoch {epoch}, batch "
                f"{batch}, at a learning rate of {lr:.3g}. Try a smaller lr, or look "
                "for extreme values in X and y."
            )


class LearningRate(Callback):
    """Record the learning rate of the last batch of each epoch, as "lr"."""

    def on_batch_begin(self, net, training=False, **kwargs):
        """Record the rate before a schedule changes it."""
        if training:
            net.history.record("lr", float(net.optimizer_.param_groups[0]["lr"]))


class ClipGradients(GradientNormClipping):
    """Gradient clipping that takes the weights from the optimizer.

    skorch collects them from all modules at each step, which costs more than the
    clipping itself in a small network.
    """

    def on_grad_computed(self, net, **kwargs):
        """Scale the gradient down to the largest norm."""
        if self.gradient_clip_value is not None:
            groups = net.optimizer_.param_groups
            weights = [p for group in groups for p in group["params"]]
            largest, norm_type = self.gradient_clip_value, self.gradient_clip_norm_type
            clip_grad_norm_(weights, max_norm=largest, norm_type=norm_type)


def training_callbacks(plan, n_sequences, scores=None):
    """Return the callbacks of a training, those of the engine before the user's.

    skorch adds its own before them: the time of an epoch, and the two losses.

    Parameters
    ----------
    plan : TrainingPlan
        How to train.
    n_sequences : int
        Sequences of an epoch.
    scores : callable or None, default=None
        As in `engine.train`.

    Returns
    -------
    callbacks : list of (str, Callback) or Callback
        As skorch takes them.
    """
    callbacks = [
        ("finite_loss", FiniteLoss()),
        ("learning_rate", LearningRate()),
        ("gradient_clip", ClipGradients(_LARGEST_GRADIENT)),
    ]
    if not any(_is_schedule(callback) for callback in plan.callbacks):
        n_batches = -(-n_sequences // plan.batch_size)
        factor = partial(warmup_cosine, n_steps=n_batches * plan.max_epochs)
        schedule = LRScheduler(LambdaLR, lr_lambda=factor, step_every="batch")
        callbacks.append(("lr_schedule", schedule))
    if scores is not None:
        callbacks.append(("scores", EpochScores(scores)))
    if plan.verbose:
        callbacks.append(("progress", TrainingProgress(n_sequences)))
    if plan.patience is not None:
        stopping = EarlyStopping(
            monitor=plan.monitor,
            lower_is_better=plan.monitor == "valid_loss",
            patience=plan.patience,
            load_best=True,
            threshold=0.0,
            sink=_silent,
        )
        callbacks.append(("early_stopping", stopping))
    callbacks += plan.callbacks
    if plan.checkpoint is not None:  # last, when all others have seen the epoch
        callbacks.append(("checkpoint", WriteCheckpoints(plan.checkpoint)))
    return callbacks


def refuse_scores_of_shares(callbacks):
    """Refuse scores of training batches, of which each process has a share.

    Parameters
    ----------
    callbacks : list or tuple
        The parameter of the estimators.

    Raises
    ------
    ValueError
        If one of them scores training batches.
    """
    for callback in map(_alone, callbacks):
        if getattr(callback, "on_train", False):
            raise ValueError(
                f"callbacks has {type(callback).__name__}(on_train=True), but in a "
                "data-parallel fit no process has all outputs of a training batch. "
                "Score validation data, or the training data after the fit."
            )


def watches_validation(callbacks):
    """Return the first callback that monitors validation data, as text, or None.

    Parameters
    ----------
    callbacks : list or tuple
        The parameter of the estimators, checked.

    Returns
    -------
    text : str or None

    Examples
    --------
    >>> from skorch.callbacks import EarlyStopping, LRScheduler
    >>> from sklearn_seqattn.training.callbacks import watches_validation
    >>> watches_validation([LRScheduler(), EarlyStopping()])
    "EarlyStopping(monitor='valid_loss')"
    """
    callbacks = [
        callback() if isinstance(callback, type) else callback
        for callback in map(_alone, callbacks)
    ]
    validated = {
        getattr(callback, "name", None) or getattr(callback, "scoring", None)
        for callback in callbacks
        if isinstance(callback, ScoringBase) and not callback.on_train
    }
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if not isinstance(monitor, str):
            continue
        column = monitor.removesuffix("_best")
        if column.startswith("valid_") or column in validated:
            return f"{type(callback).__name__}(monitor={monitor!r})"
    return None


def _alone(callback):
    """Return a callback without its name."""
    return callback[1] if isinstance(callback, tuple | list) else callback


def _is_schedule(callback):
    """Return whether a callback of the user changes the learning rate."""
    callback = _alone(callback)
    return callback is LRScheduler or isinstance(callback, LRScheduler)


def _silent(*args, **kwargs):
    """Print nothing; the history says when training stopped."""
