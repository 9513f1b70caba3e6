"""Permutation importance: known answers, scorers, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from linear_networks import linear_regressor, numbers
from model_zoo import EVENTS, MODELS, SENTENCES, UP_OR_DOWN, YES, fitted
from sklearn import inspection
from sklearn.metrics import make_scorer, mean_squared_error

from sklearn_seqattn.inspection import permutation_importance

X, Y = numbers(40)


def test_a_channel_without_weight_has_no_importance():
    model = linear_regressor(X, Y)
    model.network_.head[-1].weight.data[0, 0] = 0.0
    result = permutation_importance(model, X, Y, random_state=0, n_repeats=3)
    assert result.importances.shape == (3, 3)
    np.testing.assert_allclose(result.importances[0], 0, atol=1e-9)
    assert (result.importances_mean[1:] != 0).all()
    mean, std = result.importances.mean(axis=1), result.importances.std(axis=1)
    np.testing.assert_allclose(result.importances_mean, mean)
    np.testing.assert_allclose(result.importances_std, std)
    assert result.channels == [0, 1, 2]


def test_a_channel_that_is_the_same_everywhere_has_no_importance():
    same = [np.c_[x, np.full(len(x), 4.0)] for x in X]
    model = linear_regressor(same, Y)
    result = permutation_importance(model, same, Y, random_state=0)
    np.testing.assert_allclose(result.importances[3], 0, atol=1e-9)


def test_the_same_seed_gives_the_same_result_in_any_number_of_jobs():
    model = fitted("classifier")
    data = MODELS["classifier"][1]
    first, second = (
        permutation_importance(
            model, data, UP_OR_DOWN, random_state=1, n_jobs=n_jobs, n_repeats=2
        )
        for n_jobs in (1, None)
    )
    np.testing.assert_array_equal(first.importances, second.importances)


@pytest.mark.parametrize(
    "scoring", ["neg_mean_squared_error", make_scorer(mean_squared_error)]
)
def test_scorers(scoring):
    model = linear_regressor(X, Y, max_epochs=40, lr=0.02)
    result = permutation_importance(model, X, Y, scoring=scoring, random_state=0)
    sign = 1 if isinstance(scoring, str) else -1
    assert (sign * result.importances_mean[2]) > 0  # the channel with most weight


def test_columns_of_events_and_a_pipeline():
    y = UP_OR_DOWN
    result = permutation_importance(fitted("event classes"), EVENTS, y, n_repeats=2)
    assert result.channels == ["act", "h"]
    categories = [x.astype({"act": "category"}) for x in EVENTS]
    same = permutation_importance(fitted("event classes"), categories, y, n_repeats=2)
    assert same.importances.shape == (2, 2)
    walks = MODELS["pipeline"][1]
    result = permutation_importance(fitted("pipeline"), walks, y, n_repeats=2)
    assert result.importances.shape == (2, 2)


@pytest.mark.parametrize("kind", ["list", "array"])
def test_that_of_scikit_learn_takes_no_sequences(kind):
    data = X if kind == "list" else np.stack([np.resize(x, (5, 3)) for x in X])
    model = linear_regressor(data, Y)
    with pytest.raises(ValueError, match=r"inhomogeneous shape|Found array with dim 3"):
        inspection.permutation_importance(model, data, Y)
    assert permutation_importance(model, data, Y).importances.shape == (3, 5)


def test_the_exchanged_sequences_keep_lengths_and_the_other_channels():
    seen = []

    def scorer(model, X, y):
        seen.append(X)
        return 0.0

    permutation_importance(
        fitted("event classes"), EVENTS, np.zeros(24), scoring=scorer, n_repeats=1
    )
    whole, first, second = seen
    for before, a, b in zip(whole, first, second, strict=True):
        pd.testing.assert_series_equal(before["h"], a["h"])
        pd.testing.assert_series_equal(before["act"], b["act"])
    assert any(
        x["act"].tolist() != a["act"].tolist()
        for x, a in zip(whole, first, strict=True)
    )
    assert [len(x) for x in first] == [len(x) for x in whole]


REFUSED = {
    "tokens": (
        lambda: permutation_importance(fitted("tokens"), SENTENCES, YES),
        "tokens, which have no channels",
    ),
    "lengths": (
        lambda: permutation_importance(fitted("regressor"), X, Y[:3]),
        "inconsistent numbers of samples",
    ),
    "repeats": (
        lambda: permutation_importance(fitted("regressor"), X, Y, n_repeats=0),
        "n_repeats=0",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
