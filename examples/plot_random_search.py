"""
Tune by a random search
=======================

Two of the six parameters that matter most, searched at random on logarithmic scales.
The search knows nothing of sequences; it is scikit-learn's.
"""

import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV, train_test_split

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.search import LogUniformIntegers

digits = load_digits()
X, y = digits.images.transpose(0, 2, 1), digits.target  # steps are columns
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=300, test_size=400, stratify=y, random_state=0
)

# %%
# Search
# ------
# A few epochs and two folds are enough to see which settings are hopeless. The network
# is searched alone, since the partner hides much of the differences.

search = RandomizedSearchCV(
    AttentionLSTMClassifier(blend=None, max_epochs=6, random_state=0),
    {"hidden_size": LogUniformIntegers(8, 64), "lr": loguniform(3e-4, 3e-2)},
    n_iter=8,
    cv=2,
    scoring="neg_log_loss",
    random_state=0,
)
search.fit(X_train, y_train)
print("hidden_size", search.best_params_["hidden_size"])
print("lr         ", round(search.best_params_["lr"], 4))

# %%
# The best model was fitted again on all of the train part. Its score there was chosen,
# so we report the one on digits that the search has not seen.

accuracy = search.best_estimator_.score(X_test, y_test)
print(f"accuracy on new digits: {accuracy:.3f}")

# %%
# What was tried
# --------------

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
tried = search.cv_results_
points = ax.scatter(
    tried["param_lr"].astype(float),
    tried["param_hidden_size"].astype(int),
    c=-tried["mean_test_score"],
    s=120,
    cmap="viridis_r",
    edgecolor="black",
)
ax.set(xscale="log", yscale="log", xlabel="lr", ylabel="hidden_size")
ax.set_yticks([8, 16, 32, 64], [8, 16, 32, 64])
ax.minorticks_off()
figure.colorbar(points, label="log loss, cross-validated")
plt.show()
