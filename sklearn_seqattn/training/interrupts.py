"""Ctrl-C during a training: the batch is finished, then the training stops."""

import signal
import sys
import threading
from contextlib import contextmanager

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from skorch.callbacks import Callback

#: Modules whose functions fit several models, and those that only pass a fit on.
_SEARCHES = ("sklearn.", "sklearn_seqattn.experiment")
_TRANSPARENT = ("sklearn.base", "sklearn.pipeline", "sklearn.utils")


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
    """Let the first Ctrl-C wait for the end of its batch; the second one does not.

    Only the main thread sees Ctrl-C, and only Python's own way to handle it is
    replaced; the block changes nothing elsewhere.

    Parameters
    ----------
    stop : StopAtBatch
        The callback to tell.
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


def inside_search():
    """Tell whether a meta-estimator or a search is fitting, of which this is a part.

    One that is told of no interrupt would go on with its next candidate.

    Returns
    -------
    inside : bool

    Notes
    -----
    A fit is not told who calls it: scikit-learn passes nothing down, and what it
    does with errors (`error_score`) is for exceptions, which an interrupt is not. So
    the callers are looked at, and only where Ctrl-C was pressed. In doubt the answer
    is no: the warning is seen then, and a second Ctrl-C ends everything.
    """
    frame = sys._getframe()
    while frame is not None:
        if _fits_several(frame):
            return True
        frame = frame.f_back
    return False


def _fits_several(frame):
    """Tell whether a caller may fit other models after this one."""
    module = frame.f_globals.get("__name__", "")
    if module.startswith(_SEARCHES):
        return not module.startswith(_TRANSPARENT)
    caller = frame.f_locals.get("self")  # a meta-estimator of another library
    if not isinstance(caller, BaseEstimator) or isinstance(caller, Pipeline):
        return False
    # One of ours, or of a subclass whose fit calls ours, is the model itself.
    return not any(
        c.__module__.startswith("sklearn_seqattn.") for c in type(caller).mro()
    )
