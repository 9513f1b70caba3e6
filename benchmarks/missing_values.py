"""What indicators and elapsed times add to filling, where values are missing.

    python benchmarks/missing_values.py --data ../shared/data [--set Libras]
    python benchmarks/missing_values.py --options '{"max_epochs": 20, "blend": null}'

Values are removed from classification sets (the folder is that of `quality.py`), from
the train and the test part alike:

* random: each value with probability 0.5;
* blocks: of each channel of each sequence one block of half of the steps, with
  probability 0.8;
* informative: each value with probability 0.2 or 0.8, drawn once for each class and
  channel. So what is missing tells something of the class, as in the records of a
  hospital.

A seed decides which values are removed, and the classifier. Printed is the accuracy on
the test part, mean and standard error over the seeds, and the same of what a variant
gains over filling alone. Nothing was chosen by it.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import numpy as np
from loaders import find_sets
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceImputer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

VARIANTS = {
    "alone": {},
    "indicators": {"add_indicator": True},
    "elapsed": {"add_elapsed": True},
    "both": {"add_indicator": True, "add_elapsed": True},
}


def at_random(X, y, rng):
    """Return which values are removed: half of them."""
    return [rng.random(x.shape) < 0.5 for x in X]


def in_blocks(X, y, rng):
    """Return which values are removed: one block of most channels."""
    masks = [np.zeros(x.shape, bool) for x in X]
    for mask in masks:
        n_steps, n_channels = mask.shape
        for channel in np.flatnonzero(rng.random(n_channels) < 0.8):
            start = rng.integers(n_steps - n_steps // 2 + 1)
            mask[start : start + n_steps // 2, channel] = True
    return masks


def informative(X, y, rng):
    """Return which values are removed: how many depends on class and channel."""
    _, classes = np.unique(y, return_inverse=True)
    shares = rng.choice([0.2, 0.8], size=(classes.max() + 1, X[0].shape[1]))
    pairs = zip(X, shares[classes], strict=True)
    return [rng.random(x.shape) < share for x, share in pairs]


PATTERNS = {"random": at_random, "blocks": in_blocks, "informative": informative}


def with_gaps(parts, pattern, seed):
    """Return the parts of a set with NaN where values are removed."""
    X_train, y_train, X_test, y_test = parts
    X, y = [*X_train, *X_test], np.concatenate([y_train, y_test])
    masks = PATTERNS[pattern](X, y, np.random.default_rng(seed))
    X = [np.where(m, np.nan, x) for m, x in zip(masks, X, strict=True)]
    n = len(y_train)
    return X[:n], y_train, X[n:], y_test


def accuracy(parts, strategy, variant, seed, options):
    """Fit to the train part and score on the test part."""
    X_train, y_train, X_test, y_test = parts
    model = make_pipeline(
        SequenceImputer(strategy, **VARIANTS[variant]),
        AttentionLSTMClassifier(random_state=seed, **options),
    )
    return model.fit(X_train, y_train).score(X_test, y_test)


def with_error(values, sign=""):
    """Return the mean of values and, of two and more, its standard error."""
    text = f"{np.mean(values):{sign}.3f}"
    if len(values) == 1:
        return text
    return f"{text} ± {np.std(values, ddof=1) / len(values) ** 0.5:.3f}"


def show(scores, patterns, strategies, variants):
    """Print means over the seeds, and gains over the first variant, with errors."""
    print("\n| missing | filled by | " + " | ".join(variants) + " |")
    print("|---|---|" + "---|" * len(variants))
    for pattern in patterns:
        for strategy in strategies:
            found = [scores[f"{pattern} {strategy} {name}"] for name in variants]
            gains = [with_error(np.subtract(row, found[0]), "+") for row in found]
            pairs = zip(found, gains, strict=True)
            cells = [f"{with_error(row)} ({gain})" for row, gain in pairs]
            print(f"| {pattern} | {strategy} | {' | '.join(cells)} |", flush=True)


def main():
    """Print one table, again after each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--set", default="JapaneseVowels")
    parser.add_argument("--patterns", nargs="*", default=list(PATTERNS))
    parser.add_argument("--strategies", nargs="*", default=["mean", "last", "linear"])
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--options", type=json.loads, default={}, help="JSON, of fits")
    args = parser.parse_args()
    parts, scores = find_sets(args.data)[args.set][1](), {}
    for seed in range(args.seeds):
        for pattern in args.patterns:
            rows = with_gaps(parts, pattern, seed)
            for strategy in args.strategies:
                for variant in args.variants:
                    found = scores.setdefault(f"{pattern} {strategy} {variant}", [])
                    found.append(accuracy(rows, strategy, variant, seed, args.options))
        print(f"\n{args.set}, {seed + 1} seed(s)")
        show(scores, args.patterns, args.strategies, args.variants)


if __name__ == "__main__":
    main()
