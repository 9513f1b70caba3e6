"""
Text, and what single words tell
================================

Sentences go in as strings. By default n-grams with a linear model stand beside the
network. The reviews are made up from a few phrases; "not" turns the meaning around.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import ImportanceDisplay

random = np.random.default_rng(0)
good = ["great", "funny", "moving", "clever", "warm"]
bad = ["dull", "loud", "slow", "flat", "cold"]
things = ["the plot", "the cast", "this film", "the ending", "her music"]


def make_review():
    """Return a sentence, and whether it praises."""
    praises, negated = random.random(2) < 0.5
    word = random.choice(good if praises != negated else bad)
    middle = random.choice(["in all", "to me", "once more", "I think"])
    verb = "is not" if negated else "is"
    return f"{random.choice(things)} {verb} {middle} {word}", praises


reviews, praises = map(list, zip(*(make_review() for _ in range(200)), strict=True))
y = np.where(praises, "praise", "blame")
for review, label in zip(reviews[:3], y, strict=False):
    print(f"{label:7} {review}")

# %%
# Beside a plain baseline
# -----------------------
# The linear model counts words and pairs of words. "not" and the word that it turns
# around never stand side by side here, so neither tells the answer alone.

models = {
    "tf-idf + logistic regression": make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10)
    ),
    "the network alone": AttentionLSTMClassifier(
        blend=None, max_epochs=20, random_state=0
    ),
}
for name, model in models.items():
    scores = cross_val_score(model, reviews, y, cv=2)
    print(f"{name:30} {scores.mean():.2f}")

# %%
# On real text the order of words is rarely all that counts: there the linear model is
# the stronger part of the blend, and the default weighs both.
#
# What the network goes by
# ------------------------
# Red words speak for the predicted class, blue ones against it.

network = models["the network alone"].fit(reviews, y)
sentence = "the plot is not in all dull"
print(network.predict([sentence]))
ImportanceDisplay.from_estimator(network, [sentence], method="integrated_gradients")
plt.show()
