"""What every estimator does: versioned pickles, rollback on error, seeds."""

import inspect
import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils import check_random_state

from sklearn_seqattn._version import __version__

_VERSION = "_sklearn_seqattn_version"


class VersionedPickles:
    """A pickled estimator knows its version; another version loads it with a warning.

    Parameters that an older version did not have get their defaults, which are to
    leave an estimator as it was.
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


class NestedParameters:
    """Set the parameters of an object that is None or a name, as ``tokens__size=32``.

    A subclass says in `_nested` which class such a parameter stands for.
    """

    _nested = {}

    def set_params(self, **params):
        """Set parameters of the estimator, and of the objects that it holds.

        Parameters
        ----------
        **params : dict
            Parameters by name. ``tokens__size=32`` sets the size of `tokens`, which
            becomes ``Tokens(size=32)`` where it was None.

        Returns
        -------
        estimator : estimator instance
            The estimator itself.
        """
        for name, make in self._nested.items():
            if any(key.startswith(f"{name}__") for key in params):
                value = params.get(name, getattr(self, name))
                params[name] = value if hasattr(value, "set_params") else make()
        return super().set_params(**params)


@contextmanager
def rollback_on_error(estimator):
    """Leave an estimator as it was if the block raises.

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
    """Draw seeds without moving the global generator of numpy.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As the estimators take it; None draws from the operating system.
    n_seeds : int
        How many.

    Returns
    -------
    seeds : list of int
    """
    if random_state is None:
        random_state = np.random.RandomState()
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_seeds)
    return seeds.tolist()
