"""Ctrl-C and `max_time`: the batch is finished, then the training stops.

The first Ctrl-C ends the fit with `KeyboardInterrupt`, as it ends any other program,
so that a search or a loop stops too; the estimator is fitted all the same, with what
was learned so far. A second Ctrl-C abandons the fit: the estimator is as it was before.
`max_time` ends the training, and the fit goes on with what was learned.
"""

import signal
import threading
from contextlib import contextmanager
from time import monotonic, time

import numpy as np
from skorch.callbacks import Callback


class StopAtBatch(Callback):
    """Stop at the end of a batch once Ctrl-C was pressed or the time is over.

    A checkpoint is written first, so that the training can go on from this batch.

    Parameters
    ----------
    max_time : float or None, default=None
        Seconds of training; None has no limit.

    Attributes
    ----------
    n_pressed : int
        How often Ctrl-C was pressed.
    is_over : bool
        Whether the time was over at the end of a batch.
    """

    def __init__(self, max_time=None):
        self.max_time = max_time
        self.n_pressed, self.is_over = 0, False

    def on_train_begin(self, net, **kwargs):
        """Start the clock."""
        self.start_ = monotonic()

    def on_batch_end(self, net, **kwargs):
        """End the training, as skorch's own early stopping does."""
        if self.max_time is not None:
            self.is_over = monotonic() - self.start_ >= self.max_time
        found = net.processes.largest(self.n_pressed, self.is_over)  # all stop, or none
        self.n_pressed, self.is_over = int(found[0]), bool(found[1])
        if self.n_pressed or self.is_over:
            checkpoint = dict(net.callbacks_).get("checkpoint")
            if checkpoint is not None:
                checkpoint.write(net)
            raise KeyboardInterrupt


@contextmanager
def finishing_batches(stop):
    """Delay the first Ctrl-C to the end of its batch; the second is not delayed.

    Only the main thread sees Ctrl-C, and only Python's own handler is replaced;
    elsewhere the block changes nothing.

    Parameters
    ----------
    stop : StopAtBatch
        The callback that counts.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not is_main or before is not signal.default_int_handler:
        yield
        return

    def press(number, frame):
        stop.n_pressed += 1
        if stop.n_pressed > 1:
            before(number, frame)

    signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def record_stop(net, stop):
    """Note on a net what ended its training; raise if the net cannot be kept.

    Parameters
    ----------
    net : SequenceNet
        After its training. It gets `stopped_by` and `interrupt_message`. The row of
        an epoch that is not whole gets the mean loss of its batches.
    stop : StopAtBatch
        What has happened.

    Raises
    ------
    KeyboardInterrupt
        At the second Ctrl-C, or if a callback raised it within an epoch.
    """
    epoch, is_whole = len(net.history), "train_loss" in net.history[-1]
    if stop.n_pressed == 1:
        net.stopped_by = "Ctrl-C"
    elif stop.is_over:
        net.stopped_by = "max_time"
    elif is_whole:
        return
    if stop.n_pressed > 1 or net.stopped_by is None:
        raise KeyboardInterrupt(f"Interrupted in epoch {epoch}.")
    n_batches = len(net.history[-1]["batches"])
    if not is_whole:
        _complete_row(net)
    net.interrupt_message = (
        f"Interrupted in epoch {epoch}, after batch {n_batches}. The estimator is "
        f"fitted, with {_kept_weights(net)}."
    )


def raise_interrupt(net):
    """End a fit with `KeyboardInterrupt` if Ctrl-C ended its training.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it; the estimator keeps it already.

    Raises
    ------
    KeyboardInterrupt
        If the training was interrupted.
    """
    if net.stopped_by == "Ctrl-C":
        raise KeyboardInterrupt(net.interrupt_message)


def _complete_row(net):
    """Record the mean loss, the batches and the seconds of an epoch not whole."""
    batches = [b for b in net.history[-1]["batches"] if "train_loss" in b]
    losses = [batch["train_loss"] for batch in batches]
    sizes = [batch["train_batch_size"] for batch in batches]
    net.history.record("train_loss", float(np.average(losses, weights=sizes)))
    net.history.record("train_batch_count", len(batches))
    if net.train_split is not None:
        net.history.record("valid_loss", np.nan)
    started = dict(net.callbacks_)["epoch_timer"].epoch_start_time_
    net.history.record("dur", time() - started)


def _kept_weights(net):
    """Return which weights a stopped training has left, in words."""
    callbacks = dict(net.callbacks_)
    stopping = callbacks.get("early_stopping")
    if stopping is not None and stopping.best_model_weights_ is not None:
        return f"the best weights so far, of epoch {stopping.best_epoch_}"
    if "average" in callbacks:
        return "the average of the weights up to that batch"
    return "the weights of that batch"
