"""What random convolution features cost, beside aeon's MiniRocket, on one thread.

    python benchmarks/kernel_features.py [--repeats 5] [--json FILE]

Ten thousand features of random walks, thresholds included, in the sizes of OSULeaf,
Epilepsy and JapaneseVowels. Both sides take turns in one process, after a warm-up that
compiles MiniRocket; ours get the walks at their own lengths, MiniRocket zero-padded.
It needs aeon (``pip install aeon``).
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch and numba load
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
import torch
from aeon.transformations.collection.convolution_based import MiniRocket

from sklearn_seqattn import RandomKernelFeatures

#: Sequences, channels, steps of the shortest and of the longest.
SIZES = [(442, 1, 427, 427), (275, 3, 206, 206), (640, 12, 7, 29)]


def draw(n, n_channels, shortest, longest):
    """Draw random walks, as a list of (T, D) and as one array (n, D, T)."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(shortest, longest + 1, n)
    X = [rng.normal(size=(t, n_channels)).cumsum(0).astype(np.float32) for t in lengths]
    padded = np.zeros((n, n_channels, longest), np.float32)
    for row, x in zip(padded, X, strict=True):
        row[:, : len(x)] = x.T
    return X, padded


def measure(size, repeats):
    """Give the median CPU seconds of ours and of MiniRocket."""
    X, padded = draw(*size)
    sides = {
        "ours": lambda: RandomKernelFeatures(random_state=0).fit(X).transform(X),
        "minirocket": lambda: MiniRocket(random_state=0).fit_transform(padded),
    }
    seconds = {name: [] for name in sides}
    for repeat in range(repeats + 1):
        for name, compute in sides.items():
            started = time.process_time()
            compute()
            if repeat:  # the first compiles
                seconds[name].append(time.process_time() - started)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main():
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write all measurements here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| sequences | channels | steps | ours, s | MiniRocket, s | ratio |")
    print("|---|---|---|---|---|---|")
    results = []
    for size in SIZES:
        found = measure(size, args.repeats)
        results.append({"size": size, **found})
        n, n_channels, shortest, longest = size
        steps = f"{shortest} to {longest}" if shortest < longest else longest
        ours, theirs = found["ours"], found["minirocket"]
        print(
            f"| {n} | {n_channels} | {steps} | {ours:.2f} | {theirs:.2f} | "
            f"{theirs / ours:.2f} |",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
