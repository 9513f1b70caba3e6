"""Rows of a batch taken out and put back: the steps of all sequences, one a row.

Each row is taken or put once at most. So the gradient of one is the other, copied row
by row; torch's own indexing expects rows to come twice, and adds.
"""

import torch


class _Take(torch.autograd.Function):
    """Rows (n, C) to those of an index, (m, C)."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.save_for_backward(index)
        ctx.n_rows = len(x)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        return _put(gradient, index, ctx.n_rows), None


class _Put(torch.autograd.Function):
    """Rows (m, C) to their places among n, (n, C)."""

    @staticmethod
    def forward(ctx, x, index, n_rows):
        ctx.save_for_backward(index)
        return _put(x, index, n_rows)

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        return gradient.index_select(0, index), None, None


def _put(x, index, n_rows):
    """Put rows among zeros."""
    return x.new_zeros(n_rows, *x.shape[1:]).index_copy_(0, index, x)


def take_rows(x, index):
    """Take some rows.

    Parameters
    ----------
    x : Tensor of shape (n, C), float
        The rows.
    index : Tensor of shape (m,), int64
        Which, each once at most.

    Returns
    -------
    x : Tensor of shape (m, C)
    """
    return _Take.apply(x, index)


def put_rows(x, index, n_rows):
    """Put rows among zeros: the reverse of `take_rows`.

    Parameters
    ----------
    x : Tensor of shape (m, C), float
        The rows.
    index : Tensor of shape (m,), int64
        Where they belong, each place once at most.
    n_rows : int
        The number of rows of the result.

    Returns
    -------
    x : Tensor of shape (n_rows, C)
    """
    return _Put.apply(x, index, n_rows)
