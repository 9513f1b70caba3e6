"""Training data of a classifier or a regressor, in canonical order."""

from dataclasses import dataclass
from hashlib import blake2b
from struct import unpack

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences import Sequences
from sklearn_seqattn.training.fingerprint import digest


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences with a target and a weight each."""

    sequences: Sequences
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self):
        return len(self.weights)

    @property
    def lengths(self):
        """The number of steps of each sequence, (n,)."""
        return self.sequences.lengths

    @property
    def strata(self):
        """The classes whose shares a validation split keeps; None without classes."""
        return self.targets if self.targets.ndim == 1 else None

    def digests(self):
        """Return a short text for X, y and sample_weight that differs where they do."""
        sequences = self.sequences.joined()
        return {
            "X": digest(sequences.values, sequences.lengths),
            "y": digest(self.targets),
            "sample_weight": digest(self.weights),
        }

    def take(self, rows):
        """Return some rows, in that order."""
        return LabelledSequences(
            self.sequences.take(rows), self.targets[rows], self.weights[rows]
        )


def canonical_rows(sequences, targets, weights):
    """Merge equal rows, and order by content.

    Parameters
    ----------
    sequences : Sequences
        n sequences.
    targets : ndarray of shape (n, ...)
        One target a sequence.
    weights : ndarray of shape (n,), float64
        One weight a sequence.

    Returns
    -------
    rows : ndarray of shape (m,), int64
        One row of each group of equal ones, in their order.
    weights : ndarray of shape (m,), float64
        The summed weight of each group.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.training_data import canonical_rows
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> X = check_sequences([[1.0, 2.0], [3.0], [1.0, 2.0]])
    >>> rows, weights = canonical_rows(X, np.array([0, 1, 0]), np.array([1, 1, 2]))
    >>> sorted(zip(rows.tolist(), weights.tolist()))
    [(0, 3.0), (1, 1.0)]
    """
    steps, starts = _step_contents(sequences), sequences.starts
    stops = starts + sequences.lengths
    digests = np.empty((len(sequences), 4), dtype=np.uint64)
    for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        # The sequence comes first: the order does not depend on the targets' units.
        digests[i] = [*_digest(steps[start:stop]), *_digest(targets[i])]
    order = np.lexsort(digests.T[::-1])
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    groups = np.cumsum(is_new) - 1
    return order[is_new], np.bincount(groups, weights=weights[order])


def _digest(array):
    """Hash the bytes of an array to two numbers."""
    return unpack(">2Q", blake2b(np.ascontiguousarray(array), digest_size=16).digest())


def _step_contents(sequences):
    """Give each step as bytes of its own: numbers as they are, others by hash."""
    values = sequences.values
    if sequences.kind == "tokens":
        return pd.util.hash_array(values)
    if sequences.kind == "events":
        return pd.util.hash_pandas_object(values, index=False).to_numpy()
    return values
