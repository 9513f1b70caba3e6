"""Pickles that say which version made them, and that later versions load."""

import inspect
import warnings

from sklearn.exceptions import InconsistentVersionWarning

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
