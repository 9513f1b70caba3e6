"""What scikit-learn asks of any estimator, and what wrong input is told."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.utils import estimator_checks, get_tags

from sklearn_seqattn import NextStateLSTM, NextStateMarkov, Tokens

ESTIMATORS = [
    NextStateMarkov(),
    NextStateLSTM(
        tokens=Tokens(4),
        hidden_size=4,
        num_layers=1,
        num_heads=2,
        max_epochs=1,
        random_state=0,
    ),
]
X = [["a", "b", "c"], ["b", "c", "a", "b"], ["c", "a"]] * 5

# The checks of scikit-learn that pass no table of numbers.
CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_mixin_order",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
]


@pytest.fixture(params=ESTIMATORS, ids=lambda e: type(e).__name__)
def estimator(request):
    return clone(request.param)


@pytest.mark.parametrize("check", CHECKS)
def test_generic_checks(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


def test_parameter_validation(estimator):
    class Unknown:
        pass

    for name in estimator.get_params(deep=False):
        if name in ("random_state", "net_params"):  # checked when they are used
            continue
        wrong = clone(estimator).set_params(**{name: Unknown()})
        with pytest.raises(ValueError, match=f"The '{name}' parameter of"):
            wrong.fit(X)


def test_tags(estimator):
    tags = get_tags(estimator)
    assert is_classifier(estimator)
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert not tags.target_tags.required


def test_fit_returns_self_and_keeps_parameters_and_input(estimator):
    before, copy = estimator.get_params(), [list(x) for x in X]
    assert estimator.fit(copy) is estimator
    assert estimator.get_params() == before
    assert copy == X


def test_fit_is_idempotent(estimator):
    first = estimator.fit(X).predict_proba(X)
    np.testing.assert_array_equal(estimator.fit(X).predict_proba(X), first)


def test_prediction_changes_nothing(estimator):
    estimator.fit(X)
    before = dict(vars(estimator))
    estimator.predict_proba(X)
    estimator.perplexity(X)
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)


def test_nothing_before_fit(estimator):
    methods = [
        "predict", "predict_proba", "predict_log_proba", "predict_topk",
        "predict_positions", "score", "score_positions", "score_samples", "perplexity",
    ]  # fmt: skip
    for method in methods:
        with pytest.raises(ValueError, match="is not fitted yet"):
            getattr(estimator, method)(X)
    with pytest.raises(ValueError, match="is not fitted yet"):
        estimator.sample(2)
    with pytest.raises(ValueError, match="is not fitted yet"):
        estimator.rollout(X, 2)


def test_a_refit_forgets(estimator):
    estimator.fit(X)
    estimator.fit([[1, 2, 3], [2, 3]] * 5)
    assert estimator.classes_.tolist() == [1, 2, 3]


def test_a_table_of_integers_is_sequences(estimator):
    table = np.array([[1, 2, 1, 2], [2, 1, 2, 1]] * 5)
    estimator.fit(table)
    assert estimator.predict(table).tolist() == [1, 2] * 5
    assert estimator.n_features_in_ == 4


def test_documented_signatures(estimator):
    for method in ("fit", "partial_fit", "score"):
        parameters = inspect.signature(getattr(estimator, method)).parameters
        assert list(parameters) == ["X", "y", "sample_weight"]


BAD_AT_FIT = {
    "no sequences": ([], None, "0 sample"),
    "empty sequences alone": ([[], []], None, "X holds empty sequences alone"),
    "None after an empty one": ([[], ["a", "b"], ["a", None]], None, r"X\[2\] holds"),
    "None after empty ones": ([[], [], ["a", None]], None, r"X\[2\] holds None"),
    "one state": ("abc", None, r"X is one text .* pass \[X\]"),
    "a flat list": (["a", 1], None, r"X\[1\] is of type int; other elements of X are"),
    "None": ([["a", None]], None, r"X\[0\] holds None of type NoneType at step 1"),
    "NaN": ([["a", np.nan]], None, r"X\[0\] holds nan of type float at step 1"),
    "floats": (
        [[1.5, 2.0], [2.0, 1.0]],
        None,
        r"X\[0\] holds 1.5 at step 0, but tokens are",
    ),
    "mixed types": ([["a", 1]], None, r"X\[0\] holds 1 of type int at step 1"),
    "mixed sequences": (
        [["a", "b"], [1, 2]],
        None,
        r"X\[1\] holds numbers, but X\[0\] holds tokens",
    ),
    "unhashable states": (
        [[["a"], ["b"]]],
        None,
        r"X\[0\] has shape \(2, 1\), but a sequence",
    ),
    "sets": ([[{"a"}, {"b"}]], None, r"X\[0\] holds {'a'} at step 0"),
    "channels": (
        [np.ones((3, 2), int)],
        None,
        r"X\[0\] has shape \(3, 2\), but a sequence",
    ),
    "a dict": ({"a": ["b"]}, None, "X is of type dict; "),
    "a number": (3, None, r"X is of type int; expected"),
    "y of another length": (X, ["a"], "inconsistent numbers of samples"),
    "y of another type": (X, [1] * 15, r"y\[0\] is 1, but the states of X are"),
    "y with None": (X, ["a"] * 14 + [None], r"y\[14\] is None"),
    "y with NaN": (X, ["a"] * 14 + [np.nan], r"y\[14\] is nan"),
    "two columns of y": (X, [["a", "b"]] * 15, "1d array"),
    "floats as y": ([[1, 2], [2, 1]], [1.0, 2.0], r"y\[0\] is 1.0, but the states"),
    "weights of another length": (X, None, "inconsistent|sample_weight"),
}


@pytest.mark.parametrize("case", BAD_AT_FIT)
def test_bad_input_at_fit(estimator, case):
    bad, y, message = BAD_AT_FIT[case]
    weight = [1.0] if case.startswith("weights") else None
    with pytest.raises((ValueError, TypeError), match=message) as error:
        estimator.fit(bad, y, sample_weight=weight)
    assert len(str(error.value)) > 20  # it says what is wrong
    assert not hasattr(estimator, "classes_")


BAD_AT_PREDICTION = {
    "integers for strings": ([[1, 2]], "fitted on strings"),
    "no sequences": ([], "0 sample"),
    "None": ([["a", None]], r"X\[0\] holds None of type"),
    "floats": ([[0.5]], r"X\[0\] holds 0.5 at step 0"),
    "a frame": (
        [pd.DataFrame({"a": ["x"], "b": [1]})],
        r"X has channels or columns, but sequences of tokens",
    ),
}


@pytest.mark.parametrize("case", BAD_AT_PREDICTION)
def test_bad_input_at_prediction(estimator, case):
    bad, message = BAD_AT_PREDICTION[case]
    estimator.fit(X)
    with pytest.raises((ValueError, TypeError), match=message):
        estimator.predict(bad)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n": 0}, "'n' parameter of NextStateMixin.sample|'n' parameter of"),
        ({"temperature": 0}, "'temperature' parameter"),
        ({"top_k": 0}, "'top_k' parameter"),
        ({"top_p": 1.5}, "'top_p' parameter"),
        ({"max_length": 0}, "'max_length' parameter"),
    ],
)
def test_bad_sampling(estimator, params, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(X).sample(**params)


def test_bad_rollouts(estimator):
    estimator.fit(X)
    with pytest.raises(ValueError, match="'n_steps' parameter"):
        estimator.rollout(X, 0)
    with pytest.raises(ValueError, match="'strategy' parameter"):
        estimator.rollout(X, 2, strategy="random")
    with pytest.raises(ValueError, match="k=9 must be an integer from 1 to 3"):
        estimator.predict_topk(X, 9)


def test_sequences_of_one_state(estimator):
    estimator.fit([["a"], ["b"], *X])
    assert estimator.score_samples([["a"]]).tolist() == [0.0]
    assert estimator.predict_positions([["a"]])[0].shape == (1, 3)
    with pytest.raises(ValueError, match="X has no state to score"):
        estimator.score([["a"]])


def test_unseen_targets_in_y(estimator):
    estimator.fit(X)
    assert estimator.score([["a"], ["b"]], ["new", "new"]) == 0
