"""Channels are standardized, and low-amplitude sequences amplified."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.preprocessing.gain import (
    LOW_AMPLITUDE,
    as_float32,
    check_range,
    control_gain,
    standardize,
)


def waves(amplitudes, n_steps=40):
    """Make sine waves of these standard deviations, end to end."""
    wave = np.sqrt(2) * np.sin(np.arange(n_steps) * 2 * np.pi / n_steps)
    steps = np.concatenate([5 + s * wave for s in amplitudes])[:, np.newaxis]
    return steps, np.full(len(amplitudes), n_steps)


def amplitudes_of(steps, lengths):
    return [x.std(axis=0).max() for x in np.split(steps, np.cumsum(lengths)[:-1])]


def test_the_formula():
    low = LOW_AMPLITUDE
    steps, lengths = waves([1e-5, 1e-3, 0.1, low, 2.0])
    found = control_gain(steps.copy(), lengths)
    expected = [
        *(
            LOW_AMPLITUDE / (1 + 0.1 * np.log(LOW_AMPLITUDE / s))
            for s in (1e-5, 1e-3, 0.1)
        ),
        LOW_AMPLITUDE,
        2.0,
    ]
    np.testing.assert_allclose(amplitudes_of(found, lengths), expected)
    np.testing.assert_allclose(found.reshape(5, -1).mean(axis=1), 5)  # means stay
    wave = (steps[:40] - 5) * expected[0] / 1e-5
    np.testing.assert_allclose(found[:40] - 5, wave, atol=1e-8)


@pytest.mark.parametrize("s", [LOW_AMPLITUDE, 1e-5])
def test_there_is_no_jump(s):
    below, above = control_gain(*waves([s * (1 - 1e-9), s * (1 + 1e-9)])).reshape(2, -1)
    np.testing.assert_allclose(below, above, rtol=1e-6)


def test_a_constant_that_float32_rounds_stays_about_constant():
    rng = np.random.default_rng(0)
    noisy = (5.3 + 1e-7 * rng.normal(size=(40, 1))).astype(np.float32)
    found = control_gain(noisy.astype(np.float64), np.array([40]))
    assert 0 < found.std() < 0.02


@given(st.floats(1e-7, 10), st.floats(1e-7, 10))
@settings(deadline=None)
def test_the_order_of_amplitudes_is_kept(one, other):
    low, high = sorted([one, other])
    found = amplitudes_of(control_gain(*waves([low, high])), np.array([40, 40]))
    assert found[0] <= found[1] * (1 + 1e-9)
    assert low * (1 - 1e-9) <= found[0]


def test_high_amplitude_sequences_do_not_change():
    rng = np.random.default_rng(0)
    steps, lengths = rng.normal(size=(60, 3)), np.array([10, 30, 20])
    steps[:10, 1:] *= 1e-9  # one channel has a high amplitude
    np.testing.assert_array_equal(control_gain(steps.copy(), lengths), steps)


def test_channels_of_a_sequence_have_the_same_gain():
    rng = np.random.default_rng(0)
    steps = 1e-3 * rng.normal(size=(50, 3)) * [1, 5, 0.1]
    found = control_gain(steps.copy(), np.array([50]))
    ratio = (found - found.mean(axis=0)) / (steps - steps.mean(axis=0))
    np.testing.assert_allclose(ratio, ratio[0, 0])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300, -7.3])
def test_constant_sequences_stay_constant(value):
    steps, lengths = np.full((7, 2), value), np.array([1, 6])
    np.testing.assert_allclose(control_gain(steps.copy(), lengths), steps, rtol=1e-11)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_a_sequence_does_not_depend_on_the_others(lengths, seed):
    rng = np.random.default_rng(seed)
    X = [
        10.0 ** rng.integers(-6, 1) * rng.normal(size=(length, 2)) for length in lengths
    ]
    together = control_gain(np.concatenate(X), np.array(lengths))
    alone = [control_gain(x.copy(), np.array([len(x)])) for x in X]
    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_no_sequences_at_all():
    assert control_gain(np.empty((0, 2)), np.empty(0, dtype=int)).shape == (0, 2)


def test_channels_are_standardized_in_float64():
    steps = np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]], dtype=np.float32)
    found = standardize(steps, np.array([2.0, 5.0]), np.array([0.5, 1.0]))
    assert found.dtype == np.float64
    assert found.tolist() == [[-2, 0], [2, 0], [0, 0]]
    assert np.isinf(standardize(np.array([[1e308]]), 0.0, 1e-9)).all()


def test_numbers_in_float32_are_not_copied():
    values = np.ones(3, np.float32)
    assert as_float32(values) is values


@pytest.mark.parametrize("value", [1e39, -1e300, np.inf])
def test_numbers_beyond_float32_are_refused(value):
    with pytest.raises(ValueError, match="scale is beyond float32"):
        as_float32(np.array([0.0, value]))


def test_a_scale_that_has_overflowed_is_refused():
    check_range(np.array([1e300]))
    with pytest.raises(ValueError, match="scale is beyond float32"):
        check_range(np.array([1.0, np.inf]))


def test_shapes_of_low_amplitude_sequences_are_learned():
    rng = np.random.default_rng(0)
    time, X, y = np.linspace(0, 4 * np.pi, 40), [], []
    for i in range(80):
        label = i % 2
        shape = np.sin(time + rng.uniform(0, 6)) ** (3 if label else 1)
        X.append(10.0 ** rng.uniform(-4, 1) * shape)  # five orders of magnitude
        y.append(label)
    params = {"max_epochs": 25, "random_state": 0, "blend": None}
    fitted = {
        standardize: AttentionLSTMClassifier(standardize=standardize, **params)
        .fit(X[:60], y[:60])
        .score(X[60:], y[60:])
        for standardize in (True, False)
    }
    assert fitted[True] > 0.9
    assert fitted[False] < fitted[True]


def test_regressors_do_not_amplify():
    rng = np.random.default_rng(0)
    X = [s * rng.normal(size=20) for s in np.geomspace(1e-3, 1, 12)]
    classes, sizes = np.arange(12) % 2, np.geomspace(1e-3, 1, 12)
    seen = {}
    for estimator, y in (
        (AttentionLSTMClassifier, classes),
        (AttentionLSTMRegressor, sizes),
    ):
        encoder = estimator(max_epochs=1).fit(X, y).input_encoder_
        seen[estimator] = encoder.scale(X[0][:, np.newaxis], np.array([20])).std()
    assert seen[AttentionLSTMRegressor] < 0.01
    assert seen[AttentionLSTMClassifier] > 0.15
