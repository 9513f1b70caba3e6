"""Which explanations find evidence that was planted: a table of hit rates.

    python benchmarks/planted.py [--seeds 3] [--sequences 200] [--epochs 30]

The class of a sequence depends on a few planted steps alone, and so does the label of
its last step, for a tagger. The rest is noise. Each
method ranks the steps of sequences that were not trained on, and the table says which
share of the planted steps is among as many top ranks: 1 is perfect, and "chance" is
what a random order gets. Sequences have different lengths. Only sequences that are
predicted correctly count: only there can the planted steps be the reason. With
`--epochs` the network stands alone and is small; without it settings are the default.
"""

import argparse
import warnings

import numpy as np
import pandas as pd

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMTagger, Tokens
from sklearn_seqattn.inspection import (
    attention_to_steps,
    integrated_gradients,
    occlusion_importance,
)


def plant_numbers(rng, n):
    """Give walks in which one bump of three steps in a channel points up or down."""
    X, y, planted = [], rng.permutation(np.arange(n) % 2), []
    for label in y:
        x = rng.normal(size=(rng.integers(20, 60), 3))
        start = rng.integers(0, len(x) - 3)
        x[start : start + 3, 1] += 4.0 if label else -4.0
        X.append(x)
        planted.append(np.arange(start, start + 3))
    return X, y, planted


def plant_tokens(rng, n):
    """Give texts of twenty words, with one of two words that decide."""
    words = np.array([f"w{i}" for i in range(20)], dtype=object)
    X, y, planted = [], rng.permutation(np.arange(n) % 2), []
    for label in y:
        x = rng.choice(words, rng.integers(8, 25))
        place = rng.integers(len(x))
        x[place] = "good" if label else "bad"
        X.append(x)
        planted.append(np.array([place]))
    return X, y, planted


def plant_events(rng, n):
    """Give events of which two are of a kind that decides."""
    X, y, planted = [], rng.permutation(np.arange(n) % 2), []
    for label in y:
        n_steps = rng.integers(10, 30)
        kinds = rng.choice(np.array(["a", "b", "c"], dtype=object), n_steps)
        places = np.sort(rng.choice(n_steps, 2, replace=False))
        kinds[places] = "refund" if label else "order"
        frame = pd.DataFrame({"kind": kinds, "amount": rng.normal(size=n_steps)})
        X.append(frame)
        planted.append(places)
    return X, y, planted


def plant_labels(rng, n):
    """Give the texts of `plant_tokens`; the last step alone has a label, the class."""
    X, y, planted = plant_tokens(rng, n)
    pairs = zip(X, y, strict=True)
    return X, [[None] * (len(x) - 1) + [str(label)] for x, label in pairs], planted


DATA = {
    "numbers": plant_numbers,
    "tokens": plant_tokens,
    "events": plant_events,
    "labels": plant_labels,
}


def make_model(kind, seed, epochs):
    """Give the default estimator; a small network alone, where `epochs` are given.

    Classifiers have attention pooling besides the default ones.
    """
    options = {"random_state": seed}
    if epochs is not None:
        options |= {"blend": None, "hidden_size": 16, "max_epochs": epochs}
        options["tokens"] = Tokens(16) if kind in ("tokens", "labels") else None
    if kind == "labels":
        return AttentionLSTMTagger(**options)
    pooling = ("max", "mean", "attention")
    return AttentionLSTMClassifier(**options, pooling=pooling)


def per_step(attributions):
    """Add the channels of each step up."""
    return [one if one.ndim == 1 else one.sum(axis=1) for one in attributions]


def explain(model, X):
    """Give the importance of each step by each method; of a tagger for the last one."""
    is_tagger = isinstance(model, AttentionLSTMTagger)
    options = {"step": -1} if is_tagger else {}
    with warnings.catch_warnings():  # gradients explain the network alone
        warnings.filterwarnings("ignore", "The partner of")
        gradients = integrated_gradients(model, X, **options)
    found = {
        "occlusion": occlusion_importance(model, X, window=1, **options),
        "occlusion, windows of 3": occlusion_importance(model, X, window=3, **options),
        "integrated gradients": per_step(gradients),
        "attention": [one.mean(axis=0) for one in attention_to_steps(model, X)],
    }
    if not is_tagger:
        pooled = attention_to_steps(model, X, weights="pooling")
        found["attention pooling"] = [one[0] for one in pooled]
    return found


def hit_rate(importance, planted):
    """Give the mean share of planted steps among as many top ranks."""
    shares = [
        np.isin(np.argsort(-one)[: len(places)], places).mean()
        for one, places in zip(importance, planted, strict=True)
    ]
    return float(np.mean(shares))


def run(kind, seed, n, epochs):
    """Give the accuracy, and the hit rate of each method, on new sequences."""
    rng = np.random.default_rng(seed)
    X, y, planted = DATA[kind](rng, 2 * n)
    model = make_model(kind, seed, epochs).fit(X[:n], y[:n])
    predicted = model.predict(X[n:])
    if kind == "labels":
        predicted, y = ([one[-1] for one in rows] for rows in (predicted, y))
    is_right = np.asarray(predicted) == np.asarray(y[-n:])
    kept = n + np.flatnonzero(is_right)[:100]
    X, planted = [X[i] for i in kept], [planted[i] for i in kept]
    found = {name: hit_rate(one, planted) for name, one in explain(model, X).items()}
    found["chance"] = float(
        np.mean([len(p) / len(x) for x, p in zip(X, planted, strict=True)])
    )
    return {"accuracy": float(is_right.mean()), **found}


def main():
    """Print one column for each kind of data."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    table = {}
    for kind in DATA:
        runs = [
            run(kind, seed, options.sequences, options.epochs)
            for seed in range(options.seeds)
        ]
        table[kind] = pd.DataFrame(runs).agg(["mean", "std"])
    for name in table["numbers"]:
        cells = [
            f"{t.loc['mean', name]:.2f} ± {t.loc['std', name]:.2f}" if name in t else ""
            for t in table.values()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
