"""
What the network adds to its partner
====================================

Each estimator is a network beside a classical model. Here the random convolutions
alone, the network alone, and both together read made-up strokes of a pen, over three
splits.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernelFeatures

random = np.random.default_rng(0)


def make_stroke(kind):
    """Return a closed curve of a number of bends, drawn at an uneven pace."""
    pace = np.cumsum(random.gamma(2, 1, random.integers(25, 45)))
    angle = 2 * np.pi * pace / pace[-1] + random.uniform(0, 2 * np.pi)
    radius = 1 + 0.2 * np.cos((3 + kind) * angle)
    curve = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return curve + random.normal(0, 0.08, curve.shape)


y = np.arange(120) % 3
X = [make_stroke(kind) for kind in y]

# %%
# Three models
# ------------

models = {
    "partner alone": make_pipeline(
        RandomKernelFeatures(n_features=2000, random_state=0),
        StandardScaler(),
        RidgeClassifierCV(np.logspace(-2, 5, 10)),
    ),
    "network alone": AttentionLSTMClassifier(blend=None, max_epochs=25, random_state=0),
    "both (default)": AttentionLSTMClassifier(random_state=0, max_epochs=15),
}
splits = StratifiedShuffleSplit(3, test_size=60, random_state=0)
scores = {}
for name, model in models.items():
    scores[name] = cross_val_score(model, X, y, cv=splits)
    print(f"{name:15} {scores[name].mean():.2f} ± {scores[name].std():.2f}")

# %%
# Draw them
# ---------
# Which part is stronger depends on the data. That is why there are two.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for kind in range(3):
    axes[0].plot(*(X[kind] + [2.8 * kind, 0]).T)
    axes[0].text(2.8 * kind, 0, f"{3 + kind} bends", ha="center")
axes[0].set(title="One stroke of each class", aspect="equal")
axes[0].axis("off")
axes[1].boxplot(list(scores.values()), tick_labels=list(scores))
axes[1].set(ylabel="accuracy of new strokes")
plt.show()
