"""The cost of a time step as the number of sequences grows.

    python benchmarks/scale.py [--n 1000 10000 100000 1000000] [--hidden 32]
                               [--threads 1 2] [--repeats 5]

Lengths are between 2 and 30 steps of 4 channels. Each number of sequences is fitted
in a process of its own, for as many epochs as give about as many steps in all; printed
are the microseconds a true step in the whole of `fit`, their ratio to those of the
first, and the peak memory in MB beyond that of the data and the imports.
"""

import time

import numpy as np
from contenders import resident
from measuring import arguments, child, compare, describe, save, show

STEPS_IN_ALL = 3_000_000


def measure(spec):
    """Fit n sequences and give microseconds a step and MB."""
    from sklearn_seqattn import AttentionLSTMClassifier

    n = spec["n"]
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 31, size=n)
    # Without a detour over float64, whose peak would hide that of the fit.
    flat = rng.standard_normal((lengths.sum(), 4), dtype=np.float32)
    X = np.split(flat, np.cumsum(lengths)[:-1])
    y = np.arange(n) % 3
    n_epochs = max(1, round(STEPS_IN_ALL / lengths.sum()))

    def make(n_epochs):
        return AttentionLSTMClassifier(
            blend=None,
            front_end=None,
            hidden_size=spec["hidden"],
            bidirectional=False,
            attention=None,
            early_stopping=False,
            time_warp=0.0,
            batch_size=64,
            max_epochs=n_epochs,
            random_state=0,
        )

    make(1).fit(X[:640], y[:640])
    before, started = resident(), time.perf_counter()
    make(n_epochs).fit(X, y)
    seconds = time.perf_counter() - started
    return {
        "us a step": 1e6 * seconds / (n_epochs * int(lengths.sum())),
        "memory": resident() - before,
    }


def main():
    """Print a line for each number of sequences."""
    args = arguments(__doc__, n=[1000, 10_000, 100_000, 1_000_000], hidden=32)
    describe()
    all_results = {}
    for n_threads in args.threads:
        listed = {
            f"{n} sequences": ("measure", {"n": n, "hidden": args.hidden})
            for n in args.n
        }
        results = compare(listed, n_threads, args.repeats, "scale.py")
        title = f"Hidden {args.hidden}, {n_threads} thread(s)"
        show(title, results, ("memory",), what="us a step")
        all_results[title] = results
    save(args.json, all_results)


if __name__ == "__main__" and not child({"measure": measure}):
    main()
