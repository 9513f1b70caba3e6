"""What happens around the steps of a training: checks, stopping, a progress bar."""

from functools import partial

import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochTimer,
    LRScheduler,
    PassthroughScoring,
)
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from sklearn_seqattn.training.checkpoints import WriteCheckpoints
from sklearn_seqattn.training.optimization import warmup_cosine


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
                f"{batch}, at a learning rate of {lr:.3g}. Try a smaller lr, a "
                "smaller max_grad_norm, or look for extreme values in X and y."
            )


class ClipGradients(Callback):
    """Scale the gradient of all weights down to a norm where it is larger.

    Parameters
    ----------
    max_norm : float
        The largest norm.
    """

    def __init__(self, max_norm):
        self.max_norm = max_norm

    def on_grad_computed(self, net, **kwargs):
        """Clip; the optimizer lists the weights, skorch would search all modules."""
        groups = net.optimizer_.param_groups
        weights = [p for group in groups for p in group["params"]]
        clip_grad_norm_(weights, self.max_norm)


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


def training_callbacks(plan, n_steps, validated):
    """List the callbacks of a training, ours before the user's.

    Parameters
    ----------
    plan : TrainingPlan
        How to train.
    n_steps : int
        Batches of the whole training.
    validated : bool
        Whether there is a validation loss.

    Returns
    -------
    callbacks : list
        As skorch takes them.
    """
    callbacks = [
        ("epoch_timer", EpochTimer()),
        ("train_loss", PassthroughScoring(name="train_loss", on_train=True)),
        ("finite_loss", FiniteLoss()),
    ]
    if validated:
        callbacks.append(("valid_loss", PassthroughScoring(name="valid_loss")))
    if plan.max_grad_norm is not None:
        callbacks.append(("clipping", ClipGradients(plan.max_grad_norm)))
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
    callbacks += plan.callbacks
    if plan.checkpoint is not None:  # last, when all others have seen the epoch
        callbacks.append(("checkpoint", WriteCheckpoints(plan.checkpoint)))
    return callbacks


def _silent(*args, **kwargs):
    """Print nothing; the history says when training stopped."""
