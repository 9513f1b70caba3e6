"""Temperature and weight of a mixture."""

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_seqattn.next_state.mixture import find_temperature, find_weight, mix


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_scaled_logits_is_found(temperature):
    generator = np.random.RandomState(0)
    logits = generator.normal(size=(20_000, 4)) * 2
    proba = np.exp(log_softmax(logits, axis=1))
    drawn = (generator.uniform(size=(len(proba), 1)) > proba.cumsum(axis=1)).sum(axis=1)
    found = find_temperature(logits * temperature, drawn)
    assert found == pytest.approx(temperature, rel=0.05)


def test_the_weight_of_a_mixture_is_found():
    generator = np.random.RandomState(0)
    first, second = np.log(generator.dirichlet(np.ones(3), (2, 50_000)))
    mixture = np.exp(mix(first, second, 0.7))
    drawn = (generator.uniform(size=(len(mixture), 1)) > mixture.cumsum(axis=1)).sum(1)
    assert find_weight(first, second, drawn) == pytest.approx(0.7, abs=0.02)


def test_the_better_model_gets_all_the_weight():
    good, bad = np.log([[0.9, 0.1]] * 10), np.log([[1e-300, 1.0]] * 10)
    columns = np.zeros(10, dtype=int)
    assert find_weight(good, bad, columns) == pytest.approx(1, abs=1e-3)
    assert find_weight(bad, good, columns) == pytest.approx(0, abs=1e-3)


def test_mixture_by_hand():
    first, second = np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]])
    expected = np.sqrt(first * second)
    found = np.exp(mix(np.log(first), np.log(second), 0.5))
    np.testing.assert_allclose(found, expected / expected.sum())
    for weight, one in ((1, first), (0, second)):
        found = np.exp(mix(np.log(first), np.log(second), weight))
        np.testing.assert_allclose(found, one)
