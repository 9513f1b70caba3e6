"""Parts of every estimator: versioned pickles, rollback on error, seeds, checks.

All private names of scikit-learn that the library uses are imported here, and nowhere
else. They were seen in scikit-learn 1.7 to 1.9.
"""

import inspect
import warnings
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata

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
    from sklearn.utils._set_output import _get_output_config as get_output_config
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
except ImportError as error:
    raise ImportError(
        f"scikit-learn {sklearn.__version__} has no such private name ({error}); "
        "sklearn_seqattn works with 1.7 to 1.9."
    ) from error

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:
        """Stand in for the mixin of later versions."""

    def with_callbacks(method):
        """Return a method as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "Interval",
    "NestedParameters",
    "StrOptions",
    "VersionedPickles",
    "check_sample_weight",
    "documentation_url",
    "draw_seeds",
    "fit_context",
    "fit_task",
    "get_output_config",
    "refuse_renamed",
    "rollback_on_error",
    "scoring_of_callbacks",
    "validate_parameter_constraints",
    "validate_params",
    "with_callbacks",
]

_VERSION = "_sklearn_seqattn_version"


#: For each parameter, those of earlier versions that it replaces.
_REPLACED = {
    "blend": ("backoff", "kernel_features", "kernel_readout", "repetition"),
    "checkpoint": ("checkpoint_dir", "checkpoint_every", "keep_checkpoint"),
    "encoder": ("positions",),
    "front_end": (
        *("conv_channels", "conv_kernel_size", "conv_stride", "conv_dilation"),
        *("dense_units", "step_conv_channels", "step_conv_kernel_size"),
        *("key_size", "value_size"),
    ),
    "net_params": (
        "lr_schedule",
        "weight_decay",
        "max_grad_norm",
        "max_steps_per_batch",
    ),
    "net_params={'criterion__label_smoothing': ...}": ("label_smoothing",),
    "net_params={'module__tbptt_steps': ...}": ("tbptt_steps",),
    "net_params={'module__tie_weights': ...}": ("tie_weights",),
    "time_warp": ("time_stretch",),
    "tokens": (
        *("embedding_size", "embedding_vectors", "vocabulary", "min_count"),
        "token_dropout",
    ),
}
_NEW_NAMES = {old: new for new, names in _REPLACED.items() for old in names}


def refuse_renamed(kind, names):
    """Raise an error if a saved estimator has parameters of an earlier version.

    Parameters
    ----------
    kind : type
        Class of the estimator.
    names : iterable of str
        Names of the parameters (and attributes) that were saved.

    Raises
    ------
    ValueError
        If one of them has another name now.
    """
    pairs = _renamed(kind, names)
    if pairs:
        raise ValueError(
            f"This {kind.__name__} was saved by an earlier version, with the "
            f"parameters {pairs}. Fit it again with the new parameters."
        )


def _renamed(kind, names):
    """Return the names of earlier versions among some, with what they are now."""
    known = inspect.signature(kind).parameters
    old = sorted(n for n in names if n in _NEW_NAMES and n not in known)
    return ", ".join(f"{name} (now {_NEW_NAMES[name]})" for name in old)


@cache
def documentation_url():
    """Return the address of the documentation in the package's metadata, or None."""
    try:
        entries = metadata("sklearn_seqattn").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    urls = dict(entry.split(", ", 1) for entry in entries)
    return urls.get("Documentation", "").rstrip("/") or None


class DocumentationLinks:
    """Mixin that links the HTML representation of an estimator to its reference.

    There are no links where the package has no address of its documentation.
    """

    @property
    def _doc_link_module(self):
        """The root of the modules whose estimators have a link."""
        return "sklearn_seqattn" if documentation_url() else None

    @property
    def _doc_link_template(self):
        """The address of a page of the reference."""
        return documentation_url() + "/api/generated/{path}.html"

    def _doc_link_url_param_generator(self):
        """Return what the address of a page has of the estimator."""
        return {"path": f"sklearn_seqattn.{type(self).__name__}"}


class VersionedPickles(DocumentationLinks):
    """Mixin of all estimators, whose pickles know the version of the library.

    It warns when another version of the library unpickles an estimator.

    Parameters that the older version did not have get their defaults. A parameter that
    has another name now is a ValueError.
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
        refuse_renamed(type(self), state)
        parameters = inspect.signature(type(self)).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        super().__setstate__({**defaults, **state})


class NestedParameters:
    """Set the parameters of an object that is None or a name, as ``tokens__size=32``.

    A subclass says in `_nested` what makes the object of such a parameter: classes, of
    which the first one that has all the parameters named is taken.
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
        estimator instance
            The estimator itself.

        Raises
        ------
        ValueError
            If there is no such parameter; one of an earlier version is named with what
            it is now.
        """
        if pairs := _renamed(type(self), params):
            name = type(self).__name__
            raise ValueError(f"{name} has these parameters no longer: {pairs}.")
        for name, makers in self._nested.items():
            start = f"{name}__"
            names = {key.removeprefix(start) for key in params if key.startswith(start)}
            value = params.get(name, getattr(self, name))
            if names and not hasattr(value, "set_params"):
                params[name] = _first_with(names, makers)
            elif names:
                params[name] = value
        return super().set_params(**params)


def _first_with(names, makers):
    """Return the first of some objects that has all these parameters, or the first."""
    made = [make() for make in makers]
    return next((m for m in made if names <= m.get_params().keys()), made[0])


def fit_task(estimator):
    """Return the task that scikit-learn's callbacks see of a fit.

    Parameters
    ----------
    estimator : BaseEstimator
        At the beginning of its `fit`, which `with_callbacks` decorates.

    Returns
    -------
    task : sklearn.callback.CallbackContext or None
        It has an unknown number of subtasks. None if scikit-learn or the estimator has
        no callbacks.
    """
    init = getattr(estimator, "_init_callback_context", lambda **_: None)
    task = init(max_subtasks=None)  # known to the estimators around this one
    return task if getattr(estimator, "_skl_callbacks", None) else None


def scoring_of_callbacks(estimator):
    """Return what callbacks of scikit-learn score, by the names of their classes."""
    callbacks = getattr(estimator, "_skl_callbacks", None) or ()
    return {type(one).__name__: getattr(one, "_scoring", None) for one in callbacks}


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
