"""Find binary channels: those of at most two values, such as indicators."""

import numpy as np

from sklearn_seqattn.sequences.array_list import blocks_of, channel_ranges


def find_binary_channels(values, starts, stops):
    """Mark the channels that have at most two values.

    `SequenceImputer` makes such channels: each says where another one is missing.

    Parameters
    ----------
    values : ndarray of shape (S, D) or ArrayList
        The steps of all sequences, before they are scaled: gain control makes more
        than two values of two.
    starts, stops : ndarray of shape (n,), int64
        First step of each sequence, and the step after its last one.

    Returns
    -------
    is_binary : ndarray of shape (D,), bool

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.binary_channels import find_binary_channels
    >>> values = np.array([[0.1, 0.0], [0.2, 1.0], [0.3, 0.0]])
    >>> find_binary_channels(values, np.array([0]), np.array([3]))
    array([False,  True])
    """
    low, high = channel_ranges(values, starts, stops)
    is_binary = np.ones(len(low), bool)
    for steps in blocks_of(values, starts, stops):
        is_binary &= ((steps == low) | (steps == high)).all(axis=0)
    return is_binary
