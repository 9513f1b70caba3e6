"""How long a padded batch is, and values of steps padded to it."""

import numpy as np


def padded_length(n_steps):
    """Round a number of steps up to one of sixteen values in each octave.

    For each new length torch compiles the layers again, which takes as long as some
    batches of a small network. The rounding adds 2 % of steps on average.

    Parameters
    ----------
    n_steps : int
        The longest sequence.

    Returns
    -------
    n_steps : int
        At most a sixteenth more; the same up to 32.

    Examples
    --------
    >>> from sklearn_seqattn.training.padding import padded_length
    >>> [padded_length(n_steps) for n_steps in (7, 32, 33, 101, 1000)]
    [7, 32, 34, 104, 1024]
    """
    multiple = 1 << max(0, (n_steps - 1).bit_length() - 5)
    return -(-n_steps // multiple) * multiple


def longest_of(lengths):
    """Return the length that no batch of a data set exceeds.

    Sequences of one length are not padded. A single sequence may be one of many calls
    of different lengths: it is padded to one of few lengths.

    Parameters
    ----------
    lengths : ndarray of shape (n,), int64
        The steps of all sequences.

    Returns
    -------
    n_steps : int or None
        None for a single sequence.
    """
    return int(lengths.max()) if len(lengths) > 1 else None


def batch_length(lengths, longest):
    """Return the number of steps to which a batch is padded.

    Parameters
    ----------
    lengths : ndarray of shape (B,), int64
        The steps of its sequences.
    longest : int or None
        As from `longest_of`.

    Returns
    -------
    n_steps : int
    """
    n_steps = padded_length(int(lengths.max()))
    return n_steps if longest is None else min(n_steps, longest)


class StepArrays:
    """Values of the steps of sequences; some rows of it are a padded batch.

    Parameters
    ----------
    flat : ndarray of shape (S, ...)
        A value for each step, one sequence after the other.
    lengths : ndarray of shape (n,), int64
        The steps of all sequences.
    fill : number, default=0
        The value of padding.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.training.padding import StepArrays
    >>> labels = StepArrays(np.array([4, 5, 6]), np.array([1, 2]), fill=-1)
    >>> labels[np.array([1, 0])]
    array([[ 5,  6],
           [ 4, -1]])
    """

    def __init__(self, flat, lengths, fill=0):
        self.flat, self.lengths, self.fill = flat, lengths, fill
        self.stops = np.cumsum(lengths)
        self.longest = longest_of(lengths)

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, indices):
        """Return some rows, (B, T, ...), as long as a batch of these sequences."""
        n_steps = batch_length(self.lengths[indices], self.longest)
        shape = (len(indices), n_steps, *self.flat.shape[1:])
        padded = np.full(shape, self.fill, self.flat.dtype)
        for row, i in zip(padded, indices, strict=True):
            n, stop = self.lengths[i], self.stops[i]
            row[:n] = self.flat[stop - n : stop]
        return padded
