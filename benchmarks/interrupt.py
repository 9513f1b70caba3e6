"""A large fit: when it shows itself, and what an interrupt in its first epoch leaves.

It is interrupted after some batches, predicts, goes on from its checkpoint, and is
compared with a fit that was not interrupted.

    python benchmarks/interrupt.py --n 200000
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

from sklearn_seqattn import AttentionLSTMClassifier

SMALL = {
    "blend": None,
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
    """A terminal that notes when it is first written to."""

    first = None

    def isatty(self):
        """Return that lines can be drawn again."""
        return True

    def write(self, text):
        """Note the time."""
        self.first = self.first or perf_counter()
        return super().write(text)


class Press(Callback):
    """Press Ctrl-C after some batches of the first epoch."""

    def on_batch_end(self, net, **kwargs):
        """Send the signal."""
        if len(net.history[-1]["batches"]) == 5:
            os.kill(os.getpid(), signal.SIGINT)


def make_data(n):
    """Return n short sequences of two channels, and their labels."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 6, n)
    steps = rng.normal(size=(lengths.sum(), 2)).astype(np.float32)
    return np.split(steps, np.cumsum(lengths)[:-1]), rng.integers(0, 2, n)


def interrupt(X, y, folder):
    """Interrupt a fit; return the seconds to its first sign, and its history."""
    before, sys.stderr = sys.stderr, Terminal()
    model = AttentionLSTMClassifier(
        **SMALL, checkpoint=folder, callbacks=[Press()], verbose=1
    )
    start = perf_counter()
    try:
        model.fit(X, y)
    except KeyboardInterrupt:
        model.predict(X[:5])
    shown, sys.stderr = sys.stderr.first - start, before
    return shown, model.history_


def main():
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200_000)
    X, y = make_data(parser.parse_args().n)
    with tempfile.TemporaryDirectory() as folder:
        shown, history = interrupt(X, y, folder)
        print(f"first sign after {shown:.2f} s")
        print(f"interrupted after {history['batches'].tolist()} batches, and predicts")
        resumed = AttentionLSTMClassifier(**SMALL, checkpoint=folder).fit(X, y)
    straight = AttentionLSTMClassifier(**SMALL).fit(X, y)
    same = np.array_equal(resumed.predict_proba(X), straight.predict_proba(X))
    print(f"resumed with the same bits: {same}")


if __name__ == "__main__":
    main()
