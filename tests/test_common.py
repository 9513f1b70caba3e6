"""scikit-learn's own batteries on every estimator of sequences as a whole."""

import inspect

import pytest
from battery import parametrize_with_checks
from one_label import OneLabelTagger
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimator,
    check_param_validation,
)

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    RandomKernels,
)

#: Defaults, but for the epochs: the fewest with which scores are what the checks ask.
ESTIMATORS = [
    AttentionLSTMClassifier(max_epochs=10),
    AttentionLSTMRegressor(max_epochs=30),
]


#: A network with a side branch, whose outputs are sums of many more numbers.
WITH_KERNELS = AttentionLSTMClassifier(max_epochs=10, blend=RandomKernels(840))


#: A tagger gets one label a sequence in these checks, repeated at each of its steps.
TAGGER = OneLabelTagger(max_epochs=10, hidden_size=8, num_layers=1)


@parametrize_with_checks([*ESTIMATORS, WITH_KERNELS, TAGGER])
def test_scikit_learn_battery(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "estimator", [*ESTIMATORS, TAGGER], ids=lambda e: type(e).__name__
)
def test_column_names(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)


@pytest.mark.parametrize(
    "estimator", [*ESTIMATORS, TAGGER], ids=lambda e: type(e).__name__
)
def test_parameter_validation(estimator):
    check_param_validation(type(estimator).__name__, clone(estimator))


def test_check_estimator_skips_a_tagger():
    """It knows no y with a label for each step."""
    with pytest.warns(SkipTestWarning, match="AttentionLSTMTagger"):
        check_estimator(AttentionLSTMTagger())


def test_battery_runs_on_tables():
    # Without this tag scikit-learn quietly checks next to nothing.
    for estimator in [*ESTIMATORS, TAGGER]:
        assert estimator.__sklearn_tags__().input_tags.two_d_array


def test_regressor_has_the_parameters_of_the_classifier():
    of_classifier, of_regressor = (
        inspect.signature(kind).parameters
        for kind in (AttentionLSTMClassifier, AttentionLSTMRegressor)
    )
    of_classes_alone = {"class_weight", "time_warp"}
    assert set(of_classifier) - set(of_regressor) == of_classes_alone
    assert set(of_regressor) - set(of_classifier) == {"loss", "quantile"}
    for name in set(of_regressor) & set(of_classifier):
        assert of_regressor[name].default == of_classifier[name].default


def test_tagger_has_the_parameters_of_the_classifier():
    of_classifier, of_tagger = (
        inspect.signature(kind).parameters
        for kind in (AttentionLSTMClassifier, AttentionLSTMTagger)
    )
    of_whole_sequences = {"pooling", "random_prefixes", "time_warp"}
    assert set(of_classifier) - set(of_tagger) == of_whole_sequences
    assert set(of_tagger) < set(of_classifier)
    for name in set(of_tagger) - {"bidirectional"}:
        assert of_tagger[name].default == of_classifier[name].default
