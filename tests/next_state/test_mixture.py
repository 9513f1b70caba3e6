"""The mixture, and its choice on held-out sequences."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from torch import nn

from sklearn_seqattn.next_state import mixture
from sklearn_seqattn.next_state.mixture import (
    Choice,
    choose_mixture,
    find_temperature,
    find_weight,
    mix,
)
from sklearn_seqattn.next_state.ngrams import NgramModel
from sklearn_seqattn.next_state.streams import make_streams
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID


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


class Copycat(nn.Module):
    """Say with some certainty that a state follows itself, and count what it reads."""

    def __init__(self, n_states, certainty):
        super().__init__()
        self.n_states, self.certainty, self.n_read = n_states, certainty, 0

    def forward(self, values, lengths):
        self.n_read += int(lengths.sum())
        return self.certainty * torch.eye(self.n_states)[values - FIRST_ID]


def streams_of(sequences):
    ids = np.concatenate(sequences) + FIRST_ID
    lengths = np.array([len(s) for s in sequences])
    nothing = np.full(len(lengths), -1)
    return make_streams(ids, lengths, nothing, has_start=False)


def choose(held_out, certainty=2.0, counts=None, weights=None, **options):
    module = Copycat(2, certainty)
    net = SimpleNamespace(module_=module, device="cpu", precision="float32")
    defaults = {"cache": False, "last_only": False}
    weights = np.ones(len(held_out)) if weights is None else np.array(weights)
    if isinstance(held_out, list):
        held_out = streams_of(held_out)
    choice = choose_mixture(
        net, counts, held_out, weights, 2, **{**defaults, **options}
    )
    return choice, module.n_read


HELD_OUT = [[0, 0, 0, 1], [1, 1]]  # a state follows itself three times of four


def test_the_temperature_is_that_of_the_held_out_states():
    choice, _ = choose(HELD_OUT)
    assert choice.temperature == pytest.approx(2 / np.log(3), rel=1e-3)
    assert choice.network_weight == 1
    assert choice.cache_weights is None


def test_the_last_states_alone():
    choice, _ = choose([[0, 0, 1], [1, 1], [0, 0]], last_only=True)
    assert choice.temperature == pytest.approx(2 / np.log(2), rel=1e-3)


def test_the_better_part_gets_the_weight():
    right = streams_of([[0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]])
    wrong = streams_of([[0, 1, 0, 1, 0, 1, 0, 1]])
    model = {"order": 1, "n_ids": 2 + FIRST_ID, "n_targets": 2}
    sure = NgramModel(**model).learn(right, np.ones(1))
    mad = NgramModel(**model).learn(wrong, np.ones(1))
    against_right, _ = choose([[0, 0, 0, 1]], certainty=-2.0, counts=sure)
    against_wrong, _ = choose([[0, 0, 0, 1]], certainty=1.0, counts=mad)
    assert against_right.network_weight < 0.01
    assert against_wrong.network_weight > 0.9


def test_the_cache_is_weighed_against_the_mixture():
    steady = [[0] * 9, [1] * 9]
    unsure, _ = choose(steady, certainty=0.1, cache=True)
    sure, _ = choose(steady, certainty=9.0, cache=True)
    assert unsure.cache_weights[1] > 100 * sure.cache_weights[1]


def test_nothing_to_predict_decides_nothing():
    counts = NgramModel(1, 2 + FIRST_ID, 2).learn(streams_of([[0, 1]]), np.ones(1))
    choice, _ = choose([[0], [1]], counts=counts, cache=True)
    assert choice == Choice()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 1), min_size=1, max_size=6), st.integers(0, 3)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_weights_are_copies(weighted):
    held_out, weights = map(list, zip(*weighted, strict=True))
    copies = [x for x, n in weighted for _ in range(n)]
    counts = NgramModel(1, 2 + FIRST_ID, 2).learn(streams_of([[0, 1, 1]]), np.ones(1))
    found, _ = choose(held_out, counts=counts, weights=weights)
    expected, _ = choose(copies or [[0]], counts=counts)
    assert found.temperature == pytest.approx(expected.temperature, rel=1e-4)
    assert found.network_weight == pytest.approx(expected.network_weight, abs=1e-4)


def test_weights_decide_the_temperature():
    held_out = [[0, 0, 0, 1], [1, 1, 0, 1, 0], [0, 0, 0, 0, 1, 1]]
    weighted, _ = choose(held_out, weights=[3, 0, 2])  # 14 of 19 states repeat
    assert weighted.temperature == pytest.approx(2 / np.log(14 / 5), rel=1e-3)


def test_weights_decide_the_cache():
    steady, changing = [0] * 8, [0, 1, 1, 0, 1, 0, 0, 1]
    options = {"certainty": 0.1, "cache": True}
    weighted, _ = choose([steady, changing], weights=[3, 1], **options)
    copies, _ = choose([steady] * 3 + [changing], **options)
    even, _ = choose([steady, changing], **options)
    np.testing.assert_allclose(weighted.cache_weights, copies.cache_weights, rtol=1e-2)
    assert weighted.cache_weights[1] > 1.1 * even.cache_weights[1]


def test_weights_of_zero_decide_nothing():
    assert choose(HELD_OUT, weights=[0, 0])[0] == Choice()


@pytest.mark.parametrize("last_only", [False, True])
def test_targets_that_are_never_trained_decide_nothing(last_only):
    # State 1 is no target of the fitted sequence: what is said of it is chance.
    fitted, held_out = streams_of([[1, 0, 0, 0]]), streams_of([[0, 0, 0, 1], [1, 0]])
    kept = held_out.without_untrained(fitted, last_only=last_only)
    known, untrained = kept.following >= 0, kept.following == -2
    assert np.flatnonzero(untrained).tolist() == [2]
    assert kept.following[known].tolist() == [0, 0, 0]
    assert kept.targets(last_only=True).max() == 0
    without, _ = choose(kept, last_only=last_only)
    alone = streams_of([[1, 0]]) if last_only else streams_of([[0, 0, 0], [1, 0]])
    assert without.temperature == pytest.approx(
        choose(alone, last_only=last_only)[0].temperature
    )


@pytest.mark.parametrize("n_cells", [1, 8, 11])
def test_only_so_many_sequences_as_memory_holds(monkeypatch, n_cells):
    monkeypatch.setattr(mixture, "_CELLS", n_cells)
    assert choose(HELD_OUT)[1] == 4  # the first one alone, in full
