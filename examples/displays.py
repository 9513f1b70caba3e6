"""Draw what the displays show, and save the pictures in a folder.

    python examples/displays.py [FOLDER]

Needs matplotlib: pip install "sklearn_seqattn[plot]".
"""

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from skorch.callbacks import EpochScoring

from sklearn_seqattn import AttentionLSTMClassifier, NextStateMarkov
from sklearn_seqattn.inspection import (
    AttentionDisplay,
    ImportanceDisplay,
    NextStateDisplay,
    TrainingHistoryDisplay,
    TransitionDisplay,
)

mpl.use("Agg")  # draws into files
folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
rng = np.random.default_rng(0)

# Signals with a bump, upwards or downwards, in the second of two channels.
y = rng.integers(0, 2, 120)
X = [rng.normal(size=(rng.integers(30, 50), 2)) for _ in y]
for x, label in zip(X, y, strict=True):
    start = rng.integers(len(x) - 6)
    x[start : start + 6, 1] += 4 if label else -4

model = AttentionLSTMClassifier(
    blend=None,  # integrated gradients do not see a partner
    hidden_size=16,
    max_epochs=20,
    callbacks=[EpochScoring("accuracy", lower_is_better=False)],
    random_state=0,
).fit(X[:80], y[:80], validation_data=(X[80:], y[80:]))

# Requests of a service desk.
cases = [
    ["open", *["ask"] * rng.binomial(3, 0.4), "work", rng.choice(["close", "escalate"])]
    for _ in range(200)
]
counts = NextStateMarkov(end_state=True).fit(cases)

displays = {
    "attention": AttentionDisplay.from_estimator(model, X, index=80),
    "occlusion": ImportanceDisplay.from_estimator(model, X, index=80, window=3),
    "gradients": ImportanceDisplay.from_estimator(
        model, X, index=80, method="integrated_gradients"
    ),
    "training": TrainingHistoryDisplay.from_estimator(model),
    "next_state": NextStateDisplay.from_estimator(counts, [["open", "ask"]]),
    "transitions": TransitionDisplay.from_estimator(counts, cases),
}
for name, display in displays.items():
    path = folder / f"{name}.png"
    display.figure_.savefig(path)
    print(path)
