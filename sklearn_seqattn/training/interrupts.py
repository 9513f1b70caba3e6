"""Ctrl-C during a training: the batch is finished, then the training stops.

The first Ctrl-C ends the fit with `KeyboardInterrupt`, as it ends any other program,
so that a search or a loop stops too. From the second epoch on the estimator is fitted
all the same, with the weights so far. A second Ctrl-C, or one in the first epoch,
abandons the fit: the estimator is as it was before.
"""

import signal
import threading
from contextlib import contextmanager

from skorch.callbacks import Callback


class StopAtBatch(Callback):
    """Stop at the end of a batch once Ctrl-C was pressed.

    Attributes
    ----------
    n_pressed : int
        How often it was pressed.
    """

    def __init__(self):
        self.n_pressed = 0

    def on_batch_end(self, net, **kwargs):
        """End the training, as skorch's own early stopping does."""
        if self.n_pressed:
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


def check_interrupt(net, n_pressed):
    """Return how a training was interrupted; raise unless its net can be kept.

    Parameters
    ----------
    net : skorch.NeuralNet
        After its training. The row of an epoch that is not whole is removed from
        its history.
    n_pressed : int
        How often Ctrl-C was pressed.

    Returns
    -------
    message : str or None
        What the user is told; None if the training came to its end.

    Raises
    ------
    KeyboardInterrupt
        In the first epoch, at the second Ctrl-C, or if a callback raised it.
    """
    n_epochs, is_whole = len(net.history), "train_loss" in net.history[-1]
    if is_whole and not n_pressed:
        return None
    if n_pressed != 1 or n_epochs - (not is_whole) < 1:
        raise KeyboardInterrupt(f"Interrupted in epoch {n_epochs}.")
    n_batches = len(net.history[-1, "batches"])
    if not is_whole:
        net.history.pop()
    callbacks = dict(net.callbacks_)
    weights = "the weights of that batch"
    if "average" in callbacks:
        weights = "the average of the weights up to that batch"
    if "early_stopping" in callbacks:
        best = callbacks["early_stopping"].best_epoch_
        weights = f"the best weights so far, of epoch {best}"
    return (
        f"Interrupted in epoch {n_epochs}, after batch {n_batches}. The estimator is "
        f"fitted, with {weights}."
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
    if net.was_interrupted:
        raise KeyboardInterrupt(net.interrupt_message)
