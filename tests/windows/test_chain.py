"""A chain of labels against sums over all sequences of labels."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from sklearn_seqattn.windows.chain import (
    LARGEST_WEIGHT,
    LabelChain,
    StepOrder,
    sequence_loss,
)


def probability(chain, logits, labels):
    """Return what the probability of a sequence of labels is proportional to."""
    weight = np.exp(sum(row[label] for row, label in zip(logits, labels, strict=True)))
    weight *= np.exp(sum(chain.transitions[pair] for pair in pairwise(labels)))
    if not chain.looks_ahead:  # each label shares what the label before it gives
        for row, label in zip(logits[1:], labels, strict=False):
            weight /= np.exp(chain.transitions[label] + row).sum()
    return weight


def by_enumeration(chain, logits):
    """Return the probability of each label at each step, by all sequences of labels."""
    found = np.zeros_like(logits)
    steps = np.arange(len(logits))
    for labels in product(range(logits.shape[1]), repeat=len(logits)):
        found[steps, list(labels)] += probability(chain, logits, labels)
    return found / found.sum(axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_probabilities_are_sums_over_all_sequences_of_labels(data):
    seed = data.draw(st.integers(0, 2**32 - 1))
    lengths = np.array(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    n_classes = data.draw(st.integers(2, 4))
    size = data.draw(st.sampled_from([0.1, 1.0, 5.0]))
    rng = np.random.default_rng(seed)
    transitions = rng.normal(0, size, (n_classes, n_classes))
    chain = LabelChain(transitions, looks_ahead=data.draw(st.booleans()))
    logits = rng.normal(0, size, (lengths.sum(), n_classes))
    found = np.exp(chain(logits, lengths))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    parts = np.split(logits, np.cumsum(lengths)[:-1])
    wanted = np.concatenate([by_enumeration(chain, part) for part in parts])
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_a_chain_set_by_hand():
    """Two labels that stay with the odds 4 to 1: the sum has eight terms."""
    chain = LabelChain(np.log([[4.0, 1.0], [1.0, 4.0]]))
    logits = np.log([[3.0, 1.0], [1.0, 2.0], [1.0, 1.0]])
    first = 3 * (1 * 4 * 5 + 2 * 1 * 5), 1 * (1 * 1 * 5 + 2 * 4 * 5)
    found = np.exp(chain(logits, np.array([3])))
    np.testing.assert_allclose(found[0], np.array(first) / sum(first))


def test_without_weights_each_label_is_by_itself():
    logits = np.random.default_rng(0).normal(size=(9, 3))
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for looks_ahead in (True, False):
        chain = LabelChain(np.zeros((3, 3)), looks_ahead)
        np.testing.assert_allclose(np.exp(chain(logits, np.array([4, 5]))), wanted)


def test_a_chain_that_does_not_look_ahead_answers_step_by_step():
    rng = np.random.default_rng(0)
    chain = LabelChain(rng.normal(0, 2, (3, 3)), looks_ahead=False)
    logits, before = rng.normal(0, 2, (50, 3)), None
    whole = chain(logits, np.array([50]))
    for step in range(50):
        before = chain.follow(before, logits[step : step + 1])
        np.testing.assert_allclose(before[0], whole[step], atol=1e-9)
    np.testing.assert_allclose(chain(logits[:20], np.array([20])), whole[:20])


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_sequences_do_not_depend_on_each_other(looks_ahead):
    rng = np.random.default_rng(0)
    chain = LabelChain(rng.normal(size=(4, 4)), looks_ahead)
    lengths = np.array([3, 1, 7, 3, 2])
    parts = [rng.normal(size=(n, 4)) for n in lengths]
    together = np.split(chain(np.concatenate(parts), lengths), np.cumsum(lengths)[:-1])
    for part, found in zip(parts, together, strict=True):
        alone = chain(part, np.array([len(part)]))
        np.testing.assert_allclose(found, alone, rtol=1e-12)


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_long_and_certain_sequences_have_finite_answers(looks_ahead):
    rng = np.random.default_rng(0)
    signs = rng.choice([-1, 1], (5, 5))
    chain = LabelChain(LARGEST_WEIGHT * signs, looks_ahead)
    logits = rng.normal(0, 500, (4000, 5))
    found = chain(logits, np.array([4000]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)


def test_no_steps():
    assert LabelChain(np.eye(2))(np.zeros((0, 2)), np.array([0])).shape == (0, 2)


def loss_of(values, looks_ahead, shape, codes, weights, lengths):
    """Return the loss and its gradient by logits and transitions in one vector."""
    order = StepOrder(lengths)
    n_classes = shape[1]
    logits = values[: -(n_classes**2)].reshape(shape)
    chain = LabelChain(values[-(n_classes**2) :].reshape(n_classes, -1), looks_ahead)
    arranged = map(order.arrange, (logits, codes, weights))
    loss, of_logits, of_pairs = sequence_loss(chain, *arranged, order)
    return loss, np.append(order.restore(of_logits), of_pairs)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_gradient_is_that_of_the_loss(seed, looks_ahead):
    rng = np.random.default_rng(seed)
    lengths, n_classes = rng.integers(1, 6, rng.integers(1, 5)), rng.integers(2, 4)
    shape = lengths.sum(), n_classes
    values = rng.normal(size=shape[0] * n_classes + n_classes**2)
    codes, weights = rng.integers(0, n_classes, shape[0]), rng.random(shape[0])
    given = looks_ahead, shape, codes, weights, lengths
    error = check_grad(
        lambda v: loss_of(v, *given)[0], lambda v: loss_of(v, *given)[1], values
    )
    assert error < 1e-5


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_the_loss_is_that_of_whole_sequences_of_labels(looks_ahead):
    rng = np.random.default_rng(0)
    chain = LabelChain(rng.normal(size=(3, 3)), looks_ahead)
    logits, codes = rng.normal(size=(4, 3)), np.array([2, 0, 0, 1])
    weights = {y: probability(chain, logits, y) for y in product(range(3), repeat=4)}
    wanted = -np.log(weights[tuple(codes)] / sum(weights.values()))
    found = sequence_loss(chain, logits, codes, np.ones(4), StepOrder(np.array([4])))
    assert found[0] == pytest.approx(wanted)
