"""State sequences as integer ids, with what follows each of them.

A start symbol has the id `PADDING_ID`; the other ids are those of the vocabulary. The
columns of distributions are k for state k of the vocabulary, then one for the end of
the sequence where it is learned.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID

NOTHING, UNSEEN = -1, -2  # instead of a column: nothing follows; an unknown state


@dataclass(frozen=True)
class StateStreams:
    """A batch of encoded sequences in flat storage.

    Parameters
    ----------
    ids : ndarray of shape (S,)
        Ids of all sequences, each with its start symbol if there is one.
    lengths : ndarray of shape (n,)
        Ids of each sequence, at least 1; the sum is S.
    following : ndarray of shape (S,)
        Column of what follows each id, `NOTHING` or `UNSEEN`.
    has_start : bool
        Whether each sequence begins with the start symbol.
    features : dict of str to ndarray of shape (S, ...)
        Further features of each step; zero at the start symbol.
    """

    ids: np.ndarray
    lengths: np.ndarray
    following: np.ndarray
    has_start: bool
    features: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.lengths)

    @property
    def starts(self):
        """The row where each sequence begins."""
        return np.cumsum(self.lengths) - self.lengths

    @cached_property
    def first_equal(self):
        """The first sequence that equals each one in all that it holds, (n,)."""
        arrays = (self.ids, self.following, *self.features.values())
        bounds = np.cumsum(self.lengths)[:-1]
        parts = zip(*(np.split(array, bounds) for array in arrays), strict=True)
        first = {}
        contents = (tuple(array.tobytes() for array in part) for part in parts)
        equal = (first.setdefault(content, i) for i, content in enumerate(contents))
        return np.fromiter(equal, dtype=np.int64, count=len(self))

    @property
    def scored(self):
        """Rows that predict a state from a state before it: shape (S,), bool."""
        rows = self.following != NOTHING
        if self.has_start:
            rows[self.starts] = False
        return rows

    def targets(self, *, last_only=False):
        """Return the columns to learn or to measure.

        Parameters
        ----------
        last_only : bool, default=False
            Whether only what follows last in each sequence is a target. If that is an
            unknown state, the sequence has no target.

        Returns
        -------
        ndarray of shape (S,)
            Columns, `NOTHING` where there is no target.
        """
        following = self.following
        if last_only:
            rows = np.flatnonzero(following != NOTHING)
            sequence = np.searchsorted(np.cumsum(self.lengths), rows, side="right")
            rows = rows[np.diff(sequence, append=-1) != 0]
            following = np.full(len(following), NOTHING)
            following[rows] = self.following[rows]
        return np.maximum(following, NOTHING)

    def without_untrained(self, fitted, *, last_only=False):
        """Return these sequences without the targets that others never have.

        A class that is no target of the fitted sequences has an untrained output,
        whose values on held-out sequences are chance.

        Parameters
        ----------
        fitted : StateStreams
            The sequences that a model is fitted on.
        last_only : bool, default=False
            Whether the model learns only what follows last in each sequence.

        Returns
        -------
        StateStreams
            The same sequences, with `UNSEEN` in place of untrained columns.
        """
        trained = np.isin(self.following, fitted.targets(last_only=last_only))
        untrained = (self.following >= 0) & ~trained
        return replace(self, following=np.where(untrained, UNSEEN, self.following))

    def take(self, indices):
        """Return some sequences.

        Parameters
        ----------
        indices : ndarray of shape (m,)
            Which sequences, in the order wanted.

        Returns
        -------
        StateStreams
            A copy of these sequences.
        """
        lengths = self.lengths[indices]
        rows = rows_of(self.starts[indices], lengths)
        features = {name: values[rows] for name, values in self.features.items()}
        return StateStreams(
            self.ids[rows], lengths, self.following[rows], self.has_start, features
        )

    def continued(self, indices, columns):
        """Return the sequences at `indices`, each with more states at its end.

        Parameters
        ----------
        indices : ndarray of shape (m,)
            Which sequences.
        columns : ndarray of shape (m, t)
            The states to add. Their other features are zero, as those of an unknown
            event, and nothing follows them.

        Returns
        -------
        StateStreams
            The m longer sequences.
        """
        before = self.take(indices)
        lengths = before.lengths + columns.shape[1]
        starts = np.cumsum(lengths) - lengths
        old = rows_of(starts, before.lengths)
        ids = np.empty(lengths.sum(), dtype=np.int64)
        ids[old] = before.ids
        ends = (starts + before.lengths)[:, None] + np.arange(columns.shape[1])
        ids[ends] = columns + FIRST_ID
        features = {
            name: _spread(values, old, len(ids))
            for name, values in before.features.items()
        }
        following = np.full(len(ids), NOTHING)
        return StateStreams(ids, lengths, following, self.has_start, features)


def rows_of(starts, lengths):
    """Return the flat rows of sequences given by start and length.

    Parameters
    ----------
    starts, lengths : ndarray of shape (n,)
        The first row and the number of rows of each sequence.

    Returns
    -------
    ndarray of shape (sum of lengths,)
        The rows.

    Examples
    --------
    >>> import numpy as np
    >>> rows_of(np.array([7, 2]), np.array([2, 3]))
    array([7, 8, 2, 3, 4])
    """
    inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(starts, lengths) + inside


def _spread(values, rows, size):
    """Return an array of `size` rows that holds `values` at `rows`, else zeros."""
    spread = np.zeros((size, *values.shape[1:]), values.dtype)
    spread[rows] = values
    return spread


def make_streams(ids, lengths, last, *, has_start, features=None):
    """Build streams from encoded sequences.

    Parameters
    ----------
    ids : ndarray of shape (sum of lengths,)
        Ids of the states, without start symbols.
    lengths : ndarray of shape (n,)
        Number of states of each sequence; 0 is allowed with a start symbol.
    last : ndarray of shape (n,)
        Column of what follows each sequence, or `NOTHING`, or `UNSEEN`.
    has_start : bool
        Whether to put the start symbol before each sequence.
    features : dict of str to ndarray or None, default=None
        Further features of the states, each of shape (sum of lengths, ...).

    Returns
    -------
    StateStreams
        The streams.
    """
    long = lengths + int(has_start)
    ends = np.cumsum(long) - 1
    rows = rows_of(ends + 1 - lengths, lengths)
    stream = _spread(ids, rows, long.sum())  # the start symbol is zero
    following = np.full(len(stream), NOTHING)
    following[:-1] = columns_of(stream[1:])
    following[ends] = last
    features = {
        name: _spread(values, rows, len(stream))
        for name, values in (features or {}).items()
    }
    return StateStreams(stream, long, following, has_start, features)


def columns_of(ids):
    """Return the column of each id.

    Parameters
    ----------
    ids : ndarray of shape (S,)
        Ids of states.

    Returns
    -------
    ndarray of shape (S,)
        Columns, `UNSEEN` for the unknown state.
    """
    return np.where(ids == UNKNOWN_ID, UNSEEN, ids - FIRST_ID)
