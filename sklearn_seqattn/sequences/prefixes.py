"""Prefixes of sequences: their first steps, up to each of them."""

import numpy as np

from sklearn_seqattn.sequences.validation import Sequences


def prefixes_of(sequences):
    """Return every prefix of every sequence.

    Parameters
    ----------
    sequences : Sequences
        n sequences of S steps in all.

    Returns
    -------
    prefixes : Sequences
        S sequences: the prefixes of the first one, the shortest first, and so on. They
        are views of the same steps. A sequence of no steps has none.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> from sklearn_seqattn.sequences.prefixes import prefixes_of
    >>> X = check_sequences([[1, 2], [3, 4]], tokens=True)
    >>> [prefix.tolist() for prefix in prefixes_of(X).to_list()]
    [[1], [1, 2], [3], [3, 4]]
    """
    rows = np.repeat(np.arange(len(sequences)), sequences.lengths)
    firsts = np.cumsum(sequences.lengths) - sequences.lengths
    lengths = np.arange(1, len(rows) + 1) - firsts[rows]
    starts, static = sequences.starts[rows], sequences.static
    if static is not None:
        static = static.iloc[rows]
    return Sequences(sequences.values, lengths, sequences.columns, starts, static)
