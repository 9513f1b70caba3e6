"""
Before the end: what a model says after each step
=================================================

A drift tells the class, and shows more clearly the longer one watches.
`random_prefixes` trains on sequences that are cut at random, so that the first steps
are answered with doubt.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import PrefixDisplay

rng = np.random.default_rng(0)
y = rng.choice(["down", "none", "up"], 150)
drift = {"down": -0.2, "none": 0.0, "up": 0.2}
X = [
    rng.normal(size=n) + drift[label] * np.arange(n)
    for label, n in zip(y, rng.integers(20, 40, 150), strict=True)
]

# %%
# The same sequence, by a model that has seen whole sequences alone, and by one that has
# seen prefixes.
rising = 120 + y[120:].tolist().index("up")
_, axes = plt.subplots(2, 1, figsize=(7, 6), layout="constrained")
for ax, random_prefixes in zip(axes, (False, True), strict=True):
    model = AttentionLSTMClassifier(
        random_prefixes=random_prefixes,
        max_epochs=8,
        random_state=0,
    ).fit(X[:120], y[:120])
    PrefixDisplay.from_estimator(model, X, index=rising, ax=ax)
    ax.set_title(f"random_prefixes={random_prefixes}, a sequence that goes up")
plt.show()
