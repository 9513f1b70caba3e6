"""
Sequences as vectors
====================

A fitted network turns each sequence into a vector. Classes that it has never seen form
groups, too: the network is trained on the digits 0 to 6, and its vectors group 7, 8 and
9 better than their pixels do.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn import AttentionLSTMClassifier

digits = load_digits()
X, y = digits.images.transpose(0, 2, 1)[:900], digits.target[:900]  # steps are columns
known = y < 7

# %%
# Train on the known digits
# -------------------------
# ``blend=None`` makes the network learn all of the classes. Beside a partner it learns
# what the partner leaves, and its vectors group less well.

embedder = AttentionLSTMClassifier(blend=None, max_epochs=15, random_state=0)
embedder.fit(X[known], y[known])
vectors = embedder.transform(X[~known])
print(vectors.shape)

# %%
# Group the unknown ones
# ----------------------

groups = make_pipeline(StandardScaler(), KMeans(3, n_init=10, random_state=0))
found = adjusted_rand_score(y[~known], groups.fit_predict(vectors))
pixels = X[~known].reshape(len(vectors), -1)
plain = adjusted_rand_score(y[~known], groups.fit_predict(pixels))
print(f"adjusted Rand index: {found:.2f} (of the pixels themselves: {plain:.2f})")

# %%
# Draw them
# ---------

points = PCA(2).fit_transform(StandardScaler().fit_transform(vectors))
figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
for digit in np.unique(y[~known]):
    ax.scatter(*points[y[~known] == digit].T, s=15, label=f"digit {digit}")
ax.set(title="Vectors of digits that training did not hold", xlabel="PCA 1")
ax.set_ylabel("PCA 2")
ax.legend()
plt.show()
