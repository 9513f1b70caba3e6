"""
Fill missing values
===================

A made-up hospital: lactate is measured when a doctor suspects something. So it tells
something that a value is missing. Each fold of the cross-validation fills by its own
training data, because the imputer stands in a Pipeline.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceImputer

random = np.random.default_rng(0)
y = np.arange(90) % 2 == 1  # a complication follows
X = []
for is_bad in y:
    n_hours = random.integers(10, 30)
    course = np.cumsum(random.normal(0.03 * is_bad, 0.3, n_hours))
    stay = course[:, None] + random.normal(0, 1, (n_hours, 2))
    stay[random.random(n_hours) > (0.4 if is_bad else 0.2), 0] = np.nan
    stay[random.random(n_hours) > 0.5, 1] = np.nan
    X.append(stay)
print(f"{np.isnan(np.concatenate(X)).mean():.0%} of the values are missing")

# %%
# Three ways to fill
# ------------------

ways = {
    "mean": {"strategy": "mean"},
    "last": {"strategy": "last"},
    "last + indicators": {"strategy": "last", "add_indicator": True},
}
scores = {}
for name, options in ways.items():
    classifier = AttentionLSTMClassifier(max_epochs=8, random_state=0)
    model = make_pipeline(SequenceImputer(**options), classifier)
    scores[name] = cross_val_score(model, X, y, cv=3, scoring="roc_auc")
    print(f"{name:18} {scores[name].mean():.2f} ± {scores[name].std():.2f}")

# %%
# What a stay looks like before and after
# ---------------------------------------
# Where the gaps say nothing, indicators are only more to learn: leave them out then.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
filled = SequenceImputer("last").fit_transform(X)
axes[0].plot(filled[1][:, 0], "--", label="filled by the last value")
axes[0].plot(X[1][:, 0], "o", label="measured")
axes[0].set(title="Lactate of one stay", xlabel="hour")
axes[0].legend()
axes[1].boxplot(list(scores.values()), tick_labels=list(scores))
axes[1].set(title="Cross-validation", ylabel="area under the ROC curve")
plt.show()
