"""A fit that fails or is interrupted leaves the earlier fit as it was."""

import inspect
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model_zoo import (
    EVENTS,
    LENGTHS,
    MODELS,
    SENTENCES,
    STATES,
    UP_OR_DOWN,
    WALKS,
    fitted,
    outputs,
)
from sequence_data import sentences
from sklearn.base import clone

import sklearn_seqattn
from sklearn_seqattn import NextStateLSTM, NextStateMarkov

LIBRARY = str(Path(sklearn_seqattn.__file__).parent)


def test_a_refit_that_fails_leaves_the_old_fit():
    states = sentences(20)[0]
    models = [
        (clone(fitted("classifier")), WALKS, UP_OR_DOWN, "predict_proba"),
        (clone(fitted("regressor")), WALKS, LENGTHS, "predict"),
        (NextStateLSTM(**STATES), states, None, "predict_proba"),
        (NextStateMarkov(), states, None, "predict_proba"),
    ]
    for model, X, y, method in models:
        before = getattr(model.fit(X, y), method)(X)
        with pytest.raises((ValueError, TypeError)):
            model.fit([[]], y)
        np.testing.assert_array_equal(getattr(model, method)(X), before)


def test_more_counts_that_fail_leave_the_old_ones():
    states = sentences(20)[0]
    model = NextStateMarkov(end_state=True).fit(states)
    before = state_of(model)
    for bad in ([["<end>", "a"]], [[1, 2]], [[]]):
        with pytest.raises((ValueError, TypeError)):
            model.partial_fit(bad)
        assert state_of(model) == before


TABLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, np.inf]})
#: Name of a transformer: X of another kind that it refuses in the middle of a fit.
REFITS = {
    "padder": TABLE,
    "scaler": [[[1e308, 1.0], [-1e308, 2.0]]],
    "states": pd.DataFrame({"a": ["x", "y"], "b": [None, "z"]}),
    "events": [TABLE, TABLE],
    "kernels": [[1e308, -1e308] * 5],
}


def interrupted(work, at):
    """Interrupt a function at the n-th call inside the library; return their number."""
    n_calls = 0

    def count(frame, event, _):
        nonlocal n_calls
        code = frame.f_code
        ours = event == "call" and LIBRARY in code.co_filename
        if ours and not code.co_flags & inspect.CO_GENERATOR:  # closed at any time
            n_calls += 1
            if n_calls == at:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return n_calls


def state_of(model):
    """Return the attributes of a model by name and identity."""
    return {name: id(value) for name, value in vars(model).items()}


class TestRefitOfATransformer:
    @pytest.mark.parametrize("name", REFITS)
    def test_bad_input_leaves_the_old_fit(self, name):
        model = clone(fitted(name)).fit(MODELS[name][1])
        before, found = state_of(model), outputs(name, model)
        for X in (REFITS[name], [[]], np.array([[np.inf, 1.0]]), 3, []):
            with pytest.raises((ValueError, TypeError)):
                model.fit(X)
            assert state_of(model) == before
        assert outputs(name, model) == found

    @pytest.mark.parametrize("name", REFITS)
    def test_an_interrupt_anywhere_in_a_fit_leaves_the_old_fit(self, name):
        model, X = clone(fitted(name)), MODELS[name][1]
        n_calls = interrupted(lambda: model.fit(X).fit(X), at=None) // 2
        before = state_of(model)
        assert n_calls > 5
        for i in range(1, n_calls + 1):
            with pytest.raises(KeyboardInterrupt):
                interrupted(lambda: model.fit(X), at=i)
            assert state_of(model) == before

    def test_a_vocabulary_that_is_found_empty_at_the_end(self):
        model = clone(fitted("states")).fit(SENTENCES)
        before = state_of(model)
        with pytest.raises(ValueError, match="No state has a count"):
            model.set_params(min_count=10**6).fit(SENTENCES)
        model.set_params(min_count=1)
        assert state_of(model).keys() == before.keys()
        assert model.transform(SENTENCES)[0].tolist()

    def test_another_kind_of_input_is_forgotten_after_a_failure(self):
        model = clone(fitted("events")).fit(EVENTS)
        before = state_of(model)
        with pytest.raises(TypeError):
            model.fit(SENTENCES)
        assert state_of(model) == before
