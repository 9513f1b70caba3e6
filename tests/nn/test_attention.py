"""Each attention against its equation, written out in numpy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from sklearn_seqattn.nn.alignment import AdditiveScore, DotScore, GeneralScore
from sklearn_seqattn.nn.attention import (
    MultiHeadAttention,
    build_attention,
    largest_num_heads,
)
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.positions import RotaryPositions

KINDS = ["dot", "general", "additive", "multihead"]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def draw_parameters(module, seed=0):
    """Give a module weights of unit size, so that a mistake shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(generator=generator)
    return module


def to_numpy(module):
    return {k: v.detach().double().numpy() for k, v in module.named_parameters()}


def test_dot_score_by_hand():
    query = torch.tensor([[[1.0, 2.0, 0.0, -1.0]]])
    key = torch.tensor([[[3.0, 1.0, 7.0, 1.0], [0.0, 0.0, 9.0, 2.0]]])
    # (3 + 2 - 1) / 2 and -2 / 2
    assert DotScore(4)(query, key).tolist() == [[[2.0, -1.0]]]


def test_general_score_by_hand():
    score = GeneralScore(1)
    nn.init.constant_(score.project.weight, 3.0)
    query, key = torch.tensor([[[2.0]]]), torch.tensor([[[1.0], [-1.0]]])
    assert score(query, key).tolist() == [[[6.0, -6.0]]]


def test_general_score_is_the_bilinear_form():
    score = draw_parameters(GeneralScore(3))
    query, key = draw(2, 4, 3), draw(2, 5, 3, seed=1)
    weight = to_numpy(score)["project.weight"]
    expected = np.einsum("btd,de,bie->bti", query, weight, key) / math.sqrt(3)
    np.testing.assert_allclose(
        score(query, key).detach(), expected, rtol=1e-5, atol=1e-6
    )


def test_additive_score_by_hand():
    score = AdditiveScore(1)
    with torch.no_grad():
        score.project_query.weight.fill_(2.0)
        score.project_key.weight.fill_(-1.0)
        score.project_key.bias.fill_(0.5)
        score.project_hidden.weight.fill_(3.0)
    found = score(torch.tensor([[[1.0]]]), torch.tensor([[[1.0], [2.0]]])).flatten()
    expected = [3 * math.tanh(2 - 1 + 0.5), 3 * math.tanh(2 - 2 + 0.5)]
    np.testing.assert_allclose(found.detach(), expected, rtol=1e-6)


def test_additive_scores_of_many_queries_are_those_of_each_alone():
    score = draw_parameters(AdditiveScore(16))
    query, key = draw(2, 300, 16), draw(2, 300, 16, seed=1)  # three chunks
    expected = torch.cat([score(one, key) for one in query.split(1, dim=1)], dim=1)
    torch.testing.assert_close(score(query, key), expected)


def slow_scores(kind, attention, query, key):
    """Score each query against each key of one sequence, in loops: (T_q, T_k)."""
    p = to_numpy(attention)
    scores = np.empty((len(query), len(key)))
    for t, q in enumerate(query):
        for i, k in enumerate(key):
            if kind == "dot":
                scores[t, i] = q @ k / math.sqrt(len(q))
            elif kind == "general":
                weight = p["score.project.weight"]
                scores[t, i] = q @ weight @ k / math.sqrt(len(q))
            else:
                hidden = p["score.project_query.weight"] @ q
                hidden = hidden + p["score.project_key.weight"] @ k
                hidden = np.tanh(hidden + p["score.project_key.bias"])
                scores[t, i] = (p["score.project_hidden.weight"] @ hidden).item()
    return scores


def slow_weights(scores, causal):
    """Turn one sequence's scores into weights."""
    if causal:
        ahead = np.triu(np.ones_like(scores), k=1) == 1
        scores = np.where(ahead, -np.inf, scores)
    return softmax(scores)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", ["dot", "general", "additive"])
