"""
Attention of a sequence
=======================

Where does each step look? The attention of one signal, the heads side by side, and
that of the words of a sentence, in a causal network that reads them one by one.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.inspection import AttentionDisplay

# %%
# Signals with a bump, upwards or downwards.
rng = np.random.default_rng(0)
y = rng.integers(0, 2, 80)
X = [rng.normal(size=(rng.integers(30, 50), 2)) for _ in y]
for x, label in zip(X, y, strict=True):
    start = rng.integers(len(x) - 6)
    x[start : start + 6, 1] += 4 if label else -4

classifier = AttentionLSTMClassifier(
    blend=None, hidden_size=16, num_heads=2, max_epochs=10, random_state=0
).fit(X, y)
AttentionDisplay.from_estimator(classifier, X, index=0)

# %%
# Words. Each step sees itself and those before it.
cases = [
    ["open", *["ask"] * rng.binomial(3, 0.4), "work", rng.choice(["close", "escalate"])]
    for _ in range(100)
]
model = NextStateLSTM(hidden_size=16, num_heads=1, max_epochs=10, random_state=0)
longest = max(range(100), key=lambda i: len(cases[i]))
AttentionDisplay.from_estimator(model.fit(cases), cases, index=longest)
plt.show()
