"""
Calibration and confusion by the displays of scikit-learn
=========================================================

The estimators are those of scikit-learn in every respect, so its displays show them,
too: are probabilities as high as they should be, and which classes are confused?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

from sklearn_seqattn import AttentionLSTMClassifier

# %%
# Noisy waves of three kinds, of various lengths.
rng = np.random.default_rng(0)
waves = {"sine": np.sin, "square": lambda t: np.sign(np.sin(t)), "noise": np.zeros_like}
y = rng.choice(list(waves), 300)
X = [waves[kind](rng.uniform(0, 6) + np.arange(rng.integers(20, 40)) / 2) for kind in y]
X = [x + rng.normal(0, 1.0, len(x)) for x in X]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

model = AttentionLSTMClassifier(random_state=0).fit(X_train, y_train)
ConfusionMatrixDisplay.from_estimator(model, X_test, y_test)

# %%
is_wave, test_is_wave = y_train != "noise", y_test != "noise"
binary = AttentionLSTMClassifier(random_state=0).fit(X_train, is_wave)
CalibrationDisplay.from_estimator(binary, X_test, test_is_wave, n_bins=5)
plt.show()