def test_scored_attention_is_its_equation(kind, causal):
    attention = draw_parameters(build_attention(kind, 3, num_heads=1))
    x, lengths = draw(2, 5, 3), [5, 3]
    mask = length_mask(torch.tensor(lengths), 5)
    context = attention(x, x, x, mask, causal).detach()
    weights = attention.weights(x, x, mask, causal).detach()
    assert weights.shape == (2, 1, 5, 5)
    for i, length in enumerate(lengths):
        real = x[i, :length].double().numpy()
        expected = slow_weights(slow_scores(kind, attention, real, real), causal)
        np.testing.assert_allclose(weights[i, 0, :length, :length], expected, rtol=1e-5)
        np.testing.assert_allclose(context[i, :length], expected @ real, rtol=1e-4)
        assert (weights[i, 0, :length, length:] == 0).all()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention_is_its_equation(causal, bias):
    attention = draw_parameters(
        MultiHeadAttention(
            3, key_size=4, value_size=6, num_heads=2, output_size=5, bias=bias
        )
    )
    x, lengths = draw(2, 4, 3), [4, 2]
    mask = length_mask(torch.tensor(lengths), 4)
    context = attention(x, x, x, mask, causal).detach()
    weights = attention.weights(x, x, mask, causal).detach()
    p = to_numpy(attention)

    def project(name, real):
        return real @ p[f"project_{name}.weight"].T + p.get(f"project_{name}.bias", 0.0)

    for i, length in enumerate(lengths):
        real = x[i, :length].double().numpy()
        query, key = project("query", real), project("key", real)
        value, heads = project("value", real), []
        for head in range(2):
            d_k, d_v = slice(2 * head, 2 * head + 2), slice(3 * head, 3 * head + 3)
            scores = query[:, d_k] @ key[:, d_k].T / math.sqrt(2)
            alpha = slow_weights(scores, causal)
            np.testing.assert_allclose(
                weights[i, head, :length, :length], alpha, rtol=1e-4, atol=1e-7
            )
            heads.append(alpha @ value[:, d_v])
        expected = project("context", np.concatenate(heads, axis=1))
        np.testing.assert_allclose(context[i, :length], expected, rtol=1e-4, atol=1e-5)


def test_multi_head_attention_without_output_size_gives_the_heads_side_by_side():
    attention = MultiHeadAttention(3, key_size=4, value_size=6, num_heads=2)
    x, mask = draw(1, 4, 3), torch.ones(1, 4, dtype=torch.bool)
    weights = attention.weights(x, x, mask)  # (1, 2, 4, 4)
    value = attention.project_value(x).unflatten(-1, (2, 3)).transpose(1, 2)
    expected = (weights @ value).transpose(1, 2).flatten(2)
    assert attention.output_size == 6
    torch.testing.assert_close(attention(x, x, x, mask), expected)


def test_rotary_positions_turn_queries_and_keys():
    """Equal steps attend to each other by their distance alone."""
    attention = MultiHeadAttention(
        3, key_size=4, value_size=4, num_heads=1, rotary=RotaryPositions(4)
    )
    draw_parameters(attention)
    x = draw(1, 1, 3).expand(1, 6, 3)
    logs = attention.weights(x, x, torch.ones(1, 6, dtype=torch.bool))[0, 0].log()
    for t in range(5):
        steps = logs[t, :5] - logs[t, 0], logs[t + 1, 1:] - logs[t + 1, 1]
        torch.testing.assert_close(*steps, rtol=1e-4, atol=1e-4)
    assert logs[0].std() > 0.1


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("rotary", [False, True])
def test_weights_are_those_that_the_multi_head_context_uses(rotary, causal):
    attention = MultiHeadAttention(
        4,
        key_size=8,
        value_size=4,
        num_heads=2,
        rotary=RotaryPositions(4) if rotary else None,
    )
    x = draw(3, 6, 4)
    mask = length_mask(torch.tensor([6, 4, 1]), 6)
    weights = attention.weights(x, x, mask, causal)
    value = attention.project_value(x).unflatten(-1, (2, 2)).transpose(1, 2)
    expected = (weights @ value).transpose(1, 2).flatten(2)
    found = attention(x, x, x, mask, causal)
    torch.testing.assert_close(found[mask], expected[mask])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_no_context(kind, causal):
    attention = build_attention(kind, 4, num_heads=2)
    x, lengths = draw(3, 6, 4), torch.tensor([6, 4, 1])
    mask = length_mask(lengths, 6)
    other = x.clone()
    other[~mask] = 1e4
    found = attention(other, other, other, mask, causal)[mask]
    torch.testing.assert_close(found, attention(x, x, x, mask, causal)[mask])


