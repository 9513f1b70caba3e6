"""
Importance of the steps of a sequence
=====================================

Which steps made the prediction? Occlusion hides them, window by window; integrated
gradients add up the gradient on the way to the sequence. Both color the signal: red
steps speak for the class, blue ones against it.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import ImportanceDisplay

# %%
# Signals with a bump, upwards or downwards, in the second of two channels.
rng = np.random.default_rng(0)
y = rng.integers(0, 2, 120)
X = [rng.normal(size=(rng.integers(30, 50), 2)) for _ in y]
for x, label in zip(X, y, strict=True):
    start = rng.integers(len(x) - 6)
    x[start : start + 6, 1] += 4 if label else -4

model = AttentionLSTMClassifier(
    blend=None,  # integrated gradients do not see a partner
    hidden_size=16,
    max_epochs=20,
    random_state=0,
).fit(X[:80], y[:80])
ImportanceDisplay.from_estimator(model, X, index=80, window=3)

# %%
ImportanceDisplay.from_estimator(model, X, index=80, method="integrated_gradients")

# %%
# Words are shaded.
texts = ["the food was good", "the food was bad", "good service", "bad service"] * 10
readers = AttentionLSTMClassifier(hidden_size=16, max_epochs=20, random_state=0)
readers.fit(texts, ["yes", "no"] * 20)
ImportanceDisplay.from_estimator(readers, texts, index=0)
plt.show()
