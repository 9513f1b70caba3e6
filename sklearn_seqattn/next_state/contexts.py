"""The states before each position of a batch of sequences."""

import numpy as np


def context_rows(ids, lengths, order, *, last=False):
    """Return the context at every position of a batch of sequences.

    Parameters
    ----------
    ids : ndarray of shape (S,)
        The sequences, end to end.
    lengths : ndarray of shape (n,)
        Their lengths, with sum S.
    order : int
        Length of a context.
    last : bool, default=False
        Whether only the last position of each sequence is wanted.

    Returns
    -------
    ndarray of shape (S, order) or (n, order)
        A row holds the id at its position, the one before it, and so on; -1
        before the beginning of the sequence.

    Examples
    --------
    >>> import numpy as np
    >>> context_rows(np.array([5, 6, 7]), np.array([2, 1]), 2)
    array([[ 5, -1],
           [ 6,  5],
           [ 7, -1]])
    """
    stops = np.cumsum(lengths)
    if last:
        rows, position = stops - 1, lengths - 1
    else:
        rows = np.arange(len(ids))
        position = rows - np.repeat(stops - lengths, lengths)
    contexts = np.full((len(rows), order), -1)
    for back in range(min(order, len(ids))):
        inside = position >= back
        contexts[inside, back] = ids[rows[inside] - back]
    return contexts
