"""What a fit or a long prediction shows of itself while it runs.

In a terminal and in a notebook these are bars of tqdm, on standard error. A log gets
lines instead: one an epoch, and one a minute within it.
"""

import sys
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from skorch.callbacks import Callback

_SECONDS_A_BAR = 0.1
_SECONDS_A_LINE = 60.0
_SECONDS_A_SIGN = 1.0
_SILENT_SECONDS = 1.0  # predictions that take less show nothing
_LINE = "{desc}{percentage:3.0f}% [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


class LogBar:
    """Print a line where tqdm would draw its bar again.

    Parameters
    ----------
    total : int
        What there is to do.
    initial : int, default=0
        What of it is done already.
    desc : str, default=""
        The text before the numbers.
    unit : str, default=" sequences"
        What is counted.
    """

    def __init__(self, total, *, initial=0, desc="", unit=" sequences"):
        self.total, self.initial, self.n = total, initial, initial
        self.desc, self.unit, self.postfix = desc, unit, None
        self._start = self._printed = monotonic()

    def set_description_str(self, desc, refresh=True):
        """Set the text before the numbers."""
        self.desc = desc

    def set_postfix_str(self, postfix, refresh=True):
        """Set the text after the numbers."""
        self.postfix = postfix

    def update(self, n):
        """Count n more, and print a line if the last one is a minute old."""
        self.n += n
        if monotonic() - self._printed >= _SECONDS_A_LINE:
            self.refresh()

    def refresh(self):
        """Print a line."""
        from tqdm import tqdm

        self._printed = monotonic()
        line = tqdm.format_meter(
            self.n,
            self.total,
            self._printed - self._start,
            prefix=self.desc,
            unit=self.unit,
            postfix=self.postfix,
            bar_format=_LINE,
            initial=self.initial,
        )
        print(line, file=sys.stderr, flush=True)

    def close(self):
        """End without a line more."""


def open_bar(total, *, initial=0, desc="", delay=0.0, unit=" sequences"):
    """Return a bar of tqdm in a terminal or a notebook, elsewhere a `LogBar`.

    Parameters
    ----------
    total : int
        The sequences that there are.
    initial : int, default=0
        Those that are done already.
    desc : str, default=""
        The text before the numbers.
    delay : float, default=0.0
        Seconds for which a bar is not drawn.
    unit : str, default=" sequences"
        What is counted.

    Returns
    -------
    bar : tqdm or LogBar
    """
    if not is_interactive():
        desc = f"{desc}: " if desc else desc
        return LogBar(total, initial=initial, desc=desc, unit=unit)
    from tqdm.auto import tqdm  # widgets in a notebook

    return tqdm(
        total=total,
        initial=initial,
        desc=desc,
        delay=delay,
        mininterval=_SECONDS_A_BAR,
        file=sys.stderr,
        unit=unit,
        dynamic_ncols=True,
    )


