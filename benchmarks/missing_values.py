"""What indicators and elapsed times add to filling, where values are missing.

    python benchmarks/missing_values.py --data ../shared/data [--set Libras]
    python benchmarks/missing_values.py --options '{"max_epochs": 20, "blend": null}'
    python benchmarks/missing_values.py --set ERing --rate 0.7 --folds 4

Values are removed from classification sets (the folder is that of `quality.py`), from
the train and the test part alike:

* random: each value with the probability `--rate`, half by default;
* blocks: of each channel of each sequence one block of that share of the steps, with
  probability 0.8;
* informative: each value with probability 0.2 or 0.8, drawn once for each class and
  channel. So what is missing tells something of the class, as in the records of a
  hospital.

A seed decides which values are removed, and the classifier. Printed is the accuracy on
the test part, mean and standard error over the seeds, and the same of what a variant
gains over filling alone. Nothing was chosen by it. With `--folds` it is the accuracy by
cross-validation inside the train part, and the test part is not read.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import numpy as np
from loaders import find_sets
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceImputer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

VARIANTS = {
    "alone": {},
    "indicators": {"add_indicator": True},
    "elapsed": {"add_elapsed": True},
    "both": {"add_indicator": True, "add_elapsed": True},
}


def at_random(X, y, rng, rate):
    """Return which values are removed: each with the same probability."""
    return [rng.random(x.shape) < rate for x in X]


def in_blocks(X, y, rng, rate):
    """Return which values are removed: one block of most channels."""
    masks = [np.zeros(x.shape, bool) for x in X]
    for mask in masks:
        n_steps, n_channels = mask.shape
        length = int(rate * n_steps)
        for channel in np.flatnonzero(rng.random(n_channels) < 0.8):
            start = rng.integers(n_steps - length + 1)
            mask[start : start + length, channel] = True
    return masks


def informative(X, y, rng, rate):
    """Return which values are removed: how many depends on class and channel."""
    _, classes = np.unique(y, return_inverse=True)
    shares = rng.choice([0.2, 0.8], size=(classes.max() + 1, X[0].shape[1]))
    pairs = zip(X, shares[classes], strict=True)
    return [rng.random(x.shape) < share for x, share in pairs]


PATTERNS = {"random": at_random, "blocks": in_blocks, "informative": informative}


def with_gaps(parts, pattern, rate, seed):
    """Return the parts of a set with NaN where values are removed."""
    X_train, y_train, X_test, y_test = parts
    X, y = [*X_train, *X_test], np.concatenate([y_train, y_test])
    masks = PATTERNS[pattern](X, y, np.random.default_rng(seed), rate)
    X = [np.where(m, np.nan, x) for m, x in zip(masks, X, strict=True)]
    n = len(y_train)
    return X[:n], y_train, X[n:], y_test


def accuracy(parts, strategy, variant, seed, options, n_folds=None):
    """Score on the test part, or by cross-validation inside the train part."""
    X_train, y_train, X_test, y_test = parts
    model = make_pipeline(
        SequenceImputer(strategy, **VARIANTS[variant]),
        AttentionLSTMClassifier(random_state=seed, **options),
    )
    if n_folds is None:
        return model.fit(X_train, y_train).score(X_test, y_test)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return cross_val_score(model, X_train, y_train, cv=folds).mean()


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
    parser.add_argument("--rate", type=float, default=0.5, help="missing values")
    parser.add_argument("--folds", type=int, help="of the train part")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--options", type=json.loads, default={}, help="JSON, of fits")
    args = parser.parse_args()
    parts, scores = find_sets(args.data)[args.set][1](), {}
    for seed in range(args.seeds):
        for pattern in args.patterns:
            rows = with_gaps(parts, pattern, args.rate, seed)
            for strategy in args.strategies:
                for variant in args.variants:
                    found = scores.setdefault(f"{pattern} {strategy} {variant}", [])
                    found.append(
                        accuracy(
                            rows, strategy, variant, seed, args.options, args.folds
                        )
                    )
        print(f"\n{args.set}, rate {args.rate}, {seed + 1} seed(s)")
        show(scores, args.patterns, args.strategies, args.variants)


if __name__ == "__main__":
    main()