@pytest.mark.parametrize("kind", KINDS)
def test_causal_attention_never_looks_ahead(kind):
    attention = build_attention(kind, 4, num_heads=2)
    x, mask = draw(1, 6, 4), torch.ones(1, 6, dtype=torch.bool)
    x.requires_grad_()
    attention(x, x, x, mask, True)[0, 3].sum().backward()
    assert (x.grad[0, 4:] == 0).all()
    assert (x.grad[0, :4] != 0).any(dim=1).all()
    weights = attention.weights(x, x, mask, True)
    assert (weights.triu(1) == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_sum_to_one_over_the_real_steps(kind):
    attention = build_attention(kind, 4, num_heads=2)
    x, mask = draw(2, 5, 4), length_mask(torch.tensor([5, 2]), 5)
    weights = attention.weights(x, x, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:3]))
    assert (weights[1, :, :, 2:] == 0).all()


def test_query_and_key_may_differ_in_length():
    attention = build_attention("multihead", 4, num_heads=2)
    query, key = draw(2, 3, 4), draw(2, 5, 4, seed=1)
    mask = length_mask(torch.tensor([5, 2]), 5)
    assert attention(query, key, key, mask).shape == (2, 3, 4)
    assert attention.weights(query, key, mask).shape == (2, 2, 3, 5)


class LargestTensor(TorchDispatchMode):
    """Notes the number of elements of the largest tensor that is made."""

    size = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.size = max(self.size, tensor.numel())
        return result


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_memory_grows_with_the_steps_and_not_with_their_square(kind, causal):
    n_steps, size = 1500, 4
    attention = build_attention(kind, size, num_heads=2)
    x = draw(1, n_steps, size).requires_grad_()
    mask = length_mask(torch.tensor([n_steps - 7]), n_steps)
    with LargestTensor() as largest:
        attention(x, x, x, mask, causal).sum().backward()
    assert largest.size <= 2**20 < n_steps**2
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_some_queries_are_rows_of_all_weights(kind, causal):
    attention = build_attention(kind, 4, num_heads=2)
    x, mask = draw(2, 6, 4), length_mask(torch.tensor([6, 3]), 6)
    rows = attention.weights(x[:, 2:5], x, mask, causal, start=2)
    expected = attention.weights(x, x, mask, causal)[:, :, 2:5]
    torch.testing.assert_close(rows, expected)


@pytest.mark.parametrize("causal", [False, True])
def test_additive_context_and_gradient_of_several_chunks(causal):
    attention = draw_parameters(build_attention("additive", 16, num_heads=1))
    x = draw(2, 300, 16).requires_grad_()  # three chunks
    mask = length_mask(torch.tensor([300, 33]), 300)
    context = attention(x, x, x, mask, causal)
    weights = attention.weights(x, x, mask, causal)[:, 0]
    torch.testing.assert_close(context, weights @ x)
    losses = [y[mask].square().sum() for y in (context, weights @ x)]
    found, expected = (torch.autograd.grad(loss, x)[0] for loss in losses)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@given(st.integers(1, 128), st.integers(1, 12), st.booleans())
def test_heads_are_as_many_as_divide_the_size(size, most, rotary):
    num_heads = largest_num_heads(size, most, rotary=rotary)
    assert 1 <= num_heads <= most
    assert size % num_heads == 0
    better = [n for n in range(num_heads + 1, most + 1) if size % n == 0]
    if rotary:  # more heads would be odd
        assert all(size // n % 2 for n in better) or size // num_heads % 2 == 0
    else:
        assert not better


@pytest.mark.parametrize(
    ("size", "rotary", "expected"),
    [(32, False, 4), (30, False, 3), (31, False, 1), (32, True, 4), (20, True, 2)],
)
def test_four_heads_at_most(size, rotary, expected):
    assert largest_num_heads(size, 4, rotary=rotary) == expected
