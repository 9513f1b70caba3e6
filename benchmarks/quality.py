"""How good the default estimators are on data that nobody tuned them on.

Every set of a folder, three seeds, beside a majority (or mean) predictor, two plain
LSTMs and, where aeon is installed, MiniRocket and MultiRocket-Hydra::

    python benchmarks/quality.py --data ../shared/data
    python benchmarks/quality.py --data ../shared/data --ablation --inside
    python benchmarks/quality.py --sets Libras ERing --models default kernels
    python benchmarks/quality.py --aeon GunPoint ArrowHead --tslearn Trace
    python benchmarks/quality.py --bundled PLAID SpokenDigits

A folder holds ``classification/*.npz`` and ``regression/*.npz`` with the arrays
``values`` (S, D), ``lengths`` (n,), ``targets`` (n,) and the number ``n_train``: the
first sequences are the train part; and ``text/NAME.train``, ``text/NAME.test`` with
lines ``LABEL:detail words ...``. With ``--aeon``, ``--tslearn``, ``--bundled`` or
``--panel`` the named sets of packages are taken instead. Printed is a table in
Markdown: accuracy, log loss, Brier score and expected calibration error (root mean
squared error for regression), means over the seeds, the standard deviation of the
first, and CPU seconds of a fit and a prediction on one thread. With ``--inside`` test
parts are left alone: classifiers are cross-validated inside the train parts, in two
folds, or three of at most 50 sequences, and a seed is a split.

The rules of ``sklearn_seqattn/attention_lstm/auto.py`` and the default parameters come
from the recipe the project started from, and from cross-validation inside the train
parts of these sets, and of PLAID; ``docs/decisions.md`` lists each choice. Only this
program reads the test parts, and nothing was chosen by what it prints.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch and numba load
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
import torch
from loaders import BUNDLED, find_sets, package_sets
from panel_sets import PANEL
from rivals import (
    Aeon,
    LSTMClassifier,
    LSTMRegressor,
    MiniRocket,
    tfidf_classifier,
)
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import StratifiedKFold
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

ABLATIONS = {
    "network alone": {},
    "no stem": {"front_end": None},
    "linear stem": {"front_end": ("dense",)},
    "no time warping": {"time_warp": 0.0},
    "no residual": {"residual": False},
    "both directions": {"bidirectional": True},
    "no attention": {"attention": None},
    "dot attention": {"attention": "dot"},
    "additive attention": {"attention": "additive"},
    "general attention": {"attention": "general"},
    "max pooling": {"pooling": "max"},
    "mean pooling": {"pooling": "mean"},
    "last pooling": {"pooling": "last"},
    "attention pooling": {"pooling": "attention"},
    "GRU": {"encoder": "gru"},
    "Transformer": {"encoder": "transformer"},
    "validation split": {"early_stopping": True, "validation_fraction": 0.2},
    "label smoothing": {
        "net_params": {
            "criterion": nn.CrossEntropyLoss,
            "criterion__label_smoothing": 0.1,
        }
    },
    "bfloat16": {"precision": "bfloat16"},
}


def aeon_models(task):
    """Give the rivals from aeon; none where it is not installed."""
    try:
        from aeon.classification import convolution_based as classification
        from aeon.regression import convolution_based as regression
    except ImportError:
        return {}
    if task == "classification":
        return {
            "MiniRocket": lambda seed: Aeon(MiniRocket, seed),
            "MultiRocket-Hydra": lambda seed: Aeon(
                lambda s: classification.MultiRocketHydraClassifier(random_state=s),
                seed,
            ),
        }
    return {
        "MiniRocket": lambda seed: Aeon(
            lambda s: regression.MiniRocketRegressor(random_state=s), seed
        ),
    }


def models(task):
    """List the models of a task: name and a function of the seed."""
    if task == "regression":
        ours, lstm, dummy = AttentionLSTMRegressor, LSTMRegressor, DummyRegressor
    else:
        ours, lstm, dummy = AttentionLSTMClassifier, LSTMClassifier, DummyClassifier
    found = {
        "default": lambda seed: ours(random_state=seed),
        "network alone": lambda seed: ours(blend=None, random_state=seed),
        "majority": lambda seed: dummy(),
        "naive LSTM": lambda seed: lstm(masked=False, random_state=seed),
        "plain LSTM": lambda seed: lstm(masked=True, random_state=seed),
    }
    if task == "text":
        return found | {"TF-IDF + logistic": tfidf_classifier}
    return found | aeon_models(task)


def ablated_models(task):
    """List the variants of our estimator: name and a function of the seed."""
    ours = AttentionLSTMClassifier
    if task != "classification":
        return {}
    alone = {
        name: lambda seed, params=params: ours(blend=None, random_state=seed, **params)
        for name, params in ABLATIONS.items()
    }
    return {"with its partner": lambda seed: ours(random_state=seed)} | alone


def evaluate(model, task, X_train, y_train, X_test, y_test):
    """Give the measures on the test part and the CPU seconds of the whole.

    The measures of a classifier are accuracy, log loss, Brier score and expected
    calibration error; that of a regressor is the root mean squared error.
    """
    start = time.process_time()
    predicted = model.fit(X_train, y_train).predict(X_test)
    seconds = time.process_time() - start
    if task == "regression":
        return float(np.sqrt(np.mean((predicted - y_test) ** 2))), seconds
    proba, classes = model.predict_proba(X_test), np.unique(y_train)
    is_class = np.asarray(y_test)[:, None] == classes
    proba = np.asarray(proba, np.float64)
    log_loss = -np.log(np.clip(proba[is_class], 1e-15, 1)).mean()
    brier = ((proba - is_class) ** 2).sum(1).mean()
    accuracy = np.mean(predicted == y_test)
    error = calibration_error(proba, is_class)
    return *map(float, (accuracy, log_loss, brier, error)), seconds


def calibration_error(proba, is_class, n_bins=15):
    """Give the mean distance of confidence and accuracy, in bins of confidence."""
    confidence, right = proba.max(1), is_class[np.arange(len(proba)), proba.argmax(1)]
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, right - confidence, minlength=n_bins)
    return np.abs(gaps).sum() / len(proba)


def evaluate_inside(make, X, y, seed):
    """Cross-validate inside a train part; give the score and the seconds of a fold."""
    folds = StratifiedKFold(3 if len(y) <= 50 else 2, shuffle=True, random_state=seed)
    results, sizes = [], []
    for fold, (a, b) in enumerate(folds.split(y, y)):
        parts = [X[i] for i in a], y[a], [X[i] for i in b], y[b]
        results.append(evaluate(make(100 * seed + fold), "classification", *parts))
        sizes.append(len(b))
    return np.average(results, axis=0, weights=sizes).tolist()


def warm_up(task):
    """Compile what rivals compile just in time, before any clock runs."""
    rng = np.random.default_rng(0)
    y = np.arange(8) % 2 if task == "classification" else rng.normal(size=8)
    for n_channels in (1, 2):
        X = [rng.normal(size=(20, n_channels)) for _ in range(8)]
        for make in aeon_models(task).values():
            make(0).fit(X, y).predict(X)


def run(args):
    """Fill in the scores that are missing in the results file."""
    done = json.loads(args.results.read_text()) if args.results.exists() else {}
    candidates = ablated_models if args.ablation else models
    sets = package_sets(args.aeon, args.tslearn, args.bundled, args.panel) or find_sets(
        args.data
    )
    for name, (task, read) in sets.items():
        left_out = args.sets and name not in args.sets
        if left_out or (args.inside and task != "classification"):
            continue
        data = read()
        warm_up(task)
        for model, make in candidates(task).items():
            for seed in range(args.seeds):
                key = f"{name}|{task}|{model}|{seed}"
                if key in done or (args.models and model not in args.models):
                    continue
                if args.inside:
                    done[key] = evaluate_inside(make, *data[:2], seed)
                else:
                    done[key] = evaluate(make(seed), task, *data)
                print(key, *(f"{value:.4f}" for value in done[key]), "s", flush=True)
                args.results.write_text(json.dumps(done, indent=0))
    return done


def table(done):
    """Lay out the scores as Markdown: a row a set, a column a model."""
    cells, names, columns = {}, [], []
    for key, result in done.items():
        name, task, model, _ = key.split("|")
        cells.setdefault((name, task, model), []).append(result)
        names += [(name, task)] if (name, task) not in names else []
        columns += [model] if model not in columns else []
    lines = ["| set | " + " | ".join(columns) + " |"]
    lines += ["|---" * (len(columns) + 1) + "|"]
    for name, task in names:
        row = [_cell(cells.get((name, task, model))) for model in columns]
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    means = []
    for model in columns:
        rows = [
            cells.get((name, "classification", model))
            for name, task in names
            if task == "classification"
        ]
        whole = [np.mean(row, axis=0) for row in rows if row is not None]
        full = whole and len(whole) == len(rows)
        means.append(_text(np.mean(whole, 0)) if full else "")
    return "\n".join([*lines, "| mean of classification | " + " | ".join(means) + " |"])


def _cell(results):
    """Write mean, spread and seconds of the seeds of one model on one set."""
    if results is None:
        return ""
    return _text(np.mean(results, axis=0), np.std(results, axis=0)[0])


def _text(measures, spread=None):
    """Write score, its spread, log loss and seconds."""
    score, *others, seconds = measures
    text = f"{score:.3f}" if spread is None else f"{score:.3f} ± {spread:.3f}"
    others = "".join(f" / {value:.3f}" for value in others)
    return f"{text}{others} ({seconds:.1f} s)"


def main():
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="*", help="names of sets; all by default")
    parser.add_argument("--aeon", nargs="*", default=[], help="sets of aeon instead")
    parser.add_argument("--tslearn", nargs="*", default=[], help="sets of tslearn")
    parser.add_argument(
        "--bundled", nargs="*", default=[], choices=BUNDLED, help="sets of packages"
    )
    parser.add_argument("--panel", nargs="*", default=[], choices=PANEL)
    parser.add_argument("--models", nargs="*", help="names of models; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--inside", action="store_true", help="spare the test parts")
    parser.add_argument(
        "--results",
        type=Path,
        default=None,
        help="JSON file of finished runs, which are not repeated",
    )
    args = parser.parse_args()
    if args.results is None:
        name = "ablation" if args.ablation else "quality"
        args.results = Path(f"{name}_inside.json" if args.inside else f"{name}.json")
    torch.set_num_threads(1)
    print(table(run(args)))


if __name__ == "__main__":
    main()
