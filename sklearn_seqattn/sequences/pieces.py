"""Arrays read as if they stood end to end, without a copy of them."""

from itertools import pairwise

import numpy as np

from sklearn_seqattn.sequences.flat_values import all_finite, check_finite

_STEPS_AT_ONCE = 2**16


class Pieces:
    """The arrays of a list as flat storage, of which one may take slices.

    Parameters
    ----------
    arrays : list of ndarray of shape (T_i, D)
        Numbers.
    lengths : ndarray of shape (n,), int64
        Their numbers of steps.
    dtype : numpy.dtype
        What their numbers are read as.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.sequences.pieces import Pieces
    >>> arrays = [np.array([[1], [2]]), np.array([[3.5]])]
    >>> values = Pieces(arrays, np.array([2, 1]), np.dtype(np.float64))
    >>> values.shape, values[1:2]
    ((3, 1), array([[2.]]))
    """

    ndim = 2

    def __init__(self, arrays, lengths, dtype):
        self.arrays = arrays
        self.starts = np.cumsum(lengths) - lengths
        self.shape = int(lengths.sum()), arrays[0].shape[1]
        self.dtype = dtype

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, steps):
        """Return the steps of a slice, all of which are in one array."""
        index = self.starts.searchsorted(steps.start, side="right") - 1
        start = self.starts[index]
        steps = self.arrays[index][steps.start - start : steps.stop - start]
        return np.asarray(steps, dtype=self.dtype)

    def check_finite(self, lengths, name, **options):
        """Raise at the first NaN or infinity; see the function of that name."""
        if not all(map(all_finite, self.blocks())):
            check_finite(np.concatenate(list(self.blocks())), lengths, name, **options)

    def blocks(self):
        """Yield all steps in their order, some arrays at a time, (S', D) each."""
        cuts = np.arange(_STEPS_AT_ONCE, len(self), _STEPS_AT_ONCE)
        bounds = [0, *self.starts.searchsorted(cuts), len(self.arrays)]
        for start, stop in pairwise(bounds):
            if start < stop:
                yield np.concatenate(self.arrays[start:stop], dtype=self.dtype)
