"""Searches of scikit-learn and of Optuna on one backend of joblib, in numbers.

Run as ``python search_backends.py BACKEND SEARCH ...``, it prints the scores of all
candidates as JSON: the tests start a process for each backend, which they can end.
"""

import json
import sys
from contextlib import contextmanager
from functools import partial

import joblib
import optuna
import pandas as pd
from sequence_data import walks
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceScaler

SCORING = {"scoring": "neg_log_loss", "cv": 2, "error_score": "raise"}
HALVING = {**SCORING, "min_resources": 1, "max_resources": 4, "factor": 4}
STEP = "attentionlstmclassifier__"
GRID = {f"{STEP}lr": [1e-3, 1e-1], f"{STEP}attention": ["dot", None]}
EPOCHS = {"resource": f"{STEP}max_epochs", "random_state": 0}

#: Kinds of searches: of a model, not fitted.
SEARCHES = {
    "grid": lambda model: GridSearchCV(model, GRID, **SCORING),
    "random": lambda model: RandomizedSearchCV(
        model, GRID, n_iter=3, random_state=0, **SCORING
    ),
    "halving grid": lambda model: HalvingGridSearchCV(model, GRID, **EPOCHS, **HALVING),
    "halving random": lambda model: HalvingRandomSearchCV(
        model, GRID, n_candidates=4, **EPOCHS, **HALVING
    ),
}


def make_model():
    return make_pipeline(
        SequenceScaler(),
        AttentionLSTMClassifier(
            blend=None,
            front_end=None,
            hidden_size=4,
            num_layers=1,
            head_units=(4,),
            max_epochs=2,
            random_state=0,
        ),
    )


def make_data():
    """Return sequences of various lengths, by the container, and their classes."""
    X, y = walks(24)
    nested = pd.DataFrame(
        {"x": [x[:, 0] for x in X], "z": [x[:, 1] for x in X], "age": range(len(X))}
    )
    return {"lists": X, "nested frame": nested}, y


def search_by_optuna(X, y):
    """Return the score of each candidate of the grid, and the number of the best."""
    study = optuna.create_study(
        sampler=optuna.samplers.GridSampler(GRID, seed=0), direction="maximize"
    )

    def objective(trial):
        params = {k: trial.suggest_categorical(k, v) for k, v in GRID.items()}
        return cross_val_score(
            make_model().set_params(**params), X, y, **SCORING
        ).mean()

    study.optimize(objective)
    found = {json.dumps(trial.params): trial.value for trial in study.trials}
    return [found[key] for key in sorted(found)]


def search_by_scikit_learn(make, X, y):
    """Return the score of each candidate, and the probabilities of the best model."""
    search = make(make_model()).fit(X, y)
    scores = search.cv_results_["mean_test_score"].tolist()
    return scores + search.predict_proba(X).ravel().tolist()


#: All searches: called with X and y.
ALL = {kind: partial(search_by_scikit_learn, make) for kind, make in SEARCHES.items()}
ALL["optuna"] = search_by_optuna


def all_scores(kinds=tuple(ALL)):
    """Return the mean scores of all candidates for each search and container."""
    containers, y = make_data()
    return {
        f"{kind} on {container}": ALL[kind](X, y)
        for container, X in containers.items()
        for kind in kinds
    }


@contextmanager
def dask_processes():
    from dask.distributed import Client, LocalCluster

    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(n_workers=2, **options) as cluster,
        Client(cluster, timeout=120),
        joblib.parallel_config("dask"),
    ):
        yield


@contextmanager
def ray_processes():
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    with joblib.parallel_config("ray", n_jobs=2):
        yield
    ray.shutdown()


#: Contexts in which scikit-learn runs its fits in other processes.
BACKENDS = {
    "loky": lambda: joblib.parallel_config("loky", n_jobs=2),
    "dask": dask_processes,
    "ray": ray_processes,
}

if __name__ == "__main__":
    with BACKENDS[sys.argv[1]]():
        print(json.dumps(all_scores(sys.argv[2:])))
