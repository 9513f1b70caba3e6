"""What a search costs beside one default fit, and what it finds.

    python benchmarks/search_time.py [--plain] FILE.npz [FILE.npz ...]

Only the train part is read. Twenty candidates of the default space, three folds, the
log loss. "halving" gives them 1, 4 and 16 epochs, and they share the partner by
`RandomKernels(memory=...)`. "plain" (with ``--plain``) is `RandomizedSearchCV` over the
whole space, which has `blend` and `max_epochs`, too. CPU seconds of one process,
without the fit of the best candidate; a default fit is one to the whole train part,
the mean of one before and one after the search.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from loaders import read_arrays
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
)

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels
from sklearn_seqattn.search import default_space, param_distributions

N_CANDIDATES, N_FOLDS = 20, 3
MODEL = AttentionLSTMClassifier(random_state=0)
OPTIONS = {
    "cv": StratifiedKFold(N_FOLDS, shuffle=True, random_state=0),
    "scoring": "neg_log_loss",
    "random_state": 0,
    "refit": False,
    "error_score": "raise",
}


def halving_search(folder):
    """Return a search by halving, whose candidates share partners in a folder."""
    space = default_space(MODEL)
    del space["max_epochs"], space["blend"]
    return HalvingRandomSearchCV(
        clone(MODEL).set_params(blend=RandomKernels(memory=folder)),
        param_distributions(space),
        n_candidates=N_CANDIDATES,
        resource="max_epochs",
        max_resources=16,
        factor=4,
        return_train_score=False,
        **OPTIONS,
    )


def plain_search(folder):
    """Return a random search over the whole space, which needs no folder."""
    space = param_distributions(default_space(MODEL))
    return RandomizedSearchCV(MODEL, space, n_iter=N_CANDIDATES, **OPTIONS)


def cpu_seconds(estimator, X, y):
    """Return the CPU seconds of a fit."""
    start = time.process_time()
    estimator.fit(X, y)
    return time.process_time() - start


def measure(make_search, X, y):
    """Return the seconds of a default fit and of a search, and the best score."""
    with TemporaryDirectory() as folder:
        search = make_search(folder)
        before = cpu_seconds(clone(MODEL), X, y)
        seconds = cpu_seconds(search, X, y)
        after = cpu_seconds(clone(MODEL), X, y)
    best = search.cv_results_["mean_test_score"][search.best_index_]
    return (before + after) / 2, seconds, -best


def main():
    """Print a line for each data set and search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--plain", action="store_true")
    args = parser.parse_args()
    searches = {"halving": halving_search}
    if args.plain:
        searches["plain"] = plain_search
    for path in args.files:
        X, y, *_ = read_arrays(path)
        cpu_seconds(clone(MODEL), X, y)  # compiles what depends on shapes
        for name, make_search in searches.items():
            one, seconds, loss = measure(make_search, X, y)
            print(
                f"{path.stem}, {name}: default fit {one:.1f} s, search {seconds:.0f} "
                f"s, {seconds / one:.1f} default fits, log loss {loss:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
