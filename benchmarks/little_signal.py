"""What the network of a classifier costs where there is hardly any signal.

    python benchmarks/little_signal.py [--seeds 5] [--tasks "noise, 40"]

Made-up sequences of noise, of weak signals, and of signals that random kernels hardly
see, 400 of each task to test. Printed is the log loss of the test sequences, mean and
standard error over the seeds: of the class frequencies, of the kernels alone, of the
network at the fixed share (`early_stopping=False`) and of the default, and then the
accuracy of the last two. A seed draws the data, and the classifier.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import numpy as np
from sklearn.metrics import log_loss

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.shrinkage import shrink

N_TEST = 400


def noise(rng, n, n_steps, n_channels, n_classes=2, walks=False):
    """Draw noise, or random walks, and classes at random."""
    X = rng.normal(size=(n, n_steps, n_channels))
    return np.cumsum(X, axis=1) if walks else X, rng.integers(n_classes, size=n)


def flipped_waves(rng, n, share):
    """Draw noise, with a wave in half of the sequences; a share of labels is wrong."""
    X, y = noise(rng, n, 30, 2)
    phases = rng.uniform(0, 6, (n, 1))
    X[..., 0] += 1.5 * y[:, None] * np.sin(0.7 * np.arange(30) + phases)
    return X, np.where(rng.random(n) < share, 1 - y, y)


def wider(rng, n):
    """Draw noise, whose deviation is a tenth larger in half of the sequences."""
    X, y = noise(rng, n, 40, 2)
    return X * (1 + 0.1 * y)[:, None, None], y


def correlated(rng, n):
    """Draw noise, each step of which has a quarter of the one before in half of X."""
    X, y = noise(rng, n, 40, 2)
    for t in range(1, 40):
        X[:, t] += 0.25 * y[:, None] * X[:, t - 1]
    return X, y


def order(rng, n, share=0.0):
    """Draw an event in each of two channels; the class is which one comes first."""
    X, y = noise(rng, n, 50, 2)
    places = np.stack([rng.integers(0, 16, n), rng.integers(33, 50, n)], axis=1)
    X *= 0.5
    X[np.arange(n)[:, None], places, np.stack([y, 1 - y], axis=1)] += 3
    return X, np.where(rng.random(n) < share, 1 - y, y)


def alike(rng, n):
    """Draw an early and a late event; the class is whether they have one sign."""
    signs, X = rng.choice([-1, 1], (n, 2)), rng.normal(0, 0.3, (n, 50, 1))
    places = np.stack([rng.integers(0, 12, n), rng.integers(37, 50, n)], axis=1)
    X[np.arange(n)[:, None], places, 0] += 3 * signs
    return X, (signs[:, 0] == signs[:, 1]).astype(int)


TASKS = {
    "noise, 40": (noise, 40, (30, 2)),
    "noise, 60, 14 channels": (noise, 60, (50, 14)),
    "noise, 100, 4 classes": (noise, 100, (40, 5, 4)),
    "random walks, 80": (noise, 80, (40, 6, 2, True)),
    "wave, 35 % flipped, 80": (flipped_waves, 80, (0.35,)),
    "wave, 20 % flipped, 150": (flipped_waves, 150, (0.2,)),
    "deviation 1.1, 150": (wider, 150, ()),
    "correlation .25, 100": (correlated, 100, ()),
    "order, 20 % flipped, 150": (order, 150, (0.2,)),
    "order, 60": (order, 60, ()),
    "events alike, 60": (alike, 60, ()),
    "events alike, 150": (alike, 150, ()),
}


def measure(task, seed):
    """Return four log losses and two accuracies."""
    draw, n, options = TASKS[task]
    X, y = draw(np.random.default_rng(seed), n + N_TEST, *options)
    train, test = (X[:n], y[:n]), (X[n:], y[n:])
    frequencies = np.tile(np.bincount(train[1]) / n, (N_TEST, 1))
    found, accuracies = [log_loss(test[1], frequencies)], []
    models = [
        AttentionLSTMClassifier(early_stopping=stopping, random_state=seed).fit(*train)
        for stopping in (False, "auto")
    ]
    for model in models:
        found.append(log_loss(test[1], model.predict_proba(test[0])))
        accuracies.append(model.score(*test))
    shrink(models[0].network_, 0.0)
    found.insert(1, log_loss(test[1], models[0].predict_proba(test[0])))
    return found + accuracies


def main():
    """Print a line for each task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    args = parser.parse_args()
    columns = "frequencies", "kernels", "fixed share", "default"
    print("| task | " + " | ".join((*columns, "accuracy, fixed", "default")) + " |")
    print("|---" * 7 + "|")
    for task in args.tasks:
        found = np.array([measure(task, seed) for seed in range(args.seeds)])
        errors = found.std(axis=0, ddof=1) / args.seeds**0.5
        cells = [
            f"{m:.3f} ± {e:.3f}" for m, e in zip(found.mean(0), errors, strict=True)
        ]
        print(f"| {task} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
