"""
A label for each step, and what it goes by
==========================================

A sensor on a machine: it stands still, runs or is braked. `AttentionLSTMTagger` labels
every reading. Its partner learns which label follows which, so that single readings do
not switch the state.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMTagger, WindowModel
from sklearn_seqattn.inspection import ImportanceDisplay

# %%
# States last for some steps, and follow each other in a circle. The readings are noisy.
rng = np.random.default_rng(0)
levels = {"still": 0.0, "runs": 1.5, "brakes": 0.75}


def make_sequence():
    """Return readings of two sensors, and the state at each of them."""
    states = np.repeat([*levels] * 2, rng.integers(6, 16, 6))
    level = np.array([levels[state] for state in states])
    shake = np.where(states == "brakes", 1.6, 0.5)
    sensors = [level + rng.normal(0, 0.7, len(level)), rng.normal(0, shake)]
    return np.column_stack(sensors), states


X, y = map(list, zip(*(make_sequence() for _ in range(50)), strict=True))

# %%
# Probabilities over the steps
# ----------------------------
# Without a chain of labels, and with it. The strips below the curves are the true
# states. The chain does not let the state flicker.
models = {
    "labels by themselves": WindowModel(chain=False),
    "with a chain of labels": WindowModel(),
}
colors = dict(zip(levels, ["tab:gray", "tab:blue", "tab:orange"], strict=True))
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(8, 5), layout="constrained")
for ax, (name, blend) in zip(axes, models.items(), strict=True):
    tagger = AttentionLSTMTagger(blend=blend, max_epochs=5, random_state=0)
    tagger.fit(X[:40], y[:40])
    ax.set_title(f"{name}: {tagger.score(X[40:], y[40:]):.3f} of the steps are right")
    probabilities = tagger.predict_proba(X[40:41])[0]
    for state, curve in zip(tagger.classes_, probabilities.T, strict=True):
        ax.plot(curve, color=colors[state], label=state)
        steps = np.flatnonzero(y[40] == state)
        ax.scatter(steps, np.full(len(steps), -0.1), color=colors[state], marker="s")
    ax.set_ylabel("probability")
axes[-1].set_xlabel("step")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper")

# %%
# What one label goes by
# ----------------------
# The dotted step is explained, at the beginning of a braking. The shaking of the second
# sensor speaks for its label. The high level just before, in the first, speaks against
# it. What lies far away does not matter.
step = int(np.flatnonzero(y[40] == "brakes")[2])
ImportanceDisplay.from_estimator(
    tagger, X[40:41], step=step, target="brakes", window=3, by_channel=True
)
plt.show()
