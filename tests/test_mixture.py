"""Temperature and weight of a mixture."""

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_seqattn.mixture import find_temperature, find_weight, mix


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
    first, second = generator.dirichlet(np.ones(3), (2, 50_000))
    mixture = 0.7 * first + 0.3 * second
    drawn = (generator.uniform(size=(len(mixture), 1)) > mixture.cumsum(axis=1)).sum(1)
    rows = np.arange(len(drawn))
    weight = find_weight(np.log(first)[rows, drawn], np.log(second)[rows, drawn])
    assert weight == pytest.approx(0.7, abs=0.02)


def test_the_better_model_gets_all_the_weight():
    good, bad = np.full(10, -0.1), np.full(10, -800.0)
    assert find_weight(good, bad) == pytest.approx(1, abs=1e-3)
    assert find_weight(bad, good) == pytest.approx(0, abs=1e-3)


def test_a_mixture_sums_to_one():
    first, second = np.log(np.random.RandomState(0).dirichlet(np.ones(5), (2, 6)))
    np.testing.assert_allclose(np.exp(mix(first, second, 0.3)).sum(axis=1), 1)
