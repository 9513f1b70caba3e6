"""The cost of a time step as the number of sequences grows.

    python benchmarks/scale.py [--n 1000 10000 100000 1000000] [--hidden 32]

Lengths are between 2 and 30 steps of 4 channels. Each number of sequences is fitted
in a process of its own, for as many epochs as give about as many steps in all; printed
are the microseconds a true step in the whole of `fit`, their ratio to those of the
first, and the peak memory beyond that of the data and the imports.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from contenders import resident

STEPS_IN_ALL = 3_000_000


def measure(n, hidden):
    """Fit n sequences and give microseconds a step and MB."""
    from sklearn_seqattn import AttentionLSTMClassifier

    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 31, size=n)
    # Without a detour over float64, whose peak would hide that of the fit.
    flat = rng.standard_normal((lengths.sum(), 4), dtype=np.float32)
    X = np.split(flat, np.cumsum(lengths)[:-1])
    y = np.arange(n) % 3
    n_epochs = max(1, round(STEPS_IN_ALL / lengths.sum()))

    def make(n_epochs):
        return AttentionLSTMClassifier(
            front_end=None,
            hidden_size=hidden,
            bidirectional=False,
            attention=None,
            early_stopping=False,
            time_stretch=0.0,
            batch_size=64,
            max_epochs=n_epochs,
            random_state=0,
        )

    make(1).fit(X[:640], y[:640])
    before, started = resident(), time.perf_counter()
    make(n_epochs).fit(X, y)
    seconds = time.perf_counter() - started
    return 1e6 * seconds / (n_epochs * lengths.sum()), resident() - before


def main():
    """Print a line for each number of sequences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--n", type=int, nargs="*", default=[1000, 10_000, 100_000, 1_000_000]
    )
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(args.child, args.hidden)))
        return
    runs = {n: [] for n in args.n}
    for _ in range(args.repeats):
        for n in args.n:
            command = [sys.executable, __file__, "--hidden", str(args.hidden)]
            found = subprocess.run(
                [*command, "--child", str(n)],
                capture_output=True,
                text=True,
                check=True,
            )
            runs[n].append(json.loads(found.stdout.splitlines()[-1]))
    print("| sequences | us a step (median) | ratio | memory of fit, MB |")
    print("|---|---|---|---|")
    medians = {n: np.median(found, axis=0) for n, found in runs.items()}
    for n, (cost, memory) in medians.items():
        ratio = cost / medians[args.n[0]][0]
        print(f"| {n} | {cost:.2f} | {ratio:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
