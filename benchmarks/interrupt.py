"""A large fit: when it shows itself, and what an interrupt in its first epoch leaves.

It is interrupted after some batches, predicts, goes on from its checkpoint, and is
compared with a fit that was not interrupted.

    python benchmarks/interrupt.py --n 200000
    python benchmarks/interrupt.py --n 20000 --features 1000
"""

import argparse
import io
import os
import signal
import sys
import tempfile
from time import perf_counter

import numpy as np
from skorch.callbacks import Callback

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels

SMALL = {
    "front_end": None,
    "hidden_size": 8,
    "num_layers": 1,
    "attention": None,
    "head_units": (),
    "batch_size": 2048,
    "max_epochs": 2,
    "early_stopping": False,
    "random_state": 0,
}


class Terminal(io.StringIO):
    """A terminal that notes when it is written to."""

    def __init__(self):
        super().__init__()
        self.times = []

    def isatty(self):
        """Return that lines can be drawn again."""
        return True

    def write(self, text):
        """Note the time."""
        self.times.append((perf_counter(), text.strip()))
        return super().write(text)


class Press(Callback):
    """Press Ctrl-C after some batches of the first epoch."""

    def on_train_begin(self, net, **kwargs):
        """Note the time: the partner is fitted."""
        self.began = perf_counter()

    def on_batch_end(self, net, **kwargs):
        """Send the signal."""
        if len(net.history[-1]["batches"]) == 5:
            os.kill(os.getpid(), signal.SIGINT)


def make_data(n):
    """Return n short sequences of three channels, and their labels."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 13, n)
    steps = rng.normal(size=(lengths.sum(), 3)).astype(np.float32)
    return np.split(steps, np.cumsum(lengths)[:-1]), rng.integers(0, 2, n)


def interrupt(X, y, folder, **options):
    """Interrupt a fit in its first epoch, and predict.

    Parameters
    ----------
    X, y
        As from `make_data`.
    folder : str
        Where the checkpoint is.
    **options
        Parameters of the classifier.

    Returns
    -------
    model : AttentionLSTMClassifier
        As the interrupt has left it.
    first, before : float
        Seconds to its first sign, and to the training.
    longest : str
        The longest time between two signs before the training, and the first of them.
    """
    press, (stderr, sys.stderr) = Press(), (sys.stderr, Terminal())
    model = AttentionLSTMClassifier(
        **options, checkpoint=folder, callbacks=[press], verbose=1
    )
    start = perf_counter()
    try:
        model.fit(X, y)
    except KeyboardInterrupt:
        model.predict(X[:5])
    terminal, sys.stderr = sys.stderr, stderr
    times, texts = zip((start, "start"), *terminal.times, strict=True)
    gaps = np.diff([time for time in times if time <= press.began])
    longest = f"{gaps.max():.1f} s, after {texts[gaps.argmax()]!r:.60}"
    return model, times[1] - start, longest, press.began - start


def main():
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--features", type=int)  # of the partner; by default "auto"
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
    X, y = make_data(asked.n)
    options = {**SMALL, "blend": RandomKernels(asked.features or "auto")}
    with tempfile.TemporaryDirectory() as folder:
        model, first, longest, before = interrupt(X, y, folder, **options)
        print(f"first sign after {first:.2f} s, the partner took {before:.0f} s")
        print(f"longest time without a sign before the training: {longest}")
        print(f"interrupted after {model.history_['batches'].tolist()} batches")
        resumed = AttentionLSTMClassifier(**options, checkpoint=folder).fit(X, y)
    straight = AttentionLSTMClassifier(**options).fit(X, y)
    same = np.array_equal(resumed.predict_proba(X), straight.predict_proba(X))
    states = [model.network_.state_dict() for model in (resumed, straight)]
    equal = all((states[0][name] == states[1][name]).all() for name in states[0])
    print(f"resumed with the same predictions: {same}, the same weights: {equal}")


if __name__ == "__main__":
    main()
