"""A table of features, which is in a temporary file if it is large."""

import weakref
from tempfile import TemporaryFile

import numpy as np
import torch

#: Values that are kept in memory, at most: 256 MiB.
_MOST_IN_MEMORY = 2**26

#: Values that are read at once.
_AT_ONCE = 2**21


class FeatureTable:
    """A table of float32, in memory or, if it is large, in a temporary file.

    Rows are read and assigned as arrays.

    Parameters
    ----------
    n_rows, n_columns : int
        Its shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.feature_table import FeatureTable
    >>> table = FeatureTable(3, 2)
    >>> table[np.arange(3)] = [[1, 2], [3, 4], [5, 6]]
    >>> table.select(np.array([2, 0]))[:1]
    array([[5., 6.]], dtype=float32)
    """

    def __init__(self, n_rows, n_columns):
        self.shape = self._stored = n_rows, n_columns
        self._rows = self._memory = self._file = None
        if n_rows * n_columns > _MOST_IN_MEMORY:
            self._file = TemporaryFile()  # noqa: SIM115
            weakref.finalize(self, self._file.close)
            self._file.truncate(4 * n_rows * n_columns)
        else:
            self._memory = np.empty(self.shape, np.float32)

    def __getitem__(self, rows):
        """Return a copy of some rows."""
        return np.array(self._array()[self._placed(rows)])

    def __setitem__(self, rows, values):
        """Assign some rows."""
        self._array()[self._placed(rows)] = values

    def select(self, rows):
        """Return a table of some rows, which are not copied."""
        table = object.__new__(FeatureTable)
        vars(table).update(vars(self), _owner=self)  # which keeps the file open
        table._rows = self._placed(rows)
        table.shape = len(table._rows), self.shape[1]
        return table

    def transform(self, function):
        """Replace the rows by what a function of tensors makes of them, in parts."""
        for rows in self.parts():
            self[rows] = function(torch.from_numpy(self[rows])).numpy()

    def parts(self):
        """Return slices of rows, of a few millions of values each."""
        return row_parts(*self.shape)

    def blocks(self):
        """Yield the rows as tensors."""
        return (torch.from_numpy(self[rows]) for rows in self.parts())

    def _placed(self, rows):
        """Return rows of the stored table."""
        return rows if self._rows is None else self._rows[rows]

    def _array(self):
        """Return the stored table.

        A file is mapped anew each time, so that no page of it stays in memory.
        """
        if self._memory is not None:
            return self._memory
        return np.memmap(self._file, np.float32, "r+", shape=self._stored)


def row_parts(n_rows, n_columns):
    """Return slices of rows that hold a few millions of values each.

    Parameters
    ----------
    n_rows, n_columns : int
        The shape of a table.

    Returns
    -------
    parts : list of slice
    """
    size = max(1, _AT_ONCE // max(1, n_columns))
    return [slice(i, min(i + size, n_rows)) for i in range(0, n_rows, size)]
