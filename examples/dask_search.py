"""A random search on the processes of a dask cluster.

    python examples/dask_search.py [SCHEDULER_ADDRESS]

Without an address it starts two processes on this machine. With one, such as
tcp://192.168.0.5:8786, the fits run on all machines whose workers have joined that
scheduler. The results are the same in either case.

Needs `pip install "dask[distributed]"`.
"""

import sys
import time

import joblib
import numpy as np
from dask.distributed import Client
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceScaler
from sklearn_seqattn.search import default_space, param_distributions


def make_swings(n=40):
    """Make sequences of 20 to 40 steps that swing slowly or fast."""
    rng = np.random.default_rng(0)
    y = np.array(["fast", "slow"])[np.arange(n) % 2]
    X = [
        np.sin(np.arange(rng.integers(20, 40)) * (0.5 if label == "slow" else 0.7))
        for label in y
    ]
    return [x + rng.normal(0, 0.7, len(x)) for x in X], y


def make_search():
    """Return a search of four candidates in two folds."""
    pipeline = make_pipeline(
        SequenceScaler(), AttentionLSTMClassifier(blend=None, random_state=0)
    )
    space = default_space(pipeline)
    space["attentionlstmclassifier__blend"] = {"values": [None]}
    space["attentionlstmclassifier__max_epochs"] = {"values": [5, 10]}
    return RandomizedSearchCV(
        pipeline,
        param_distributions(space),
        n_iter=4,
        cv=2,
        scoring="neg_log_loss",
        random_state=0,
        error_score="raise",
    )


def main(address=None):
    X, y = make_swings()
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    start = time.perf_counter()
    with Client(address) if address else Client(**options) as client:
        n_workers = len(client.scheduler_info()["workers"])
        with joblib.parallel_config("dask"):
            search = make_search().fit(X, y)
    print(f"{n_workers} workers, {time.perf_counter() - start:.0f} seconds")
    for params, score in zip(
        search.cv_results_["params"],
        search.cv_results_["mean_test_score"],
        strict=True,
    ):
        names = {name.partition("__")[2]: value for name, value in params.items()}
        print(f"log loss {-score:.4f}: {names}")
    print(f"best: {-search.best_score_:.4f}")


if __name__ == "__main__":  # the workers import this file
    main(*sys.argv[1:])
