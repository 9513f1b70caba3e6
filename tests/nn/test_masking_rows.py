"""Rows taken and put back: what indexing gives, and the gradients of each other."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.nn.masking import put_rows, take_rows


@st.composite
def rows_and_index(draw):
    """A matrix and some of its rows, each once at most, in any order."""
    n_rows = draw(st.integers(1, 9))
    shuffled = draw(st.permutations(range(n_rows)))
    index = shuffled[: draw(st.integers(0, n_rows))]
    x = torch.randn(n_rows, draw(st.integers(1, 3)), dtype=torch.float64)
    return x.requires_grad_(), torch.tensor(index, dtype=torch.int64)


@settings(max_examples=50, deadline=None)
@given(rows_and_index())
def test_taking_is_indexing(drawn):
    x, index = drawn
    taken = take_rows(x, index)
    assert torch.equal(taken, x[index])
    upstream = torch.randn_like(taken)
    found = torch.autograd.grad(taken, x, upstream)[0]
    assert torch.equal(found, torch.autograd.grad(x[index], x, upstream)[0])


@settings(max_examples=50, deadline=None)
@given(rows_and_index())
def test_putting_is_the_reverse_of_taking(drawn):
    x, index = drawn
    kept = take_rows(x, index)
    put = put_rows(kept, index, len(x))
    assert torch.equal(take_rows(put, index), kept)
    others = torch.ones(len(x), dtype=bool)
    others[index] = False
    assert not put[others].any()
    upstream = torch.randn_like(put)
    (found,) = torch.autograd.grad(put, kept, upstream)
    assert torch.equal(found, upstream[index])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_keep_the_type(dtype):
    x = torch.ones(4, 2, dtype=dtype, requires_grad=True)
    index = torch.tensor([3, 1])
    put_rows(take_rows(x, index), index, 5).sum().backward()
    assert x.grad.dtype == dtype
    assert x.grad[:, 0].tolist() == [0, 1, 0, 1]
