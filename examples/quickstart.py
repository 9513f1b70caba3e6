"""Score, tune, save and load a classifier of handwritten digits.

The images of scikit-learn's digits are read from left to right: a step is a column of
eight pixels. Blank columns on both sides are cut off, so lengths differ. Run with

    python examples/quickstart.py
"""

import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceScaler

PREDICT_IN_NEW_PROCESS = """
import pickle, sys
import numpy as np
with open(sys.argv[1], "rb") as file:
    model, X = pickle.load(file)
np.save(sys.argv[2], model.predict_proba(X))
"""


def read_columns(images):
    """Return the columns of each image from the first inked one to the last."""
    sequences = []
    for image in images:  # (8, 8)
        inked = np.flatnonzero(image.any(axis=0))
        sequences.append(image.T[inked[0] : inked[-1] + 1])  # (T, 8)
    return sequences


def plain_lstm(**settings):
    """Return a classifier with one LSTM layer, read at its last step."""
    return AttentionLSTMClassifier(
        front_end=None,
        num_layers=1,
        bidirectional=False,
        residual=False,
        attention=None,
        pooling="last",
        head_units=(),
        **settings,
    )


def main():
    """Run the example."""
    digits = load_digits()
    X, y = read_columns(digits.images), digits.target
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    lengths = [len(x) for x in X]
    print(f"{len(X)} sequences of {min(lengths)} to {max(lengths)} steps, 8 channels")

    settings = {"max_epochs": 15, "random_state": 0}
    models = {
        "majority class": DummyClassifier(),
        "plain LSTM": plain_lstm(**settings),
        "AttentionLSTMClassifier": AttentionLSTMClassifier(**settings),
    }
    print(f"\n{'accuracy':<26}{'cross-validated':>16}{'held out':>12}")
    for name, model in models.items():
        scores = cross_val_score(model, X_train, y_train, cv=3)
        if name == "AttentionLSTMClassifier":
            model.set_params(verbose=1)  # show a progress line
        held_out = model.fit(X_train, y_train).score(X_test, y_test)
        spread = f"{scores.mean():.3f} +- {scores.std():.3f}"
        print(f"{name:<26}{spread:>16}{held_out:>12.3f}")

    pipeline = Pipeline(
        [
            ("scale", SequenceScaler()),
            ("classify", AttentionLSTMClassifier(max_epochs=8, random_state=0)),
        ]
    )
    grid = {"classify__hidden_size": [16, 32], "classify__dropout": [0.1, 0.3]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X_train, y_train)
    print(f"\nBest of {len(search.cv_results_['params'])}: {search.best_params_}")
    print(f"Its accuracy, held out: {search.score(X_test, y_test):.3f}")

    with tempfile.TemporaryDirectory() as folder:
        model_file, result_file = Path(folder, "model.pickle"), Path(folder, "p.npy")
        model_file.write_bytes(pickle.dumps((search.best_estimator_, X_test)))
        command = [sys.executable, "-c", PREDICT_IN_NEW_PROCESS]
        subprocess.run([*command, model_file, result_file], check=True)
        same = np.array_equal(np.load(result_file), search.predict_proba(X_test))
    print(f"Pickled, loaded in a new process, same predictions: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
