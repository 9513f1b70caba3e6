"""The next-state network: equations, causality, tied weights, new states."""

import pytest
import torch
from tiny_networks import build

from sklearn_seqattn.nn.next_state_network import widen


@pytest.fixture
def batch():
    values = torch.tensor([[2, 3, 4, 5, 6, 7], [7, 2, 2, 3, 0, 0]])
    return values, torch.tensor([6, 4])


@pytest.mark.parametrize("tie_weights", [False, True])
@pytest.mark.parametrize("encoder", ["lstm", "gru", "transformer"])
@pytest.mark.parametrize("attention", ["dot", "general", "additive", "multihead", None])
def test_no_output_depends_on_a_later_step(batch, encoder, attention, tie_weights):
    network = build(encoder=encoder, attention=attention, tie_weights=tie_weights)
    values, lengths = batch
    before = network(values, lengths)
    for step in range(1, 6):
        changed = values.clone()
        changed[0, step] = 2 + (changed[0, step] - 1) % 6  # another state
        after = network(changed, lengths)
        torch.testing.assert_close(after[0, :step], before[0, :step])
        assert not torch.allclose(after[0, step:], before[0, step:])
        torch.testing.assert_close(after[1], before[1])


@pytest.mark.parametrize("encoder", ["lstm", "gru", "transformer"])
@pytest.mark.parametrize("attention", ["dot", "general", "additive", "multihead", None])
def test_padding_changes_nothing(batch, encoder, attention):
    network = build(encoder=encoder, attention=attention)
    values, lengths = batch
    alone = network(values[1:, :4], lengths[1:])
    torch.testing.assert_close(network(values, lengths)[1:, :4], alone)


def test_the_last_step_alone(batch):
    network = build()
    values, lengths = batch
    logits = network(values, lengths)
    expected = torch.stack([logits[0, 5], logits[1, 3]])
    torch.testing.assert_close(network.last(values, lengths), expected)


def test_the_equations(batch):
    network = build()
    values, lengths = batch
    mask = values >= 0  # nothing is padding for a causal network
    h = network.encoder(network.embedding(values, mask), mask)
    for t in (0, 3):
        scores = (h[:, : t + 1] @ h[:, t, :, None]).squeeze(-1) / 8**0.5
        alpha = scores.softmax(dim=1)
        context = (alpha[..., None] * h[:, : t + 1]).sum(dim=1)
        z = torch.cat([context, h[:, t]], dim=-1)
        expected = z @ network.head.weight.T + network.head.bias
        torch.testing.assert_close(network(values, lengths)[:, t], expected)
        weights, _ = network.attention_weights(values, lengths)
        torch.testing.assert_close(weights[:, 0, t, : t + 1], alpha)


def test_tied_weights_are_one_parameter(batch):
    network = build(tie_weights=True)
    assert not [n for n, _ in network.named_parameters() if n.startswith("head.states")]
    network(*batch).sum().backward()
    assert network.embedding.states.table.weight.grad[2:].abs().sum() > 0


def test_other_features_reach_the_output(batch):
    network = build(n_categories=[4, 9], n_numbers=1)
    values, lengths = batch
    categories = torch.ones(2, 6, 2, dtype=torch.int64)
    numbers = torch.zeros(2, 6, 1)
    before = network(values, lengths, categories=categories, numbers=numbers)
    for changed in (categories[..., 0], categories[..., 1], numbers[..., 0]):
        changed[0, 2] += 1
        after = network(values, lengths, categories=categories, numbers=numbers)
        torch.testing.assert_close(after[0, :2], before[0, :2])
        assert not torch.allclose(after[0, 2:], before[0, 2:])
        before = after


@pytest.mark.parametrize("tie_weights", [False, True])
def test_a_wider_network_knows_what_the_old_one_did(batch, tie_weights):
    network = build(tie_weights=tie_weights)
    columns = torch.tensor([0, 1, 3, 4, 5, 7])
    wider = build(tie_weights=tie_weights, n_states=8)
    widen(network, wider, columns)
    values, lengths = batch
    moved = torch.cat([torch.arange(2), columns + 2])[values]
    found = wider(moved, lengths)[..., columns]
    torch.testing.assert_close(found, network(values, lengths))


def test_gradients_are_finite(batch):
    network = build().train()
    network(*batch).square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
