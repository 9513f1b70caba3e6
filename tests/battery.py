"""scikit-learn's battery of checks, under every version of scikit-learn and pytest."""

import pytest
import sklearn
from sklearn.utils import estimator_checks, get_tags


def parametrize_with_checks(estimators):
    """Return scikit-learn's mark with a list of checks.

    Its own holds a generator in scikit-learn 1.7, which pytest 9 refuses.
    """
    mark = estimator_checks.parametrize_with_checks(
        estimators, expected_failed_checks=_broken_checks
    )
    names, checks = mark.args
    return pytest.mark.parametrize(names, list(checks), **mark.kwargs)


def _broken_checks(estimator):
    """Return checks that fail before they call the estimator."""
    if sklearn.__version__ == "1.7.0" and get_tags(estimator).input_tags.categorical:
        name = "check_positive_only_tag_during_fit"
        return {name: "subtracts a mean from an array of integers in place"}
    return {}
