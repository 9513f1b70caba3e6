"""
Rare classes
============

One sequence in ten is a fault. The default finds few of them, although its
probabilities are good. Two remedies: another threshold, or weights of the classes.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from sklearn_seqattn import AttentionLSTMClassifier

random = np.random.default_rng(0)
y = np.arange(300) % 10 == 0
X = []
for fault in y:
    x = random.normal(size=(random.integers(20, 40), 1))
    start = random.integers(len(x) - 6)
    x[start : start + 6] += 1.6 * fault  # a weak bump
    X.append(x)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# Three ways
# ----------

classifier = AttentionLSTMClassifier(max_epochs=10, random_state=0)
models = {
    "default": classifier,
    "tuned threshold": TunedThresholdClassifierCV(
        classifier, scoring="balanced_accuracy", cv=2
    ),
    "balanced weights": AttentionLSTMClassifier(
        class_weight="balanced", max_epochs=10, random_state=0
    ),
}
found, alarms, score = [], [], []
for name, model in models.items():
    predicted = model.fit(X_train, y_train).predict(X_test)
    (_, false_alarms), (_, hits) = confusion_matrix(y_test, predicted)
    found.append(hits)
    alarms.append(false_alarms)
    score.append(balanced_accuracy_score(y_test, predicted))
    print(f"{name:17} balanced accuracy {score[-1]:.2f}, accuracy", end=" ")
    print(f"{(predicted == y_test).mean():.2f}")

# %%
# What they cost
# --------------
# A lower threshold finds more faults, and raises more false alarms. What is worth it
# depends on what a miss and an alarm cost, not on the model.

figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
place = np.arange(len(models))
ax.bar(place - 0.2, found, 0.4, label=f"faults found, of {y_test.sum()}")
ax.bar(place + 0.2, alarms, 0.4, label="false alarms")
ax.set_xticks(place, models)
ax.set_ylabel("sequences")
ax.legend()
plt.show()
