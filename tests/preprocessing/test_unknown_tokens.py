"""Empty sequences of tokens, and sequences of which no token is known."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateMarkov,
    StateEncoder,
)
from sklearn_seqattn.preprocessing.state_encoder import warn_unknown

TINY = {"max_epochs": 1, "hidden_size": 8, "num_layers": 1, "random_state": 0}
TEXTS = ["good film", "bad film"] * 8
Y = np.arange(16) % 2
MAKERS = [AttentionLSTMClassifier, AttentionLSTMRegressor]
EMPTY = [
    ["good film", "", " \n"],
    [["good", "film"], [], np.array([])],
    pd.Series([["good", "film"], [], ()]),
]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda make: make.__name__)
def model(request):
    return request.param(**TINY).fit(TEXTS, Y)


@pytest.mark.parametrize("X", EMPTY)
def test_an_empty_sequence_is_predicted_as_one_unknown_token(model, X):
    found = model.predict(X)
    with pytest.warns(UserWarning, match="1 token is unknown .* 'never-seen'"):
        unknown = model.predict(["never-seen"])
    np.testing.assert_allclose(found[1:], np.repeat(unknown, 2))


def test_empty_sequences_alone_are_predicted(model):
    expected = model.predict(["good", ""])[1:]
    for X in ([""], [[]], np.array([""]), pd.Series([""])):
        np.testing.assert_allclose(model.predict(X), expected)


@pytest.mark.parametrize("make", MAKERS)
def test_fit_reads_empty_sequences_as_unknown_tokens(make):
    model = make(**TINY).fit([*TEXTS, "", ""], [*Y, 0, 1])
    encoder = model.input_encoder_
    assert encoder.n_ids_ == 2 + 3
    assert len(model.predict(["", "good"])) == 2


@pytest.mark.parametrize("X", [["", " "], [[], []]])
def test_empty_sequences_alone_teach_nothing(X):
    for estimator in (StateEncoder(), AttentionLSTMClassifier()):
        with pytest.raises(ValueError, match="X holds only empty sequences"):
            estimator.fit(X, [0, 1])


@pytest.mark.parametrize("X", [[[1.0], []], [np.ones((2, 1)), np.ones((0, 1))], [[]]])
def test_empty_sequences_of_numbers_are_refused(X):
    model = AttentionLSTMClassifier(**TINY).fit([[1.0, 2.0], [3.0]], [0, 1])
    with pytest.raises(ValueError, match=r"X\[[01]\] has 0 steps"):
        model.predict(X)


@pytest.mark.parametrize("X", EMPTY)
def test_the_encoder_agrees(X):
    ids = StateEncoder().fit(TEXTS).transform(X)
    assert [x.tolist() for x in ids] == [[4, 3], [1], [1]]
    again = StateEncoder().fit(X).transform(X)
    assert [x.tolist() for x in again] == [[3, 2], [1], [1]]


def test_empty_integer_sequences():
    encoder = StateEncoder().fit([[5, 7], [], [5]])
    assert encoder.vocabulary_.tolist() == [5, 7]
    ids = encoder.transform([[], [7], []])
    assert [x.tolist() for x in ids] == [[1], [3], [1]]


@pytest.mark.parametrize("X", [["zig zag", "good"], [["zig", "zag"], ["good"]]])
def test_sequences_of_unknown_tokens_alone_are_warned_of(model, X):
    with pytest.warns(UserWarning, match="^2 tokens are .*: 'zig', 'zag'") as caught:
        model.predict(X)
    assert caught[0].filename == __file__


def test_an_unknown_token_among_known_ones_is_not_warned_of(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(["good zig", "zag film", ""])


def test_next_states_warn_of_every_unknown_one():
    model = NextStateMarkov().fit(TEXTS)
    with pytest.warns(UserWarning, match="1 state is unknown .*: 'zig'"):
        model.predict(["good zig"])


def test_the_warning_counts_distinct_states():
    states = np.array(list("xxybcdef"), dtype=object)
    with pytest.warns(UserWarning, match=r"^7 states are unknown .*'d', \.\.\.\.$"):
        warn_unknown(states, stacklevel=1)
    with pytest.warns(UserWarning, match=r"^1 state is unknown .*: 3\.$"):
        warn_unknown(np.array([3, 3]), stacklevel=1)
