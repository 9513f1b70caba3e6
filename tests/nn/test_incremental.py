"""Incremental decoding returns what a run over the whole sequence returns."""

import pytest
import torch
from tiny_networks import build
from torch import nn

from sklearn_seqattn.nn.encoders import Transformer
from sklearn_seqattn.nn.incremental import (
    advance,
    advance_network,
    join_rows,
    take_rows,
)
from sklearn_seqattn.nn.recurrent import RecurrentLayer

LENGTHS = [3, 5, 1]


def start(network, values, **features):
    """Read the first steps of each sequence, of another length each."""
    found = []
    for i, length in enumerate(LENGTHS):
        parts = {name: x[i : i + 1, :length] for name, x in features.items()}
        found.append(
            advance_network(network, None, values[i : i + 1, :length], **parts)
        )
    logits, caches = zip(*found, strict=True)
    return torch.cat(logits), join_rows(caches)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(
    "encoder", ["lstm", "gru", "transformer", Transformer("sinusoidal")], ids=str
)
@pytest.mark.parametrize("attention", ["dot", "general", "additive", "multihead", None])
@torch.inference_mode()
def test_steps_give_what_whole_sequences_give(encoder, attention, residual):
    network = build(encoder=encoder, attention=attention, residual=residual)
    values = torch.randint(2, 8, (3, 12))
    lengths = torch.tensor(LENGTHS)
    logits, cache = start(network, values)
    torch.testing.assert_close(logits, network.last(values, lengths))
    for step in range(6):
        states = values[torch.arange(3), lengths + step][:, None]
        logits, cache = advance_network(network, cache, states)
        expected = network.last(values, lengths + step + 1)
        torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_features_are_read_too():
    network = build(n_categories=[4], n_numbers=2)
    values, lengths = torch.randint(2, 8, (3, 6)), torch.tensor(LENGTHS)
    features = {
        "categories": torch.randint(2, 4, (3, 6, 1)),
        "numbers": torch.randn(3, 6, 2),
    }
    logits, cache = start(network, values, **features)
    torch.testing.assert_close(logits, network.last(values, lengths, **features))
    rows = torch.arange(3)
    new = {name: x[rows, lengths][:, None] for name, x in features.items()}
    logits, _ = advance_network(network, cache, values[rows, lengths][:, None], **new)
    expected = network.last(values, lengths + 1, **features)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_rows_of_a_cache_may_be_taken_many_times_and_in_any_order():
    network = build(encoder="transformer", attention="multihead")
    values = torch.randint(2, 8, (3, 6))
    _, cache = start(network, values)
    state = torch.tensor([[4], [4], [4], [4]])
    rows = torch.tensor([2, 0, 0, 1])
    logits, _ = advance_network(network, take_rows(cache, rows), state)
    for row, found in zip(rows, logits, strict=True):
        alone = torch.cat([values[row, : LENGTHS[row]], torch.tensor([4])])
        expected = network.last(alone[None], torch.tensor([len(alone)]))[0]
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_layers_that_look_ahead_cannot_go_on():
    both = RecurrentLayer("lstm", 2, 3, bidirectional=True)
    with pytest.raises(TypeError, match="runs backward has no incremental"):
        advance(both, torch.zeros(1, 1, 2), None)
    with pytest.raises(TypeError, match="Conv1d has no incremental decoding"):
        advance(nn.Conv1d(1, 1, 1), torch.zeros(1, 1, 1), None)
