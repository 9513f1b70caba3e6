"""Ctrl-C during a training: the batch is finished, then the training stops."""

import signal
import sys
import threading
from contextlib import contextmanager

from skorch.callbacks import Callback

#: Parts of scikit-learn that pass a fit on and wait for it alone.
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
    """Tell whether scikit-learn is fitting several models, of which this is one.

    A search that is told of no interrupt would go on with its next candidate.

    Returns
    -------
    inside : bool
    """
    frame = sys._getframe()
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("sklearn.") and not name.startswith(_TRANSPARENT):
            return True
        frame = frame.f_back
    return False
