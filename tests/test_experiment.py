"""Experiments from a configuration."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.experiment import run_experiment


def chain(n, seed):
    """Draw sequences in which the state before the last decides the next."""
    generator = np.random.RandomState(seed)
    sequences = []
    for _ in range(n):
        states = list(generator.randint(0, 3, 2))
        for _ in range(generator.randint(2, 8)):
            states.append((2 * states[-2] + (generator.uniform() < 0.1)) % 3)
        sequences.append([f"s{state}" for state in states])
    return sequences


@pytest.fixture
def config(tmp_path):
    lines = [" ".join(s) for s in chain(60, 0)]
    (tmp_path / "chain.txt").write_text("\n".join(lines))
    log = [(i, s, t) for i, x in enumerate(chain(60, 1)) for t, s in enumerate(x)]
    frame = pd.DataFrame(log, columns=["case", "task", "time"])
    frame.to_csv(tmp_path / "log.csv", index=False)
    return {
        "data": {
            "chain": {"path": "chain.txt"},
            "log": {
                "path": "log.csv",
                "case": "case",
                "activity": "task",
                "timestamp": "time",
            },
        },
        "n_folds": 3,
        "n_trials": 4,
        "random_state": 0,
        "models": {
            "tuned": {
                "estimator": "NextStateMarkov",
                "params": {"smoothing": "additive"},
                "space": {
                    "order": {"values": [0, 2]},
                    "alpha": {"values": [0.1, 1000.0]},
                },
            },
            "fixed": {"estimator": "NextStateMarkov", "params": {"order": 0}},
        },
    }


def test_table(config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    table = run_experiment(path)
    assert len(table) == 2 * 2 * 3
    assert {"accuracy", "perplexity", "fit_seconds", "search_seconds"} <= set(table)
    tuned = table[table.model == "tuned"]
    assert tuned.params.tolist() == [{"order": 2, "alpha": 0.1}] * 6
    fixed = table[table.model == "fixed"]
    assert (tuned.perplexity.to_numpy() < fixed.perplexity.to_numpy()).all()
    assert (table.n_train + table.n_test == 60).all()
    again = run_experiment(path)
    pd.testing.assert_series_equal(table.accuracy, again.accuracy)


def test_tuning_never_sees_the_test_fold(config, tmp_path, monkeypatch):
    for source in config["data"].values():
        source["path"] = str(tmp_path / source["path"])
    del config["data"]["log"]
    fitted = []
    fit = NextStateMarkov.fit

    def spy(self, X, y=None, sample_weight=None):
        fitted.append(len(X))
        return fit(self, X, y, sample_weight)

    monkeypatch.setattr(NextStateMarkov, "fit", spy)
    run_experiment(config)
    # Each fold: four trials on 4/5 of the 40 train sequences, then the two fits
    assert fitted == [32, 32, 32, 32, 40, 40] * 3


@pytest.mark.filterwarnings("ignore")  # of its dependencies
def test_mlflow(config, tmp_path, monkeypatch):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    table = run_experiment(path, mlflow_experiment="chains")
    runs = mlflow.search_runs(experiment_names=["chains"])
    assert sorted(runs["metrics.accuracy"]) == sorted(table.accuracy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 3}, r"unknown entries \['folds'\]"),
        ({"models": {"a": {"estimator": "SVC"}}}, "'a' has estimator='SVC'; expected"),
        ({"models": {"a": {}}}, r"Model 'a' .* lacks \['estimator'\]"),
        (
            {"models": {"a": {"estimator": "NextStateMarkov", "param": {}}}},
            r"Model 'a' has unknown entries \['param'\]",
        ),
        ({"data": {"d": {}}}, r"Data set 'd' .* lacks \['path'\]"),
        (
            {"data": {"d": {"path": "x.csv", "activity": "task"}}},
            r"Data set 'd' has unknown entries \['activity'\]",
        ),
        (
            {"data": {"d": {"path": "x.csv", "case": "case"}}},
            r"Data set 'd' .* lacks \['activity'\]",
        ),
    ],
)
def test_bad_configurations(config, change, message):
    with pytest.raises(ValueError, match=message):
        run_experiment(config | change)


def test_a_missing_entry():
    with pytest.raises(ValueError, match=r"lacks \['data'\]"):
        run_experiment({"models": {}})
