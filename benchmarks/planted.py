"""Which explanations find evidence that was planted: a table of hit rates.

    python benchmarks/planted.py [--seeds 3] [--sequences 200]

The class of a sequence depends on a few planted steps alone. The rest is noise. Each
method ranks the steps of sequences that were not trained on, and the table says which
share of the planted steps is among as many top ranks: 1 is perfect, and "chance" is
what a random order gets. Sequences have different lengths. Only sequences that the
network classifies correctly count: only there can the planted steps be the reason.
"""

import argparse

import numpy as np
import pandas as pd

from sklearn_seqattn import AttentionLSTMClassifier, Tokens
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


DATA = {"numbers": plant_numbers, "tokens": plant_tokens, "events": plant_events}


def make_classifier(kind, seed, epochs):
    """Give the network: default, but small, and with attention pooling."""
    return AttentionLSTMClassifier(
        blend=None,
        hidden_size=16,
        pooling=("max", "mean", "attention"),
        tokens=Tokens(16) if kind == "tokens" else None,
        max_epochs=epochs,
        random_state=seed,
    )


def per_step(attributions):
    """Add the channels of each step up."""
    return [one if one.ndim == 1 else one.sum(axis=1) for one in attributions]


def explain(model, X):
    """Give the importance of each step by each method."""
    return {
        "occlusion": occlusion_importance(model, X, window=1),
        "occlusion, windows of 3": occlusion_importance(model, X, window=3),
        "integrated gradients": per_step(integrated_gradients(model, X)),
        "attention": [one.mean(axis=0) for one in attention_to_steps(model, X)],
        "attention pooling": [
            one[0] for one in attention_to_steps(model, X, weights="pooling")
        ],
    }


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
    model = make_classifier(kind, seed, epochs).fit(X[:n], y[:n])
    is_right = model.predict(X[n:]) == y[n:]
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
    parser.add_argument("--epochs", type=int, default=30)
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
            f"{t.loc['mean', name]:.2f} ± {t.loc['std', name]:.2f}"
            for t in table.values()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
