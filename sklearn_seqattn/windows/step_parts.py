"""Steps of which windows are made, a few sequences at a time."""

import numpy as np


class NumberSteps:
    """Scaled numbers of the sequences of data sets, which are read part by part.

    Parameters
    ----------
    *datasets : SequenceDataset
        The sequences of the first one, then those of the next.
    """

    ndim = 2

    def __init__(self, *datasets):
        self.datasets = datasets

    def join(self, other):
        """Return these sequences and then those of another object."""
        return NumberSteps(*self.datasets, *other.datasets)

    def parts(self):
        """Yield the steps and the lengths of a few sequences after the other."""
        for dataset in self.datasets:
            for rows in dataset.portions(np.arange(len(dataset))):
                yield dataset.steps(rows), dataset.lengths[rows]


def step_parts(steps, lengths):
    """Yield sequences in parts.

    Parameters
    ----------
    steps : ndarray of shape (S, ...) or NumberSteps
        The steps of all sequences; an array is one part.
    lengths : ndarray of shape (n,)
        Steps of each sequence.

    Yields
    ------
    first : int
        The place of the first step of the part.
    steps : ndarray of shape (S', ...)
    lengths : ndarray of shape (n',)
    """
    first = 0
    parts = [(steps, lengths)] if isinstance(steps, np.ndarray) else steps.parts()
    for part, part_lengths in parts:
        yield first, part, part_lengths
        first += len(part)


def transform_steps(features, steps, lengths, rows):
    """Return features of some steps.

    Parameters
    ----------
    features : NumberWindows or TokenWindows
        Fitted.
    steps : ndarray of shape (S, ...) or NumberSteps
        The steps of all sequences.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    rows : ndarray of shape (m,), int64
        The steps whose features are wanted, ascending.

    Returns
    -------
    features : ndarray or csr_array of shape (m, n_features)
    """
    if isinstance(steps, np.ndarray):
        return features.transform(steps, lengths, rows)
    found = []
    for first, part, part_lengths in step_parts(steps, lengths):
        begin, end = rows.searchsorted([first, first + len(part)])
        if begin < end:
            found.append(
                features.transform(part, part_lengths, rows[begin:end] - first)
            )
    return np.concatenate(found)
