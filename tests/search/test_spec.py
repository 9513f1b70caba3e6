"""Spaces from JSON."""

import json

import numpy as np
import optuna
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import RandomizedSearchCV

from sklearn_seqattn import NextStateLSTM
from sklearn_seqattn.search import (
    LogUniformIntegers,
    optuna_distributions,
    param_distributions,
    suggest_params,
)

SPEC = {
    "lr": {"min": 1e-3, "max": 1e-2},
    "weight_decay": {"min": 1e-4, "max": 1.0, "log": True},
    "num_layers": {"min": 1, "max": 3},
    "n_iter_no_change": {"min": 1, "max": 100, "log": True},
    "hidden_dim": {"values": [512, 1024]},
    "embedding_dim": {"values": [128, 256]},
    "attention": {"values": ["dot", None]},
}


def draws(name, n=3000):
    return param_distributions(SPEC)[name].rvs(size=n, random_state=0)


def test_both_integer_bounds_are_drawn():
    values, counts = np.unique(draws("num_layers"), return_counts=True)
    assert values.tolist() == [1, 2, 3]
    assert counts.min() > 900


def test_floats_stay_within_the_bounds():
    lr = draws("lr")
    assert lr.min() >= 1e-3
    assert lr.max() <= 1e-2
    assert np.median(lr) == pytest.approx(5.5e-3, rel=0.05)


def test_log_is_uniform_in_the_logarithm():
    assert np.median(draws("weight_decay")) == pytest.approx(1e-2, rel=0.3)
    integers = draws("n_iter_no_change")
    assert integers.dtype.kind == "i"
    assert (integers.min(), integers.max()) == (1, 100)
    # The integers 1 .. 7 own log(7.5 / 0.5) of log(100.5 / 0.5)
    share = np.log(15) / np.log(201)
    assert (integers <= 7).mean() == pytest.approx(share, abs=0.03)


def test_names_are_ours():
    space = param_distributions(SPEC)
    assert space["hidden_size"] == [512, 1024]
    assert space["tokens__size"] == [128, 256]
    assert space["attention"] == ["dot", None]


def test_one_draw_is_a_number():
    assert isinstance(LogUniformIntegers(2, 5).rvs(random_state=0), int)


def test_a_range_of_one_value():
    space = param_distributions({"lr": {"min": 0.1, "max": 0.1}})
    assert space == {"lr": [0.1]}


def test_an_integer_and_a_float_bound_make_floats():
    drawn = param_distributions({"dropout": {"min": 0, "max": 0.5}})["dropout"]
    assert isinstance(drawn.rvs(random_state=0), float)


def test_spaces_from_a_file(tmp_path):
    path = tmp_path / "space.json"
    path.write_text(json.dumps(SPEC))
    assert param_distributions(path)["hidden_size"] == [512, 1024]


def test_optuna_takes_the_same_spec():
    space = optuna_distributions(SPEC)
    trial = optuna.create_study().ask(space)
    assert trial.params.keys() == space.keys()
    layers, decay = space["num_layers"], space["weight_decay"]
    assert (layers.low, layers.high, layers.log) == (1, 3, False)
    assert (decay.low, decay.high, decay.log) == (1e-4, 1.0, True)
    assert space["hidden_size"].choices == (512, 1024)
    assert (space["n_iter_no_change"].high, space["n_iter_no_change"].log) == (
        100,
        True,
    )


def test_suggested_parameters_are_drawn_from_the_same_distributions():
    spec = {**SPEC, "pooling": {"values": ["last", ["max", "mean"]]}}
    trial = optuna.create_study().ask()
    params = suggest_params(trial, spec)
    assert trial.params == params
    assert trial.distributions == optuna_distributions(spec)


#: Choices that are no single values: lists for tuples, objects for blocks.
NESTED = [
    ("pooling", ["last", ["max", "mean"]]),
    ("pooling", [["max", "mean"], ["max", "last"]]),  # lists of one length
    ("head_units", [[], [64], [64, 32]]),
    (
        "front_end",
        [None, ["conv", {"conv": {"channels": 32}}], [["layer_norm", "attention"]]],
    ),
]


class Recorder(BaseEstimator):
    """Remember the parameters of all fits."""

    seen = []

    def __init__(self, pooling=None, head_units=None, front_end=None):
        self.pooling = pooling
        self.head_units = head_units
        self.front_end = front_end

    def fit(self, X, y=None):
        self.seen.append(self.get_params())
        return self

    def score(self, X, y=None):
        return 0.0


@pytest.mark.parametrize(("name", "values"), NESTED)
def test_lists_and_blocks_reach_the_estimator_as_they_stand(tmp_path, name, values):
    path = tmp_path / "space.json"
    path.write_text(json.dumps({name: {"values": values}}), encoding="utf-8-sig")
    Recorder.seen.clear()
    search = RandomizedSearchCV(
        Recorder(), param_distributions(path), n_iter=len(values), cv=2, refit=False
    )
    search.fit(np.zeros((4, 1)))
    found = [params[name] for params in Recorder.seen]
    assert all(found.count(value) == 2 for value in values)
    study, distributions = optuna.create_study(), optuna_distributions(path)
    for value in values:
        study.enqueue_trial({name: value})
        trial = study.ask(distributions)
        assert trial.params == {name: value}
        study.tell(trial, 0.0)
    assert study.best_params[name] in values


def test_a_space_of_other_names_drives_a_search():
    spec = {
        "lr": {"min": 1e-3, "max": 1e-2},
        "num_layers": {"min": 1, "max": 2},
        "hidden_dim": {"values": [8, 16]},
        "embedding_dim": {"values": [4, 8]},
        "batch_size": {"values": [32, 64]},
    }
    model = NextStateLSTM(max_epochs=1, random_state=0)
    search = RandomizedSearchCV(
        model, param_distributions(spec), n_iter=2, cv=2, random_state=0
    )
    search.fit(["a b c a b", "b c a"] * 10)
    assert set(search.best_params_) == {
        *("lr", "num_layers", "hidden_size", "tokens__size", "batch_size")
    }
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "space.json is no JSON file: Expecting property name"),
        ("[1]", "space.json holds a list; expected an object"),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "space.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        param_distributions(path)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"lr": 0.1}, r"The space of 'lr' is 0.1; expected {'values'"),
        ({"lr": {"min": 1}}, r"expected {'values': \[...\]} or {'min'"),
        ({"lr": {"min": 1, "max": 2, "step": 1}}, "expected {'values'"),
        ({"lr": {"values": []}}, "expected a list that is not empty"),
        ({"lr": {"values": "ab"}}, "expected a list that is not empty"),
        ({"lr": {"min": 2, "max": 1}}, "runs from 2 to 1; expected min <= max"),
        ({"lr": {"min": 0, "max": 1, "log": True}}, "and min > 0 with log"),
        ({"lr": {"min": 1, "max": 2, "log": "yes"}}, "write true or false"),
        ({"lr": {"min": True, "max": 2}}, "has the bound True; expected a finite"),
        ({"lr": {"min": 1, "max": float("inf")}}, "'lr' has the bound inf; expected"),
        ({"lr": {"min": float("nan"), "max": 1}}, "'lr' has the bound nan; expected"),
        (
            {"hidden_dim": {"values": [1]}, "hidden_size": {"values": [2]}},
            "two entries",
        ),
    ],
)
def test_bad_spaces(spec, message):
    with pytest.raises(ValueError, match=message):
        param_distributions(spec)
