"""A share of a batch: the sequences of it that this process computes.

Several processes that share a batch give what one gives. So what is drawn at random is
drawn for the whole batch, by each of them alike, and each takes the rows of its own
sequences; and sums over steps are those of all processes. Outside of `sharing` the
functions here do what torch does.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

# One training at a time runs in a process, see `training.randomness`.
_current = None


@dataclass(frozen=True)
class BatchShare:
    """Which sequences of a batch are those of this process.

    Parameters
    ----------
    rows : slice
        Their rows in the whole batch.
    lengths : Tensor of shape (B,), int64
        The steps of all sequences of the batch.
    gather : callable
        From a tensor of shape (C,) to those of all processes, (P, C).
    """

    rows: slice
    lengths: torch.Tensor
    gather: Callable


@contextmanager
def sharing(share):
    """Compute a share of a batch in the block, forward and backward.

    Parameters
    ----------
    share : BatchShare or None
        None computes whole batches.
    """
    global _current
    before, _current = _current, share
    try:
        yield
    finally:
        _current = before


def gathering():
    """Return the function that gathers tensors of all processes, or None."""
    return None if _current is None else _current.gather


def whole_lengths(lengths):
    """Return the lengths of the whole batch of which `lengths` are a share."""
    return lengths if _current is None else _current.lengths.to(lengths.device)


def own_rows(whole):
    """Return the rows of this process of a tensor of the whole batch."""
    return whole if _current is None else whole[_current.rows]


def draw_like(x):
    """Draw a number from 0 to 1 for each element of x (B, ...), float32."""
    n_rows = len(whole_lengths(x))
    shape = (n_rows, *x.shape[1:])
    return own_rows(torch.rand(shape, dtype=torch.float32, device=x.device))


def dropout(x, p):
    """Apply dropout to x (B, ...)."""
    if _current is None:
        return nn.functional.dropout(x, p)
    return x * own_rows(nn.functional.dropout(_ones_like(x), p))


class Dropout(nn.Dropout):
    """Dropout of torch, but drawn for the whole batch."""

    def forward(self, x):
        """Drop values in training; do nothing in prediction."""
        return dropout(x, self.p) if self.training and self.p > 0 else x


def _ones_like(x):
    """Return ones of the shape of the whole batch, in the order of memory of x.

    torch draws in the order of memory.
    """
    order = sorted(range(x.ndim), key=x.stride, reverse=True)
    shape = (len(_current.lengths), *x.shape[1:])
    ones = x.new_ones([shape[dim] for dim in order])
    return ones.permute([order.index(dim) for dim in range(x.ndim)])
