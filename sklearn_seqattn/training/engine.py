"""One training by skorch: from a network and a data set to a fitted net."""

from dataclasses import dataclass, replace

from torch import nn

from sklearn_seqattn.training.batching import BucketBatches
from sklearn_seqattn.training.callbacks import ADJUSTABLE
from sklearn_seqattn.training.checkpoints import CheckpointFile
from sklearn_seqattn.training.history import history_frame
from sklearn_seqattn.training.interrupts import (
    StopAtBatch,
    finishing_batches,
    record_stop,
)
from sklearn_seqattn.training.memory import kept_memory
from sklearn_seqattn.training.net import SequenceNet
from sklearn_seqattn.training.net_settings import net_settings
from sklearn_seqattn.training.processes import ALONE, Processes


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained; the parameters of the estimators describe each field.

    `patience` is None without early stopping, `constant_lr` trains without a
    learning-rate schedule, and the network of an `auxiliary` plan is not kept. The
    best epoch is that of the highest `monitor`, or of the lowest validation loss.
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
    max_time: float | None = None
    monitor: str = "valid_loss"
    auxiliary: bool = False
    checkpoint: CheckpointFile | None = None
    processes: Processes = ALONE

    @property
    def n_left(self):
        """The number of epochs that a checkpoint has not done."""
        n_done = 0 if self.checkpoint is None else self.checkpoint.n_done
        if n_done > self.max_epochs:
            self.checkpoint.refuse_fewer_epochs(self.max_epochs)
        return self.max_epochs - n_done

    def of_auxiliary_network(self):
        """Return the plan of a network that is trained to calibrate another one.

        It is silent, has no checkpoint and no callbacks of the user, and Ctrl-C
        abandons the whole fit.
        """
        net_params = {
            name: value
            for name, value in self.net_params.items()
            if not name.startswith("callbacks__") or name.split("__")[1] in ADJUSTABLE
        }
        return replace(
            self,
            callbacks=(),
            net_params=net_params,
            verbose=0,
            checkpoint=None,
            monitor="valid_loss",
            auxiliary=True,
        )


def train(
    module,
    criterion,
    train_set,
    plan,
    *,
    seed,
    valid_set=None,
    scores=None,
    epoch_tasks=None,
):
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
    scores : callable or None, default=None
        Returns scores by name of the net after an epoch.
    epoch_tasks : EpochTasks or None, default=None
        Tells scikit-learn's callbacks of the epochs.

    Returns
    -------
    net : SequenceNet
        Fitted, without its optimizer, in evaluation mode.
    history : DataFrame
        One row an epoch: "epoch", "train_loss", "valid_loss", the numbers that
        callbacks record, "batches" and "seconds".

    Raises
    ------
    FloatingPointError
        If the training loss becomes NaN or infinite.
    ValueError
        If `net_params` change what the estimator depends on.
    KeyboardInterrupt
        If the user interrupts twice. After one interrupt the net is as trained so
        far; see `interrupts.raise_interrupt`.
    """
    plan.processes.share_state(module)
    settings = net_settings(module, criterion, train_set, valid_set, plan, seed, scores)
    net = SequenceNet(**settings)
    stop = StopAtBatch(plan.max_time)
    net.callbacks.append(("stop_at_batch", stop))
    if epoch_tasks is not None:
        net.callbacks.append(("epoch_tasks", epoch_tasks))
    with finishing_batches(stop), kept_memory(train_set.lengths):
        net.initialize().partial_fit(train_set, epochs=plan.n_left)
    record_stop(net, stop)
    if plan.auxiliary and net.stopped_by == "Ctrl-C":
        raise KeyboardInterrupt("Interrupted.")
    net.module_ = module  # not the compiled one
    plan.processes.share_state(module)
    history = history_frame(_without_training_state(net).history)
    return net, history


def _without_training_state(net):
    """Drop what only training needs: optimizer, generators, data, batch rows."""
    net.module_.eval()
    net.module = net.optimizer_ = None
    net.train_split = net.iterator_train__random_state = None
    net.callbacks, net.callbacks_ = [], []
    for row in net.history:
        row.pop("batches", None)
    net.history = net.processes.first(net.history)  # times differ
    net.processes = ALONE
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
