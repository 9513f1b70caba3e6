"""Rows that are read in blocks, and their mean and standard deviation."""

from dataclasses import dataclass

import torch
from torch import Tensor

_ROWS_AT_ONCE = 2**16


@dataclass(frozen=True)
class ColumnMoments:
    """The moments of the columns of a table, in double precision.

    Parameters
    ----------
    n_rows : int
        Rows n.
    mean, std : Tensor of shape (D,)
        The standard deviation is that of all rows, not of a sample.
    kurtosis : Tensor of shape (D,)
        The excess kurtosis; -3 for a constant column.
    """

    n_rows: int
    mean: Tensor
    std: Tensor
    kurtosis: Tensor


def row_blocks(rows):
    """Return an iterator over blocks of rows.

    Parameters
    ----------
    rows : Tensor of shape (n, ...), or object with a method `blocks`
        The rows; `blocks` returns an iterator over tensors.

    Returns
    -------
    blocks : iterator of Tensor of shape (m, ...)
    """
    if isinstance(rows, Tensor):
        return iter(rows.split(_ROWS_AT_ONCE))
    return rows.blocks()


def column_moments(rows, transform=lambda block: block):
    """Return the moments of columns; the rows are read twice.

    Parameters
    ----------
    rows : Tensor of shape (n, D), or object with a method `blocks`
        As in `row_blocks`.
    transform : callable, default=identity
        Applied to each block.

    Returns
    -------
    moments : ColumnMoments

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.row_blocks import column_moments
    >>> moments = column_moments(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    >>> moments.mean, moments.std
    (tensor([2., 5.], dtype=torch.float64), tensor([1., 0.], dtype=torch.float64))
    """
    n_rows, total = 0, 0.0
    for block in row_blocks(rows):
        n_rows += len(block)
        total = total + transform(block).double().sum(0)
    mean = total / n_rows
    squares = fourths = 0.0
    for block in row_blocks(rows):
        deviations = transform(block).double().sub_(mean).pow_(2)
        squares = squares + deviations.sum(0)
        fourths = fourths + deviations.pow_(2).sum(0)
    variance = squares / n_rows
    kurtosis = fourths / n_rows / torch.where(variance > 0, variance, 1.0) ** 2 - 3
    return ColumnMoments(n_rows, mean, variance.sqrt(), kurtosis)


def sequence_reader(values, lengths):
    """Return a function that reads sequences.

    Parameters
    ----------
    values : Tensor of shape (S, D), or object with a method `sequences`
        The steps of all sequences; `sequences` is such a function.
    lengths : Tensor of shape (n,), int64
        Steps of each.

    Returns
    -------
    read : callable
        From rows, a tensor (m,), to a list of m tensors (T_i, D).
    """
    if not isinstance(values, Tensor):
        return values.sequences
    parts = values.split(lengths.tolist())
    return lambda rows: [parts[row] for row in rows.tolist()]
