"""A stream of states says what `predict_proba` says about the states so far."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_zoo import DATED_EVENTS, SENTENCES, STATE_EVENTS, STATES
from sklearn.exceptions import NotFittedError

from sklearn_seqattn import Counts, NextStateLSTM, Tokens

REPEATING = [["a", "b", "c"] * (1 + i % 4) + ["d"] for i in range(24)]
TUPLES = [
    [tuple(row) for row in x[["act", "who"]].itertuples(index=False)]
    for x in STATE_EVENTS
]

#: Name: model, X.
MODELS = {
    "default": (NextStateLSTM(**STATES), SENTENCES),
    "cache": (NextStateLSTM(**STATES, blend=Counts(order=2)), REPEATING),
    "counts": (NextStateLSTM(**STATES, blend=Counts(cache=False)), REPEATING),
    "network": (NextStateLSTM(**STATES, blend=None, attention=None), REPEATING),
    "transformer": (NextStateLSTM(**STATES, encoder="transformer"), SENTENCES),
    "no start": (
        NextStateLSTM(**STATES, start_state=False, end_state=True, attention="dot"),
        SENTENCES,
    ),
    "integers": (NextStateLSTM(**STATES), [np.arange(2 + i % 5) for i in range(24)]),
    "dated events": (NextStateLSTM(**STATES, target="act"), DATED_EVENTS),
    "timed events": (
        NextStateLSTM(
            **STATES,
            target="act",
            timestamp="t",
            net_params={"module__tie_weights": False},
        ),
        STATE_EVENTS,
    ),
    "tuples": (
        NextStateLSTM(**STATES, target="act", columns=["act", "who"]),
        TUPLES,
    ),
}


@cache
def fitted(name):
    """Fit one of the models, once; do not change what comes back."""
    model, X = MODELS[name]
    return model.fit(X)


def step_of(x, t):
    """Return one state or event of a sequence, as a stream takes it."""
    return x.iloc[t].to_dict() if isinstance(x, pd.DataFrame) else x[t]


@pytest.mark.parametrize("name", MODELS)
@given(row=st.integers(0, 11))
@settings(max_examples=4, deadline=None)
def test_a_stream_says_what_predict_proba_says_so_far(name, row):
    model, x = fitted(name), MODELS[name][1][row]
    stream, positions = model.stream(), model.predict_positions([x])[0]
    for t in range(len(x)):
        found = stream.push(step_of(x, t))
        expected = model.predict_proba([x[: t + 1]])[0]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(found, positions[t], rtol=1e-6, atol=1e-6)
    assert stream.n_steps == len(x)


def test_the_cache_is_part_of_it():
    model = fitted("cache")
    assert model.cache_weights_ is not None
    assert fitted("counts").counts_ is not None
    assert fitted("counts").cache_weights_ is None


def test_without_a_cache_only_the_states_of_a_context_are_kept():
    stream = fitted("counts").stream()
    for state in ["a", "b", "c"] * 20:
        stream.push(state)
    assert len(stream._ahead.streams.ids) == fitted("counts").counts_.order


def test_an_unknown_state_is_read_as_unknown():
    model, stream = fitted("default"), fitted("default").stream()
    stream.push("ba")
    with pytest.warns(UserWarning, match="unknown"):
        found = stream.push("never seen")
    with pytest.warns(UserWarning, match="unknown"):
        expected = model.predict_proba([["ba", "never seen"]])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["default", "dated events"])
def test_unknown_states_of_a_stream_give_one_warning(name):
    model, x = fitted(name), MODELS[name][1][0]
    known = step_of(x, 0)
    unknown = "never seen" if name == "default" else {**known, "act": "never seen"}
    for _ in range(2):  # each stream by itself
        stream = model.stream()
        stream.push(known)
        with pytest.warns(UserWarning, match="unknown"):
            stream.push(unknown)
        for step in (unknown, known, unknown):  # a warning is an error here
            stream.push(step)


def test_streams_are_independent():
    model, x = fitted("default"), SENTENCES[0]
    alone = [model.stream().push(x[0])]
    first, second = model.stream(), model.stream()
    np.testing.assert_array_equal(first.push(x[0]), alone[0])
    second.push(x[1])
    np.testing.assert_allclose(
        first.push(x[1]), model.predict_proba([x[:2]])[0], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("default", 3),
        ("integers", "a"),
        ("timed events", "x"),
        ("default", ["ba", "bu"]),
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(name, state):
    model, x = fitted(name), MODELS[name][1][0]
    stream = model.stream()
    stream.push(step_of(x, 0))
    with pytest.raises((ValueError, TypeError)):
        stream.push(state)
    assert stream.n_steps == 1
    expected = model.predict_proba([x[:2]])[0]
    np.testing.assert_allclose(stream.push(step_of(x, 1)), expected, rtol=1e-6)


def test_an_event_with_other_columns_is_refused():
    stream = fitted("timed events").stream()
    with pytest.raises(ValueError, match="columns"):
        stream.push({"act": "x", "who": "a"})


def test_time_must_not_go_back():
    stream = fitted("timed events").stream()
    stream.push({"act": "x", "who": "a", "t": 5.0})
    with pytest.raises(ValueError, match="time"):
        stream.push({"act": "x", "who": "a", "t": 4.0})


def test_an_unfitted_model_has_no_stream():
    with pytest.raises(NotFittedError):
        NextStateLSTM(tokens=Tokens(4)).stream()
