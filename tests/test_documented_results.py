"""What a fit leaves and what a call raises is in the docstrings."""

import ast
import inspect
import re
import textwrap
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import sklearn_seqattn
from sklearn_seqattn import inspection

MODULES = [
    sklearn_seqattn,
    inspection,
    *(
        import_module(f"sklearn_seqattn.{name}")
        for name in ("blocks", "experiment", "export", "metrics", "readers", "search")
    ),
]
PACKAGE = sklearn_seqattn.__name__
SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
OPTIONS = {"RandomKernelFeatures": {"n_features": 84}}

rng = np.random.default_rng(0)
ARRAYS = [rng.normal(size=(4 + i % 3, 2)) for i in range(24)]
TABLE = pd.DataFrame(rng.normal(size=(24, 5)), columns=list("abcde"))
TEXTS = ["a b", "b c d"] * 12
TOKENS = pd.DataFrame([["a", "b"], ["c", "b"]] * 12, columns=list("ab"))
EVENTS = [
    pd.DataFrame(
        {
            "act": ["open", "close"],
            "amount": [1.0, 2.0],
            "at": pd.to_datetime(["2025-01-01", "2025-01-12"]),
        }
    )
] * 24
CLASSES = np.arange(24) % 2

#: What each estimator is fitted to. Together the fits leave all attributes.
FITS = {
    "AttentionLSTMClassifier": [(X, CLASSES) for X in (ARRAYS, TABLE, TEXTS)],
    "AttentionLSTMRegressor": [(X, np.arange(24.0)) for X in (ARRAYS, TABLE, TEXTS)],
    "AttentionLSTMTagger": [
        (ARRAYS, [np.arange(len(x)) % 2 for x in ARRAYS]),
        (TABLE, [[0, 1, 0, 1, 0]] * 24),
        (TEXTS, [[0, 1], [0, 1, 0]] * 12),
    ],
    "NextStateLSTM": [(TEXTS,), (EVENTS,)],
    "NextStateMarkov": [(TEXTS,), (EVENTS,)],
    "RandomKernelFeatures": [(ARRAYS,), (TABLE,)],
    "EventEncoder": [(ARRAYS,), (TABLE,), (EVENTS,)],
    "StateEncoder": [(TEXTS,), (TOKENS,)],
    "SequenceImputer": [(ARRAYS,), (TABLE,)],
    "SequencePadder": [(ARRAYS,), (TABLE,)],
    "SequenceResampler": [(ARRAYS,), (TABLE,)],
    "SequenceScaler": [(ARRAYS,), (TABLE,)],
}


def is_result(name):
    """Return whether an attribute is one that a fit leaves for users."""
    return name.endswith("_") and not name.startswith("_")


def fitted(name):
    """Return estimators of a class, fitted to each kind of data."""
    make = getattr(sklearn_seqattn, name)
    is_network = name.startswith("Attention") or name == "NextStateLSTM"
    options = SMALL if is_network else OPTIONS.get(name, {})
    for data in FITS[name]:
        of_events = {"target": "act"} if data[0] is EVENTS and "State" in name else {}
        yield make(**options, **of_events).fit(*data)


@pytest.mark.parametrize("name", FITS)
def test_attributes_are_those_that_are_documented(name):
    estimators = list(fitted(name))
    documented = {
        one.strip()
        for attribute in ClassDoc(type(estimators[0]))["Attributes"]
        for one in attribute.name.split(",")
    }
    left = {key for one in estimators for key in vars(one)}
    read = inspect.getmembers(type(estimators[0]), lambda v: isinstance(v, property))
    assert set(filter(is_result, {*left, *dict(read)})) <= documented
    assert all(any(hasattr(one, key) for one in estimators) for key in documented)


def test_every_estimator_is_fitted_here():
    estimators = {
        name
        for name in sklearn_seqattn.__all__
        if hasattr(getattr(sklearn_seqattn, name), "fit")
    }
    assert estimators == {*FITS}


def public_functions():
    """Return public functions and methods that are written here, by their paths.

    What overrides a method of another class is documented there.
    """
    found = {}
    for module in MODULES:
        named = getattr(module, "__all__", None)
        for name in vars(module) if named is None else named:
            thing = getattr(module, name)
            home = getattr(thing, "__module__", None) or ""
            is_here = home == module.__name__ if named is None else PACKAGE in home
            path = f"{home}.{name}"
            if name.startswith("_") or not is_here:
                continue
            if inspect.isfunction(thing):
                found[path] = inspect.unwrap(thing)
            elif inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    holders = [one for one in thing.__mro__ if method in vars(one)]
                    ours = PACKAGE in function.__module__
                    if ours and len(holders) == 1 and not method.startswith("_"):
                        found[f"{path}.{method}"] = inspect.unwrap(function)
    return found


FUNCTIONS = public_functions()

#: Methods of estimators with a prediction; they refuse what is no sequence.
OF_SEQUENCES = [
    path
    for path in FUNCTIONS
    if re.search(r"\.(Attention|NextState)\w+\.(fit|partial_fit)$", path)
    or re.search(r"\.Attention\w+\.predict(_proba)?$", path)
]


def raised(function):
    """Return the names of the errors that the code of a function raises itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    errors = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return {ast.unparse(getattr(error, "func", error)) for error in errors if error}


def documented_errors(function):
    """Return the names of the errors that a docstring has under "Raises"."""
    types = [error.type for error in FunctionDoc(function)["Raises"]]
    return {name.strip() for kind in types for name in kind.split(",")}


@pytest.mark.parametrize("path", FUNCTIONS)
def test_errors_are_documented(path):
    function = FUNCTIONS[path]
    assert raised(function) - {"AttributeError"} <= documented_errors(function)


@pytest.mark.parametrize("path", OF_SEQUENCES)
def test_readers_say_what_they_refuse(path):
    assert "ValueError" in documented_errors(FUNCTIONS[path])
