"""
Classify sequences in five minutes
==================================

The images of scikit-learn's digits, read from left to right: a step is a column of
eight pixels. Blank columns on both sides are cut off, so lengths differ. Nothing is
padded by us, and nothing is tuned.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

from sklearn_seqattn import AttentionLSTMClassifier


def read_columns(image):
    """Return the columns of an image from the first inked one to the last."""
    inked = np.flatnonzero(image.any(axis=0))
    return image.T[inked[0] : inked[-1] + 1]  # (T, 8)


digits = load_digits()
X = [read_columns(image) for image in digits.images[:500]]
y = digits.target[:500]
print(sorted({len(x) for x in X}), "steps")

# %%
# Fit and score
# -------------
# An estimator of sequences is used like any other one.

X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)
classifier = AttentionLSTMClassifier(max_epochs=15, random_state=0)
classifier.fit(X_train, y_train)
print(f"accuracy on new digits: {classifier.score(X_test, y_test):.3f}")

# %%
# Look at the errors
# ------------------
# Predictions work with the tools of scikit-learn.

predicted = classifier.predict(X_test)
display = ConfusionMatrixDisplay.from_predictions(y_test, predicted, colorbar=False)
display.ax_.set_title("New digits, read column by column")
plt.show()
