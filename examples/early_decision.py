"""Decide before the end: how early, and how often rightly.

A machine is switched to another program while it runs; its sensor shows a slow drift
up, down or none. Each step costs, so the decision is made as soon as a class is
probable enough.
"""

import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier

rng = np.random.default_rng(0)
names = np.array(["down", "none", "up"])


def runs(n):
    """Draw the sensor of some runs, of 15 to 40 steps, and what they are."""
    drifts = rng.integers(-1, 2, n)
    lengths = rng.integers(15, 41, n)
    X = [
        rng.normal(0, 1, (length, 1)) + 0.15 * drift * np.arange(length)[:, None]
        for drift, length in zip(drifts, lengths, strict=True)
    ]
    return X, names[drifts + 1]


X, y = runs(300)
X_test, y_test = runs(200)

# Causal, so that a stream can answer in constant time; random_prefixes, so that the
# first steps are answered with doubt.
model = AttentionLSTMClassifier(
    blend=None,
    attention=None,
    standardize=False,
    random_prefixes=True,
    max_epochs=12,
    random_state=0,
).fit(X, y)

# The rule is judged on whole test runs: what would have been said after each step?
prefixes = model.predict_proba_prefixes(X_test)
print("decide above   steps read   accuracy")
for threshold in (0.6, 0.8, 0.9, 0.95):
    read, right = [], []
    for proba, label in zip(prefixes, y_test, strict=True):
        sure = np.flatnonzero(proba.max(axis=1) > threshold)
        t = sure[0] if len(sure) else len(proba) - 1  # the end decides in any case
        read.append((t + 1) / len(proba))
        right.append(model.classes_[proba[t].argmax()] == label)
    print(f"{threshold:12.2f} {np.mean(read):12.0%} {np.mean(right):10.3f}")
print(f"{'the end':>12} {1:12.0%} {model.score(X_test, y_test):10.3f}")

# The rule at work, step by step.
stream = model.stream()
for step in X_test[0]:
    proba = stream.push(step)
    if proba.max() > 0.9:
        break
label = model.classes_[proba.argmax()]
print(
    f"\nAfter {stream.n_steps} of {len(X_test[0])} steps: {label} ({proba.max():.0%})"
)
print(f"It is {y_test[0]}.")