def is_interactive():
    """Return whether a line that was written can be drawn again.

    Returns
    -------
    bool
        True in a terminal and in a notebook.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return hasattr(get_ipython(), "kernel")


@contextmanager
def prediction_bar(n_sequences, verbose, desc="predict", unit=" sequences"):
    """Show the progress of a prediction that takes longer than a second.

    Parameters
    ----------
    n_sequences : int
        The sequences that there are.
    verbose : int
        Nothing is shown if it is 0.
    desc : str, default="predict"
        The text before the numbers.
    unit : str, default=" sequences"
        What is counted.

    Yields
    ------
    advance : callable
        To be called with the number of sequences that were done.
    """
    if not verbose:
        yield lambda n: None
        return
    bar = open_bar(n_sequences, desc=desc, delay=_SILENT_SECONDS, unit=unit)
    with _moving(bar):
        yield bar.update


@contextmanager
def partner_bar(n_rows, verbose):
    """Show the progress of the fit of a partner that takes longer than a second.

    Parameters
    ----------
    n_rows : int
        The rows that it goes through, those of all passes, at most.
    verbose : int
        Nothing is shown if it is 0.

    Yields
    ------
    advance : callable
        To be called with the number of rows that were done.
    """
    if not verbose:
        yield lambda n: None
        return
    bar = open_bar(n_rows, desc="partner", delay=_SILENT_SECONDS, unit=" rows")
    with _moving(bar):
        yield bar.update
        bar.update(max(0, n_rows - bar.n))


@contextmanager
def _moving(bar):
    """Draw a bar each second, also while a long step of a library runs; close it."""
    is_over = Event()

    def draw():
        while not is_over.wait(_SECONDS_A_SIGN):
            bar.refresh() if is_interactive() else bar.update(0)

    thread = Thread(target=draw, daemon=True)
    thread.start()
    try:
        yield bar
    finally:
        is_over.set()
        thread.join()
        bar.close()


class FitSteps:
    """Show which step of a fit runs, before and after the bar of the training.

    Ctrl-C at one of these steps is an error that names it.

    Parameters
    ----------
    verbose : int
        Nothing is shown if it is 0.
    """

    def __init__(self, verbose):
        self.verbose, self._line, self._step = verbose, None, None

    def __enter__(self):
        return self.show

    def __exit__(self, kind, error, traceback):
        step = self._step
        self.show(None)
        if step and kind is KeyboardInterrupt and not error.args:
            raise KeyboardInterrupt(
                f"Interrupted while {step}; the estimator is as it was before."
            ) from None

    def show(self, step):
        """Show the name of a step instead of the last one; None shows nothing."""
        if self._line is not None:
            self._line.close()
            self._line = None
        self._step = step
        if not self.verbose or step is None:
            return
        if is_interactive():
            from tqdm.auto import tqdm

            self._line = tqdm(
                desc=step, bar_format="{desc}", leave=False, file=sys.stderr
            )
        else:
            print(step, file=sys.stderr, flush=True)


class TrainingProgress(Callback):
    """A bar over the sequences of all epochs, with the losses.

    Parameters
    ----------
    n_sequences : int
        Sequences of an epoch.
    """

    def __init__(self, n_sequences):
        self.n_sequences = n_sequences

    def on_train_begin(self, net, **kwargs):
        """Begin without a bar; the number of epochs done is not yet known."""
        self.bar_ = None

    def on_epoch_begin(self, net, **kwargs):
        """Open the bar at the first epoch that is trained."""
        epoch, n = net.history[-1]["epoch"], self.n_sequences
        self.n_seen_, self.n_batches_, self.loss_ = 0, 0, 0.0
        desc = f"epoch {epoch}/{net.max_epochs}"
        if self.bar_ is None:
            done = (epoch - 1) * n
            self.bar_ = open_bar(n * net.max_epochs, initial=done, desc=desc)
        self.bar_.set_description_str(f"{desc}: ")

    def on_batch_end(self, net, loss=None, training=False, **kwargs):
        """Advance the bar, and show the mean loss of the epoch so far."""
        if training:
            self.n_batches_ += 1
            self.loss_ += (float(loss) - self.loss_) / self.n_batches_
            self.bar_.set_postfix_str(f"train_loss={self.loss_:.4f}", refresh=False)
            n_done = len(net.history[-1]["batches"])  # some perhaps before a restart
            n_seen = min(n_done * net.batch_size, self.n_sequences)
            self.bar_.update(n_seen - self.n_seen_)
            self.n_seen_ = n_seen

    def on_epoch_end(self, net, **kwargs):
        """Show the losses and the validation scores of the whole epoch."""
        shown = [
            f"{name}={value:.4f}"
            for name, value in net.history[-1].items()
            if isinstance(value, float)
            and (name == "train_loss" or name.startswith("valid_"))
        ]
        text = ", ".join(shown)
        self.bar_.set_postfix_str(text, refresh=False)
        self.bar_.refresh()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        if self.bar_ is not None:
            self.bar_.close()
