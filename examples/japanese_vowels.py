"""Recognize speakers by their vowels: 12 channels, 7 to 29 steps, default parameters.

JapaneseVowels is a data set of the UEA archive: nine speakers, 270 utterances for
training and 370 for testing. The file holds the arrays `values` (all steps end to
end), `lengths`, `targets` and `n_train`. Run with

    python examples/japanese_vowels.py PATH/TO/JapaneseVowels.npz
"""

import sys

import numpy as np
from sklearn.metrics import confusion_matrix

from sklearn_seqattn import AttentionLSTMClassifier


def read(path):
    """Return the training and the test part of a data set."""
    with np.load(path) as stored:
        X = np.split(stored["values"], np.cumsum(stored["lengths"])[:-1])
        y, n_train = stored["targets"], int(stored["n_train"])
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def main(path):
    """Run the example."""
    X_train, y_train, X_test, y_test = read(path)
    lengths = [len(x) for x in X_train]
    print(f"{len(X_train)} sequences of {min(lengths)} to {max(lengths)} steps")
    classifier = AttentionLSTMClassifier(random_state=0, verbose=1)
    classifier.fit(X_train, y_train)
    print(f"Test accuracy: {classifier.score(X_test, y_test):.3f}")
    print("Confusion matrix of the speakers:")
    print(confusion_matrix(y_test, classifier.predict(X_test)))
    weights = classifier.attention_weights(X_test[:1])[0]  # (4, T, T)
    received = weights.mean(axis=(0, 1)).round(3)
    print(f"Mean attention on each step of the first utterance: {received}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
