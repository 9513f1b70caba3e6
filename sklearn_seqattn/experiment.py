"""Compare next-state models on data sets, as a configuration file describes it.

A configuration is JSON::

    {"data": {"desk": {"path": "desk.txt"},
              "log": {"path": "log.csv", "case": "case", "activity": "task",
                      "timestamp": "time"}},
     "n_folds": 5,
     "n_trials": 20,
     "validation_fraction": 0.2,
     "random_state": 0,
     "models": {"counts": {"estimator": "NextStateMarkov",
                           "space": {"order": {"min": 1, "max": 5}}},
                "network": {"estimator": "NextStateLSTM",
                            "params": {"max_epochs": 50},
                            "space": {"lr": {"min": 1e-3, "max": 1e-2}}}}}

A data set with a "case" is read by `read_event_log`, any other by `read_state_lines`.
Paths are relative to the configuration file. "params" are parameters of the estimator;
"space" is a space of parameters as in `search.param_distributions`.
"""

import math
import time
from pathlib import Path

import pandas as pd
from sklearn.model_selection import (
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
)

import sklearn_seqattn
from sklearn_seqattn.metrics import NextStateScorer
from sklearn_seqattn.readers import read_event_log, read_json, read_state_lines
from sklearn_seqattn.search import param_distributions

_DEFAULTS = {
    "n_folds": 5,
    "n_trials": 10,
    "validation_fraction": 0.2,
    "random_state": None,
}
_REQUIRED = {"data", "models"}
_LOG = {"timestamp", "timestamp_format", "others", "numeric"}  # of `read_event_log`
_ESTIMATORS = ("NextStateLSTM", "NextStateMarkov")


def run_experiment(config, *, n_jobs=None, mlflow_experiment=None):
    """Tune and test every model of a configuration on every fold of every data set.

    A model with a space is tuned on the train part of a fold: each trial is fitted on
    one part of it and its perplexity measured on the rest; the best parameters are
    fitted on the whole train part. The test fold is used for the scores alone.

    Parameters
    ----------
    config : dict, str or path
        The configuration, or the JSON file that holds it.
    n_jobs : int or None, default=None
        Number of trials to run at once, as in scikit-learn.
    mlflow_experiment : str or None, default=None
        Name of an MLflow experiment in which every row becomes a run. Needs
        ``mlflow`` or ``mlflow-skinny``.

    Returns
    -------
    DataFrame
        One row for each data set, model and fold: "data", "model", "fold",
        "accuracy" and "perplexity" over all positions of the test fold,
        "fit_seconds" of the last fit, "search_seconds" of the trials before it,
        "n_train", "n_test", and "params", the values found in the space.

    Raises
    ------
    ValueError
        If the configuration has an unknown entry or lacks a required one.
    """
    folder = Path()
    if not isinstance(config, dict):
        folder = Path(config).parent
        config = read_json(config)
    config = _check_config(config)
    rows = []
    for data, source in config["data"].items():
        X = _read(source, folder)
        folds = KFold(
            config["n_folds"], shuffle=True, random_state=config["random_state"]
        )
        for fold, (train, test) in enumerate(folds.split(X)):
            parts = [X[i] for i in train], [X[i] for i in test]
            for model, entry in config["models"].items():
                row = {"data": data, "model": model, "fold": fold}
                rows.append(row | _evaluate(entry, *parts, config, n_jobs))
    table = pd.DataFrame(rows)
    if mlflow_experiment is not None:
        _log_to_mlflow(table, mlflow_experiment)
    return table


def _evaluate(entry, train, test, config, n_jobs):
    """Tune, fit and score one model on one fold; return the rest of its row."""
    model = getattr(sklearn_seqattn, entry["estimator"])(**entry.get("params", {}))
    if "random_state" in model.get_params() and model.random_state is None:
        model.set_params(random_state=config["random_state"])
    started = time.perf_counter()
    params = _tune(model, entry, train, config, n_jobs)
    tuned = time.perf_counter()
    model.set_params(**params).fit(train)
    fitted = time.perf_counter()
    return {
        "accuracy": model.score(test),
        "perplexity": model.perplexity(test),
        "fit_seconds": fitted - tuned,
        "search_seconds": tuned - started,
        "n_train": len(train),
        "n_test": len(test),
        "params": params,
    }


def _tune(model, entry, train, config, n_jobs):
    """Return the best parameters of the space on a validation part of `train`."""
    if not entry.get("space"):
        return {}
    space = param_distributions(entry["space"])
    search = RandomizedSearchCV(
        model,
        space,
        n_iter=_n_trials(space, config["n_trials"]),
        scoring=NextStateScorer("neg_perplexity"),
        cv=ShuffleSplit(
            1,
            test_size=config["validation_fraction"],
            random_state=config["random_state"],
        ),
        refit=False,
        n_jobs=n_jobs,
        random_state=config["random_state"],
        error_score="raise",
    )
    return search.fit(train).best_params_


def _n_trials(space, wanted):
    """Return the number of trials: no more than there are points in the space."""
    if any(hasattr(values, "rvs") for values in space.values()):
        return wanted
    return min(math.prod(map(len, space.values())), wanted)


def _read(source, folder):
    """Read the sequences of one data set."""
    source = dict(source)
    path = folder / source.pop("path")
    if "case" in source:
        return read_event_log(path, **source).tolist()
    return read_state_lines(path)


def _check_config(config):
    """Check the names in a configuration; return it with the defaults."""
    _check_names("The configuration", config, _REQUIRED, set(_DEFAULTS))
    for name, source in config["data"].items():
        is_log = "case" in source
        required = {"path", "case", "activity"} if is_log else {"path"}
        _check_names(f"Data set {name!r}", source, required, _LOG if is_log else set())
    for name, entry in config["models"].items():
        _check_names(f"Model {name!r}", entry, {"estimator"}, {"params", "space"})
        if entry["estimator"] not in _ESTIMATORS:
            raise ValueError(
                f"Model {name!r} has estimator={entry['estimator']!r}; expected "
                f"one of {_ESTIMATORS}."
            )
    return _DEFAULTS | config


def _check_names(where, found, required, optional):
    """Raise if a part of a configuration has unknown entries or lacks some."""
    unknown, missing = set(found) - required - optional, required - set(found)
    if unknown or missing:
        raise ValueError(
            f"{where} has unknown entries {sorted(unknown)} and lacks "
            f"{sorted(missing)}; it holds {sorted(required)} and may hold "
            f"{sorted(optional)}."
        )


def _log_to_mlflow(table, experiment):
    """Write every row of the table as one MLflow run."""
    import mlflow

    mlflow.set_experiment(experiment)
    measured = ["accuracy", "perplexity", "fit_seconds", "search_seconds"]
    for row in table.to_dict("records"):
        with mlflow.start_run(run_name=f"{row['data']}-{row['model']}-{row['fold']}"):
            mlflow.log_params({k: row[k] for k in ("data", "model", "fold")})
            mlflow.log_params(row["params"])
            mlflow.log_metrics({k: row[k] for k in measured})
