"""How long a search takes beside as many default fits.

    python benchmarks/search_time.py FILE.npz [FILE.npz ...]

Only the train part is read. A search of 20 candidates with 3 folds is compared with
60 times the mean of default fits on the same folds. CPU seconds, one process.
"""

import sys
import time
from pathlib import Path

from loaders import read_arrays
from sklearn.base import clone
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.search import default_space, param_distributions

N_CANDIDATES, N_FOLDS = 20, 3


def default_seconds(model, X, y, folds):
    """Return the mean CPU seconds to fit and score one fold with default parameters."""
    start = time.process_time()
    for train, test in folds.split(X, y):
        fitted = clone(model).fit([X[i] for i in train], y[train])
        fitted.score([X[i] for i in test], y[test])
    return (time.process_time() - start) / N_FOLDS


def search_seconds(model, X, y, folds):
    """Return the CPU seconds of a search."""
    search = RandomizedSearchCV(
        model,
        param_distributions(default_space(model)),
        n_iter=N_CANDIDATES,
        cv=folds,
        random_state=0,
        refit=False,
        error_score="raise",
    )
    start = time.process_time()
    search.fit(X, y)
    return time.process_time() - start


def main(paths):
    model = AttentionLSTMClassifier(random_state=0)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    for path in paths:
        X, y, *_ = read_arrays(path)
        one = default_seconds(model, X, y, folds)
        seconds = search_seconds(model, X, y, folds)
        n_fits = N_CANDIDATES * N_FOLDS
        print(
            f"{Path(path).stem}: default fit {one:.1f} s, search {seconds:.0f} s, "
            f"{seconds / (n_fits * one):.2f} times {n_fits} default fits",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
