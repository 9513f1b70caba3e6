"""How the parts of a model are mixed, chosen on held-out sequences."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_seqattn.next_state import mixture as choices
from sklearn_seqattn.next_state.ngrams import NgramModel
from sklearn_seqattn.next_state.streams import make_streams
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID


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


def choose(held_out, certainty=2.0, counts=None, **options):
    module = Copycat(2, certainty)
    net = SimpleNamespace(module_=module, device="cpu", precision="float32")
    defaults = {"calibrate": True, "repetition": False, "last_only": False}
    choice = choices.choose_mixture(
        net, counts, streams_of(held_out), 2, **{**defaults, **options}
    )
    return choice, module.n_read


HELD_OUT = [[0, 0, 0, 1], [1, 1]]  # a state follows itself three times of four


def test_the_temperature_is_that_of_the_held_out_states():
    choice, _ = choose(HELD_OUT)
    assert choice.temperature == pytest.approx(2 / np.log(3), rel=1e-3)
    assert choice.network_weight == 1
    assert choice.repetition is None
    assert choose(HELD_OUT, calibrate=False)[0].temperature == 1


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


def test_repetition_is_weighed_against_the_mixture():
    steady = [[0] * 9, [1] * 9]
    unsure, _ = choose(steady, certainty=0.1, calibrate=False, repetition=True)
    sure, _ = choose(steady, certainty=9.0, calibrate=False, repetition=True)
    assert unsure.repetition[1] > 100 * sure.repetition[1]


def test_nothing_to_predict_decides_nothing():
    counts = NgramModel(1, 2 + FIRST_ID, 2).learn(streams_of([[0, 1]]), np.ones(1))
    choice, _ = choose([[0], [1]], counts=counts, repetition=True)
    assert choice == choices.Choice()


@pytest.mark.parametrize("n_cells", [1, 8, 11])
def test_only_so_many_sequences_as_memory_holds(monkeypatch, n_cells):
    monkeypatch.setattr(choices, "_CELLS", n_cells)
    assert choose(HELD_OUT)[1] == 4  # the first one alone, in full
