"""Make the picture of the README: what two networks go by, on real sequences.

    python docs/make_images.py FOLDER

FOLDER holds `classification/ECG200.npz` (heartbeats of the UCR archive: `values`,
`lengths`, `targets`, `n_train`) and `text/TREC.train`, `text/TREC.test` (questions).
The sequences that are drawn are the first ones of the test parts that the networks
classify rightly with a probability above 0.9.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import ImportanceDisplay

mpl.use("Agg")
TARGET = Path(__file__).resolve().parent / "images" / "importance.png"
KINDS = {
    "LOC": "a place",
    "HUM": "a person",
    "NUM": "a number",
    "DESC": "a description",
}
KINDS |= {"ENTY": "a thing", "ABBR": "an abbreviation"}


def read_beats(folder):
    """Return the train and test parts of the heartbeats."""
    with np.load(folder / "classification" / "ECG200.npz") as stored:
        X = np.split(stored["values"], np.cumsum(stored["lengths"])[:-1])
        y, n = stored["targets"], int(stored["n_train"])
    return X[:n], y[:n], X[n:], y[n:]


def read_questions(folder, part, most):
    """Return questions and their kinds."""
    lines = (folder / "text" / f"TREC.{part}").read_text("latin-1").splitlines()
    labels, questions = zip(*(line.split(" ", 1) for line in lines[:most]), strict=True)
    return list(questions), [label.partition(":")[0] for label in labels]


def find_sure(model, X, y):
    """Return the first index that is classified rightly and surely, and its class."""
    proba = model.predict_proba(X)
    right = model.classes_[proba.argmax(axis=1)] == np.asarray(y)
    index = int(np.flatnonzero(right & (proba.max(axis=1) > 0.9))[0])
    return index, y[index]


def draw(model, X, y, ax):
    """Draw the importance of the steps of one sequence, and return its class."""
    index, label = find_sure(model, X, y)
    ImportanceDisplay.from_estimator(
        model, X, index=index, method="integrated_gradients", target=label, ax=ax
    )
    return label


def main(folder):
    """Train both networks and save the picture."""
    figure = plt.figure(figsize=(8, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1])
    X, y, X_test, y_test = read_beats(folder)
    network = AttentionLSTMClassifier(blend=None, random_state=0).fit(X, y)
    draw(network, X_test, y_test, upper)
    upper.set(title="A heartbeat: what speaks for its class", xlabel="step")
    network = AttentionLSTMClassifier(blend=None, random_state=0)
    network.fit(*read_questions(folder, "train", 2000))
    label = draw(network, *read_questions(folder, "test", 100), lower)
    lower.set_title(f"A question: what says that it asks for {KINDS[label]}")
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=110)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
