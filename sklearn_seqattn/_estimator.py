"""Parts of every estimator: versioned pickles, rollback on error, seeds, checks.

All private names of scikit-learn that the library uses are imported here, and nowhere
else. They were seen in scikit-learn 1.7 to 1.9.
"""

import inspect
import warnings
from contextlib import contextmanager

import numpy as np
import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils import check_random_state

from sklearn_seqattn._version import __version__

try:
    from sklearn.base import _fit_context as fit_context
    from sklearn.utils._param_validation import (
        Interval,
        StrOptions,
        validate_parameter_constraints,
        validate_params,
    )
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
except ImportError as error:
    raise ImportError(
        f"scikit-learn {sklearn.__version__} has no such private name ({error}); "
        "sklearn_seqattn works with 1.7 to 1.9."
    ) from error

__all__ = [
    "Interval",
    "StrOptions",
    "VersionedPickles",
    "check_sample_weight",
    "draw_seeds",
    "fit_context",
    "kept_on_failure",
    "validate_parameter_constraints",
    "validate_params",
]

_VERSION = "_sklearn_seqattn_version"


class VersionedPickles:
    """Write the version of the library into pickles; another version warns.

    Parameters that an older version did not have get their defaults.
    """

    def __getstate__(self):
        return {**super().__getstate__(), _VERSION: __version__}

    def __setstate__(self, state):
        state = dict(state)
        found = state.pop(_VERSION, "unknown")
        if found != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=f"{__version__} of sklearn_seqattn",
                    original_sklearn_version=f"{found} of sklearn_seqattn",
                ),
                stacklevel=2,
            )
        parameters = inspect.signature(type(self)).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        super().__setstate__({**defaults, **state})


@contextmanager
def kept_on_failure(estimator):
    """Restore an estimator if the block raises.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def draw_seeds(random_state, n_seeds):
    """Draw seeds without use of the global generator of numpy.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in the estimators; None takes entropy from the operating system.
    n_seeds : int
        The number of seeds.

    Returns
    -------
    seeds : list of int
    """
    if random_state is None:
        random_state = np.random.RandomState()
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_seeds)
    return seeds.tolist()
