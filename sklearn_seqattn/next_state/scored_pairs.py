"""Sequences of states as scorers take them: with the state that follows each."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.utils import column_or_1d

from sklearn_seqattn.next_state.event_features import as_frames
from sklearn_seqattn.sequences.containers import open_container


@dataclass(frozen=True)
class ScoredPairs:
    """Sequences, and the state that follows each.

    Parameters
    ----------
    X : ndarray of shape (n,), object
        The sequences, each as a prediction takes it.
    y : ndarray of shape (n,), object
        What follows; None where there is nothing.
    """

    X: np.ndarray
    y: np.ndarray

    def __len__(self):
        return len(self.X)

    def take(self, rows):
        """Return some pairs, in that order."""
        return ScoredPairs(self.X[rows], self.y[rows])

    @property
    def rows(self):
        """Those in which something follows, (m,)."""
        return np.flatnonzero([state is not None for state in self.y])

    def as_arguments(self):
        """Return X as a list, and y in the dtype of the classes."""
        is_text = len(self) and isinstance(self.y[0], str)
        return list(self.X), self.y if is_text else self.y.astype(np.int64)


def read_pairs(estimator, X, y):
    """Return the pairs that a fit is given, or that are in its sequences.

    Parameters
    ----------
    estimator : NextStateLSTM
        In its fit, its states and events learned.
    X, y
        As the user gave them. Without y the last state of each sequence is what follows
        the states before it; an empty rest is a sequence only after a start symbol.

    Returns
    -------
    ScoredPairs
        One a sequence of X.
    """
    frames = None
    if estimator.events_ is not None:
        frames = as_frames(open_container(X).items, estimator.columns)
        states = [frame[estimator.target].tolist() for frame in frames]
        found = frames
    else:
        values, lengths = estimator._validate_states(X, reset=False)
        bounds = np.append(0, np.cumsum(lengths))
        found = [values[a:b] for a, b in pairwise(bounds)]
        states = found
    following = np.full(len(found), None, dtype=object)
    if y is not None:
        following[:] = column_or_1d(y, dtype=object)
    else:
        fewest = 1 if estimator.start_state else 2
        for i, one in enumerate(states):
            following[i] = one[-1] if len(one) >= fewest else None
        found = [one[:-1] if len(one) else one for one in found]
    sequences = np.empty(len(found), dtype=object)
    for i, one in enumerate(found):
        sequences[i] = one
    return ScoredPairs(sequences, following)
