"""Hyperparameter search: default spaces, spaces from JSON, and pruning by Optuna.

What needs torch is imported when it is first used.
"""

from importlib import import_module

from sklearn_seqattn.search.spec import (
    LogUniformIntegers,
    optuna_distributions,
    param_distributions,
    suggest_params,
)

_MODULE_OF = {
    "PruningCallback": "sklearn_seqattn.training.pruning",
    "default_space": "sklearn_seqattn.search.default_spaces",
}

__all__ = [
    "LogUniformIntegers",
    "optuna_distributions",
    "param_distributions",
    "suggest_params",
    *_MODULE_OF,
]


def __getattr__(name):
    """Import a public name on first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__():
    """List the public names, loaded or not."""
    return sorted({*globals(), *_MODULE_OF})
