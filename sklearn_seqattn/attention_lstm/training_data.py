"""Training data of a classifier or a regressor, in canonical order."""

from dataclasses import dataclass, replace
from hashlib import blake2b
from struct import unpack

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sklearn_seqattn.nn.front_end import FrontEnd
from sklearn_seqattn.sequences import Sequences
from sklearn_seqattn.sequences.array_list import steps_at_once, steps_of
from sklearn_seqattn.training.fingerprint import digest

#: Irrational steps whose multiples fill the unit interval evenly.
_STEPS = (0.6180339887498949, 0.4142135623730951)


@dataclass(frozen=True)
class LabeledSequences:
    """Sequences with a target and a weight each, and the blocks that read them.

    Without blocks (None) the sequences choose them. `given` says that the user gave
    them as validation data; nothing is fitted to them. `cuts` are the lengths to which
    each sequence is cut in training, one a round; without them it stays whole.
    """

    sequences: Sequences
    targets: np.ndarray
    weights: np.ndarray
    front_end: FrontEnd | None = None
    given: bool = False
    cuts: np.ndarray | None = None  # (n, n_rounds)

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
        sequences = self.sequences
        return {
            "X": digest(sequences, sequences.lengths, sequences.static),
            "y": digest(self.targets),
            "sample_weight": digest(self.weights),
        }

    def take(self, rows):
        """Return some rows, in that order."""
        return replace(
            self,
            sequences=self.sequences.take(rows),
            targets=self.targets[rows],
            weights=self.weights[rows],
            cuts=None if self.cuts is None else self.cuts[rows],
        )

    @property
    def n_rounds(self):
        """How often each sequence is there in `cut`."""
        return 1 if self.cuts is None else self.cuts.shape[1]

    def with_cuts(self):
        """Return the same data, to be cut to random prefixes."""
        return replace(self, cuts=draw_cuts(self.lengths))

    def cut(self):
        """Return the rows of training: all sequences in each round, cut as it says."""
        if self.cuts is None:
            return self
        data = self.take(np.tile(np.arange(len(self)), self.n_rounds))
        sequences = replace(data.sequences, lengths=self.cuts.T.ravel())
        return replace(data, sequences=sequences, cuts=None)


def draw_cuts(lengths):
    """Return lengths at which sequences are cut for a training on random prefixes.

    Each sequence is whole in one of three rounds. In another one its length is uniform
    between 1 and the whole, and in the third one its logarithm is, so that short
    prefixes are there however long the sequences are. The lengths are spread evenly,
    and depend on the order of the sequences alone.

    Parameters
    ----------
    lengths : ndarray of shape (n,), int64
        Steps of each sequence, in an order of no meaning.

    Returns
    -------
    cuts : ndarray of shape (n, 3), int64
        A column a round.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.training_data import draw_cuts
    >>> draw_cuts(np.full(4, 100))
    array([[100,  62,   6],
           [ 24,  45, 100],
           [  3, 100,  86],
           [100,  48,  20]])
    """
    numbers = np.arange(1, len(lengths) + 1)
    uniform, logarithmic = (numbers * step % 1 for step in _STEPS)
    short = np.minimum(np.floor((lengths + 1) ** logarithmic), lengths)
    cuts = np.stack([lengths, np.ceil(lengths * uniform), short], axis=1)
    rounds = (np.arange(3) + numbers[:, None] - 1) % 3
    return np.take_along_axis(cuts, rounds, axis=1).astype(np.int64)


def validation_pair(validation_data, X_val, y_val):
    """Return the validation data that the user gave.

    Parameters
    ----------
    validation_data : tuple (X, y) or None
        Both at once.
    X_val, y_val : object or None
        Both as arguments of their own.

    Returns
    -------
    pair : tuple (X, y) or None
        None without validation data.

    Raises
    ------
    ValueError
        If they are given twice, or one is missing.
    """
    if validation_data is not None:
        if X_val is not None or y_val is not None:
            raise ValueError(
                "validation_data and X_val, y_val say the same; pass one of them."
            )
        if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
            raise ValueError("validation_data must be a pair (X, y).")
        X_val, y_val = validation_data
    elif X_val is None and y_val is None:
        return None
    if X_val is None or y_val is None:
        raise ValueError("Validation needs both X_val and y_val; one is missing.")
    return X_val, y_val


def canonical_rows(sequences, targets, weights):
    """Merge equal rows, and order by content; static columns are a part of it.

    The order depends on the values alone: not on the order of the rows, the container,
    the dtype, the byte order, the memory order or the sign of zero.

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
    order, groups = canonical_order(sequences, targets)
    return first_of_groups(order, groups), np.bincount(groups, weights=weights[order])


def canonical_order(sequences, targets):
    """Order rows by content, and number the groups of equal ones.

    Parameters
    ----------
    sequences : Sequences
        n sequences.
    targets : ndarray of shape (n, ...)
        One target a sequence, or objects that are one array a sequence.

    Returns
    -------
    order : ndarray of shape (n,), int64
        The rows in their order.
    groups : ndarray of shape (n,), int64
        The group of each of them, ascending from 0.
    """
    steps, starts = _step_contents(sequences), sequences.starts
    contents = steps_of(steps, starts, starts + sequences.lengths)
    n, at_once = len(starts), steps_at_once(steps)
    if targets.dtype != object:
        targets = _bytes_of(targets)
    static = [[]] * n
    if sequences.static is not None:
        static = _hash_columns(sequences.static)[:, None]
    digests = np.empty((n, 4), dtype=np.uint64)
    for i, content in enumerate(contents):
        content = np.asarray(content, steps.dtype)
        blocks = [content[k : k + at_once] for k in range(0, len(content), at_once)]
        # The sequence comes first: the order does not depend on the targets' units.
        target = _digest([_bytes_of(targets[i])])
        content = [*map(_bytes_of, blocks), *static[i]]
        digests[i] = [*_digest(content), *target]
    order = np.lexsort(digests.T[::-1])
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    return order, np.cumsum(is_new) - 1


def first_of_groups(order, groups):
    """Return the first row of each group, as `canonical_order` returns them."""
    return order[np.flatnonzero(np.diff(groups, prepend=-1))]


def _digest(blocks):
    """Hash the bytes of some arrays to two numbers."""
    content = blake2b(digest_size=16)
    for block in blocks:
        content.update(block)
    return unpack(">2Q", content.digest())


def _bytes_of(values):
    """Return values in one dtype, byte order and memory order, without -0.0."""
    if values.dtype == np.uint64:  # hashes
        return values
    return np.ascontiguousarray(values, dtype="<f8") + 0.0


def _step_contents(sequences):
    """Return numbers as they are, and of other steps a hash of each."""
    values = sequences.values
    if sequences.kind == "tokens":
        return _hash(values)
    if sequences.kind == "events":
        return _hash_columns(values)
    return values


def _hash_columns(frame):
    """Hash each value of a frame, (S, n_columns)."""
    return np.stack([_hash_column(column) for _, column in frame.items()], axis=1)


def _hash_column(column):
    """Hash each value of a column of events, whatever its dtype."""
    if is_numeric_dtype(column.dtype):
        return pd.util.hash_array(_bytes_of(column.to_numpy(np.float64)))
    return _hash(column.to_numpy(object))


def _hash(values):
    """Hash texts or objects."""
    try:
        return pd.util.hash_array(values)
    except UnicodeEncodeError as error:
        raise ValueError(
            f"X has the text {error.object!r:.60}, which has no form in UTF-8 "
            f"({error.reason}). Read texts with errors='replace', or leave such "
            "characters out."
        ) from error
