"""Hyperparameter spaces from JSON, for scikit-learn and for Optuna.

A space has an entry for each parameter, a range or a list of choices::

    {"lr": {"min": 1e-4, "max": 1e-2, "log": true},
     "num_layers": {"min": 1, "max": 2},
     "hidden_dim": {"values": [64, 128]},
     "pooling": {"values": ["last", ["max", "mean"]]},
     "front_end": {"values": [["conv"], [{"conv": {"channels": 32}}, "dense"]]}}

A range includes both bounds; it is a range of integers if both bounds are integers.
Choices are passed on as they are in JSON: a list for what is a tuple in Python, an
object for a block with its sizes. The names of `OUR_NAMES` are replaced.
"""

import math
import warnings
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from scipy import stats
from sklearn.utils import check_random_state

from sklearn_seqattn.readers import read_json

#: Names of parameters in other libraries, and their names here.
OUR_NAMES = {"hidden_dim": "hidden_size", "embedding_dim": "tokens__size"}


class LogUniformIntegers:
    """A distribution of integers, uniform in their logarithm.

    Parameters
    ----------
    low, high : int
        The bounds, positive. Both are included.

    Examples
    --------
    >>> LogUniformIntegers(1, 1000).rvs(size=5, random_state=0).tolist()
    [32, 115, 49, 31, 13]
    """

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def rvs(self, size=None, random_state=None):
        """Return random integers.

        Parameters
        ----------
        size : int or None, default=None
            Number of integers; None returns a single one.
        random_state : int, RandomState or None, default=None
            Source of randomness.

        Returns
        -------
        int or ndarray of int
            The numbers.
        """
        generator = check_random_state(random_state)
        # Integer k stands for [k - 1/2, k + 1/2), so the bounds get their full share.
        drawn = generator.uniform(
            math.log(self.low - 0.5), math.log(self.high + 0.5), size
        )
        drawn = np.clip(np.rint(np.exp(drawn)), self.low, self.high)
        return int(drawn) if size is None else drawn.astype(int)


def param_distributions(spec):
    """Return a space as `RandomizedSearchCV` takes it.

    Parameters
    ----------
    spec : dict, str or path
        The space, or the path of the JSON file that holds it.

    Returns
    -------
    dict
        A list of values or a distribution for each parameter.

    Raises
    ------
    ValueError
        If the space is not of this form; the message names the entry.

    Examples
    --------
    >>> space = param_distributions({"num_layers": {"min": 1, "max": 2},
    ...                              "hidden_dim": {"values": [64, 128]}})
    >>> space["hidden_size"]
    [64, 128]
    >>> sorted(set(space["num_layers"].rvs(100, random_state=0).tolist()))
    [1, 2]
    """
    space = {}
    for name, (values, low, high, log) in _entries(spec).items():
        if values is not None:
            space[name] = values
        elif low == high:
            space[name] = [low]
        elif isinstance(low, Integral):
            space[name] = (
                LogUniformIntegers(low, high) if log else stats.randint(low, high + 1)
            )
        else:
            space[name] = (
                stats.loguniform(low, high) if log else stats.uniform(low, high - low)
            )
    return space


def optuna_distributions(spec):
    """Return a space as distributions of Optuna, for example for ``study.ask``.

    Parameters
    ----------
    spec : dict, str or path
        As in `param_distributions`.

    Returns
    -------
    dict
        An ``optuna.distributions`` object for each parameter.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    ValueError
        If the space is not of this form; the message names the entry.
    """
    from optuna import distributions

    space = {}
    for name, (values, low, high, log) in _entries(spec).items():
        if values is not None:
            with _json_choices():
                space[name] = distributions.CategoricalDistribution(values)
        elif isinstance(low, Integral):
            space[name] = distributions.IntDistribution(low, high, log=log)
        else:
            space[name] = distributions.FloatDistribution(low, high, log=log)
    return space


def suggest_params(trial, spec):
    """Draw all parameters of a space for a trial of Optuna.

    Parameters
    ----------
    trial : optuna.Trial
        The trial, inside the objective of ``study.optimize``.
    spec : dict, str or path
        As in `param_distributions`.

    Returns
    -------
    dict
        A value for each parameter, for ``set_params``.

    Raises
    ------
    ValueError
        If the space is not of this form; the message names the entry.

    Examples
    --------
    >>> import optuna
    >>> spec = {"hidden_size": {"values": [32, 64]}, "num_layers": {"min": 1, "max": 1}}
    >>> params = suggest_params(optuna.trial.FixedTrial({"hidden_size": 64,
    ...                                                  "num_layers": 1}), spec)
    >>> params
    {'hidden_size': 64, 'num_layers': 1}
    """
    params = {}
    for name, (values, low, high, log) in _entries(spec).items():
        if values is not None:
            with _json_choices():
                params[name] = trial.suggest_categorical(name, values)
        elif isinstance(low, Integral):
            params[name] = trial.suggest_int(name, low, high, log=log)
        else:
            params[name] = trial.suggest_float(name, low, high, log=log)
    return params


@contextmanager
def _json_choices():
    """Let choices be lists and objects: Optuna stores them as JSON, where they work."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Choices for a categorical distribution")
        yield


def _entries(spec):
    """Return (values, low, high, log) for each parameter, by the names used here."""
    if not isinstance(spec, dict):
        spec = read_json(spec)
    entries = {}
    for name, entry in spec.items():
        ours = OUR_NAMES.get(name, name)
        if ours in entries:
            raise ValueError(f"The space has two entries for {ours!r}; keep one.")
        entries[ours] = _entry(name, entry)
    return entries


def _entry(name, entry):
    """Check one entry; return (values, low, high, log)."""
    keys = set(entry) if isinstance(entry, dict) else None
    if keys == {"values"}:
        values = entry["values"]
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"The space of {name!r} has values={values!r}; expected a list that "
                "is not empty."
            )
        return values, None, None, False
    if keys not in ({"min", "max"}, {"min", "max", "log"}):
        raise ValueError(
            f"The space of {name!r} is {entry!r}; expected {{'values': [...]}} or "
            "{'min': ..., 'max': ...}, the latter with 'log': true or without."
        )
    return None, *_bounds(name, entry)


def _bounds(name, entry):
    """Check a range; return (low, high, log), integers or floats."""
    low, high, log = entry["min"], entry["max"], entry.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"The space of {name!r} has log={log!r}; write true or false.")
    for bound in (low, high):
        is_number = isinstance(bound, Real) and not isinstance(bound, bool)
        if not is_number or not math.isfinite(bound):
            raise ValueError(
                f"The space of {name!r} has the bound {bound!r}; expected a finite "
                "number, or {'values': [...]} for a choice."
            )
    if low > high or (log and low <= 0):
        raise ValueError(
            f"The space of {name!r} runs from {low} to {high}; expected min <= max"
            f"{', and min > 0 with log' if log else ''}."
        )
    if isinstance(low, Integral) and isinstance(high, Integral):
        return low, high, log
    return float(low), float(high), log
