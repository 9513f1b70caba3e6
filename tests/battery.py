"""scikit-learn's battery of checks, under every version of pytest."""

import pytest
from sklearn.utils import estimator_checks


def parametrize_with_checks(estimators):
    """Return scikit-learn's mark with a list of checks.

    Its own holds a generator in scikit-learn 1.7, which pytest 9 refuses.
    """
    mark = estimator_checks.parametrize_with_checks(estimators)
    names, checks = mark.args
    return pytest.mark.parametrize(names, list(checks), **mark.kwargs)
