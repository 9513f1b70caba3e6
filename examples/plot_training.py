"""
A training: losses, scores and learning rate
============================================

`scoring` has scikit-learn's scorers watch the validation data. The first one decides
which epoch is the best, and when training stops.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import TrainingHistoryDisplay

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 200)
X = [rng.normal(0.3 * (2 * label - 1), 1, size=rng.integers(10, 30)) for label in y]

model = AttentionLSTMClassifier(
    blend=None,
    hidden_size=16,
    max_epochs=30,
    early_stopping=True,
    validation_fraction=0.3,
    scoring=["roc_auc", "accuracy"],
    random_state=0,
).fit(X, y)
print(model.history_.tail(3).drop(columns="seconds"))

# %%
TrainingHistoryDisplay.from_estimator(model)
plt.show()
