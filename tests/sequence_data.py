"""Small sequences of varying length that are easy to learn."""

import numpy as np


def walks(n_samples=60, n_channels=2, seed=0):
    """Random walks that drift up or down, and which of the two they do."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n_samples) % 2)
    X = [
        np.cumsum(rng.normal(label - 0.5, 1, (rng.integers(4, 20), n_channels)), axis=0)
        for label in y
    ]
    return X, np.array(["down", "up"])[y]


def sentences(n_samples=60, seed=0):
    """Sentences of made-up words; those of class 1 hold the word "yes"."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n_samples) % 2)
    words = np.array(["ba", "bu", "di", "do"])
    X = [list(rng.choice(words, rng.integers(2, 9))) for _ in y]
    for sentence, label in zip(X, y, strict=True):
        if label:
            sentence[rng.integers(len(sentence))] = "yes"
    return X, y


def faint_labels(n_samples=24, seed=0):
    """Labels that mostly stay as they are, and numbers that hint at each of them."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(6, 20, n_samples)
    labels = [
        (rng.random() < 0.5) ^ (np.cumsum(rng.random(n) < 0.15) % 2 > 0)
        for n in lengths
    ]
    X = [rng.normal(y[:, None] * [1.5, 0.0], 1.0, (len(y), 2)) for y in labels]
    return X, [np.where(y, "on", "off") for y in labels]
