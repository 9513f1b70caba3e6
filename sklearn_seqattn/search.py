"""Hyperparameter spaces from JSON, for scikit-learn and for Optuna.

A space names a parameter and says where to look for it::

    {"lr": {"min": 1e-4, "max": 1e-2, "log": true},
     "num_layers": {"min": 1, "max": 2},
     "hidden_dim": {"values": [64, 128]}}

Both bounds belong to the range; it is one of integers where both bounds are
integers. Some names in use elsewhere are turned into the parameters' own.
"""

import json
import math
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.utils import check_random_state

#: Names in use elsewhere, and what they are called here.
OUR_NAMES = {"hidden_dim": "hidden_size", "embedding_dim": "embedding_size"}


class LogUniformIntegers:
    """Integers from `low` to `high`, both included, uniform in their logarithm.

    Parameters
    ----------
    low, high : int
        The bounds, positive.

    Examples
    --------
    >>> LogUniformIntegers(1, 1000).rvs(size=5, random_state=0).tolist()
    [32, 115, 49, 31, 13]
    """

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def rvs(self, size=None, random_state=None):
        """Draw integers.

        Parameters
        ----------
        size : int or None, default=None
            How many; None draws one number.
        random_state : int, RandomState or None, default=None
            Source of randomness.

        Returns
        -------
        int or ndarray of int
            The numbers.
        """
        generator = check_random_state(random_state)
        # Integer k owns [k - 1/2, k + 1/2), so the bounds get their full share.
        drawn = generator.uniform(
            math.log(self.low - 0.5), math.log(self.high + 0.5), size
        )
        drawn = np.clip(np.rint(np.exp(drawn)), self.low, self.high)
        return int(drawn) if size is None else drawn.astype(int)


def param_distributions(spec):
    """Turn a space into what `RandomizedSearchCV` samples from.

    Parameters
    ----------
    spec : dict, str or path
        The space, or the JSON file that holds it.

    Returns
    -------
    dict
        A list of values or a distribution for each parameter.

    Raises
    ------
    ValueError
        If an entry is not one of the forms above.

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
    """Turn a space into Optuna's distributions, for ``study.ask`` for instance.

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
        If an entry is not one of the forms above.
    """
    from optuna import distributions

    space = {}
    for name, (values, low, high, log) in _entries(spec).items():
        if values is not None:
            space[name] = distributions.CategoricalDistribution(values)
        elif isinstance(low, Integral):
            space[name] = distributions.IntDistribution(low, high, log=log)
        else:
            space[name] = distributions.FloatDistribution(low, high, log=log)
    return space


def _entries(spec):
    """Return (values, low, high, log) for each parameter, by our names."""
    if not isinstance(spec, dict):
        spec = json.loads(Path(spec).read_text(encoding="utf-8"))
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
        if not isinstance(bound, Real) or isinstance(bound, bool):
            raise ValueError(
                f"The space of {name!r} has the bound {bound!r}; expected a number, "
                "or {'values': [...]} for a choice."
            )
    if low > high or (log and low <= 0):
        raise ValueError(
            f"The space of {name!r} runs from {low} to {high}; expected min <= max"
            f"{', and min > 0 with log' if log else ''}."
        )
    if isinstance(low, Integral) and isinstance(high, Integral):
        return low, high, log
    return float(low), float(high), log
