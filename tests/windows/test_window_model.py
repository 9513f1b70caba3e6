"""The linear model of windows: what it learns, and from which steps."""

import pickle

import numpy as np
import pytest
from scipy.special import log_softmax
from sequence_data import faint_labels, sentences

from sklearn_seqattn.windows import model as module
from sklearn_seqattn.windows.features import NumberWindows, TokenWindows
from sklearn_seqattn.windows.model import WindowTable, fit_windows

WORDS, _ = sentences(60)
LENGTHS = np.array([len(x) for x in WORDS])
TOKENS = np.array([word for x in WORDS for word in x], dtype=object)
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(len(TOKENS), 2)).astype(np.float32)
#: Steps, and codes that the steps before decide.
KINDS = {
    "tokens": (TOKENS, (np.roll(TOKENS, 1) == "ba").astype(int)),
    "numbers": (NUMBERS, (np.roll(NUMBERS[:, 0], 1) > 0).astype(int)),
}
WINDOWS = {"tokens": TokenWindows, "numbers": NumberWindows}
EVERY = pytest.mark.parametrize("kind", KINDS)


def table(kind, rows=slice(None), codes=None):
    """Return some of the sequences; the first step of each has no label."""
    steps, found = KINDS[kind]
    codes = (found if codes is None else codes).copy()
    stops = np.cumsum(LENGTHS)
    codes[stops - LENGTHS] = -1
    kept = np.arange(60)[rows]
    places = np.flatnonzero(np.isin(np.repeat(np.arange(60), LENGTHS), kept))
    return WindowTable(
        steps[places], LENGTHS[kept], codes[places], np.ones(len(places))
    )


@EVERY
def test_it_learns_and_predicts_what_it_was_not_fitted_to(kind):
    data = table(kind)
    partner, left_out = fit_windows(WINDOWS[kind](1), 2, data)
    outputs = partner.outputs(data.steps, data.lengths)
    assert outputs.shape == (len(data.steps), 2)
    right = outputs[data.rows].argmax(axis=1) == data.codes[data.rows]
    assert right.mean() > 0.95
    assert left_out.shape == (len(data.rows), 2)
    assert (left_out.argmax(axis=1) == data.codes[data.rows]).mean() > 0.9
    assert not np.allclose(left_out, outputs[data.rows])


@EVERY
def test_left_out_predictions_of_noise_know_nothing(kind):
    """Predictions by fits to other sequences cannot know labels at random."""
    codes = RNG.integers(0, 2, len(TOKENS))
    data = table(kind, codes=codes)
    _, left_out = fit_windows(WINDOWS[kind](2), 2, data)
    right = left_out.argmax(axis=1) == data.codes[data.rows]
    assert abs(right.mean() - 0.5) < 0.15


@EVERY
def test_a_validation_part_is_predicted_by_the_training_part(kind):
    train, valid = table(kind, slice(40)), table(kind, slice(40, 60))
    partner, left_out = fit_windows(WINDOWS[kind](1), 2, train, valid)
    outputs = partner.outputs(valid.steps, valid.lengths)[valid.rows]
    np.testing.assert_allclose(left_out, outputs, atol=0.2)
    refitted, same = fit_windows(WINDOWS[kind](1), 2, train, valid, refit=True)
    np.testing.assert_array_equal(left_out, same)
    assert not np.array_equal(refitted.intercept, partner.intercept)


@EVERY
def test_steps_are_computed_in_portions(kind, monkeypatch):
    data = table(kind)
    partner, _ = fit_windows(WINDOWS[kind](1), 2, data)
    expected = partner.outputs(data.steps, data.lengths)
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    np.testing.assert_allclose(
        partner.outputs(data.steps, data.lengths), expected, rtol=1e-12
    )


def test_of_many_steps_evenly_spaced_ones_are_fitted(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 30)
    data = table("numbers")
    partner, left_out = fit_windows(NumberWindows(0), 2, data)
    assert len(left_out) == len(data.rows) > 30
    assert partner.coef.shape == (2, 4)


def stays(looks_ahead=True, size=0):
    """Return a table of labels that mostly stay, and its fit."""
    X, y = faint_labels(60)
    lengths = np.array([len(x) for x in X])
    codes = (np.concatenate(y) == "on").astype(int)
    data = WindowTable(np.concatenate(X), lengths, codes, np.ones(len(codes)))
    return data, NumberWindows(size, looks_ahead)


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_a_chain_where_labels_depend_on_each_other(looks_ahead):
    data, window = stays(looks_ahead)
    partner, left_out = fit_windows(window, 2, data)
    assert (np.diag(partner.chain.transitions) > 0.3).all()
    assert partner.chain.looks_ahead == looks_ahead
    alone, without = fit_windows(window, 2, data, is_chain=False)
    assert alone.chain is None
    rows = np.arange(len(data.codes)), data.codes
    losses = [-log_softmax(one, axis=1)[rows].mean() for one in (left_out, without)]
    assert losses[0] < losses[1]


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_no_chain_where_labels_do_not_depend_on_each_other(looks_ahead):
    rng = np.random.default_rng(2)
    lengths = rng.integers(6, 20, 60)
    codes = rng.integers(0, 2, lengths.sum())
    steps = rng.normal(codes[:, None], 1.0, (len(codes), 1))
    data = WindowTable(steps, lengths, codes, np.ones(len(codes)))
    partner, _ = fit_windows(NumberWindows(0, looks_ahead), 2, data)
    assert partner.chain is None


def test_runs_end_at_gaps_and_sequences():
    codes = np.array([0, 1, -1, 1, 0, 1, 0, 0])
    data = WindowTable(np.zeros((8, 1)), np.array([5, 3]), codes, np.ones(8))
    assert data.runs(data.rows).tolist() == [2, 2, 3]
    assert data.runs(np.array([0, 4, 5, 7])).tolist() == [1, 1, 1, 1]
    assert data.runs(data.rows[:0]).tolist() == []


def test_a_class_without_steps_has_a_probability():
    _, left_out = fit_windows(TokenWindows(1), 5, table("tokens"))
    assert left_out.shape[1] == 5
    assert np.isfinite(left_out).all()


def test_a_single_sequence():
    partner, left_out = fit_windows(NumberWindows(1), 2, table("numbers", slice(1)))
    assert len(left_out) == LENGTHS[0] - 1
    assert len(pickle.loads(pickle.dumps(partner)).intercept) == 2
