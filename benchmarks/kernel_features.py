"""What random convolution features cost, beside MiniRocket of aeon where installed.

    python benchmarks/kernel_features.py [--threads 1 2] [--repeats 5]

Ten thousand features of random walks, thresholds included, in the sizes of OSULeaf,
Epilepsy and JapaneseVowels. Each line is a fresh process that computes them twice: the
first time compiles. MiniRocket gets the walks zero-padded.
"""

import os
import time

import numpy as np
from measuring import arguments, child, compare, describe, has, save, show

#: Sequences, channels, steps of the shortest and of the longest.
SIZES = [(442, 1, 427, 427), (275, 3, 206, 206), (640, 12, 7, 29)]


def draw(n, n_channels, shortest, longest):
    """Draw random walks, each (T, D)."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(shortest, longest + 1, n)
    return [
        rng.normal(size=(length, n_channels)).cumsum(0).astype(np.float32)
        for length in lengths
    ]


def second_time(compute):
    """Time a computation that has been done once."""
    compute()
    started = time.perf_counter()
    features = compute()
    return {"seconds": time.perf_counter() - started, "features": features.shape[1]}


def ours(size):
    """Compute our features."""
    from sklearn_seqattn import RandomKernelFeatures

    X = draw(*size)
    return second_time(lambda: RandomKernelFeatures(random_state=0).fit(X).transform(X))


def minirocket(size):
    """Compute those of aeon."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    from sklearn_seqattn import SequencePadder

    X = np.nan_to_num(SequencePadder().fit_transform(draw(*size)))
    X = np.ascontiguousarray(X.transpose(0, 2, 1))
    model = MiniRocket(random_state=0, n_jobs=int(os.environ["OMP_NUM_THREADS"]))
    return second_time(lambda: model.fit_transform(X))


def main():
    """Print a table for each size."""
    args = arguments(__doc__)
    describe()
    all_results = {}
    for n_threads in args.threads:
        for size in SIZES:
            contenders = {"ours": ("ours", size)}
            if has("aeon"):
                contenders["MiniRocket"] = ("minirocket", size)
            results = compare(contenders, n_threads, args.repeats, "kernel_features.py")
            n, n_channels, shortest, longest = size
            title = f"{n} sequences of {shortest} to {longest} steps, {n_channels} "
            title += f"channel(s), {n_threads} thread(s)"
            show(title, results, ("features",))
            all_results[title] = results
    save(args.json, all_results)


if __name__ == "__main__" and not child({"ours": ours, "minirocket": minirocket}):
    main()
