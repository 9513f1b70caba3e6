"""State sequences as integer ids, with what follows each of them.

Symbols: 0 stands before every sequence (the start), 1 for any unknown state, and
2 + k for the k-th known state. Columns of distributions: k for the k-th known
state, then one for the end where it is learnt.
"""

import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID

NOTHING, UNSEEN = -1, -2  # instead of a column: nothing follows; an unknown state
_NAMED = 5  # unknown states that the warning spells out


@dataclass(frozen=True)
class StateStreams:
    """A batch of encoded sequences, end to end.

    Parameters
    ----------
    ids : ndarray of shape (S,)
        Symbols of all sequences, each with its start symbol if there is one.
    lengths : ndarray of shape (n,)
        Symbols of each sequence, at least 1; the sum is S.
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
        """Where each sequence begins."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def scored(self):
        """Rows that predict a state from a state before it: shape (S,), bool."""
        rows = self.following != NOTHING
        if self.has_start:
            rows[self.starts] = False
        return rows

    def take(self, indices):
        """Return some sequences.

        Parameters
        ----------
        indices : ndarray of shape (m,)
            Which, in the order wanted.

        Returns
        -------
        StateStreams
            A copy of these.
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
            The states to add. Their features are those of no known event: zero,
            and nothing is said to follow.

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
        Where each begins, and how long it is.

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
    """Lay encoded sequences out as streams.

    Parameters
    ----------
    ids : ndarray of shape (sum of lengths,)
        Symbols of the states, without start symbols.
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
    stream = _spread(ids, rows, long.sum())  # PADDING_ID is zero
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
        The ids.

    Returns
    -------
    ndarray of shape (S,)
        Columns, `UNSEEN` for the unknown state.
    """
    return np.where(ids == UNKNOWN_ID, UNSEEN, ids - FIRST_ID)


def warn_unknown(states, ids):
    """Warn once, naming how many distinct states are unknown, and the first few.

    Parameters
    ----------
    states, ids : ndarray of shape (S,)
        States as they came, and their ids.
    """
    unknown = pd.unique(states[ids == UNKNOWN_ID])
    if not len(unknown):
        return
    named = ", ".join(repr(s) for s in unknown[:_NAMED])
    more = ", ..." if len(unknown) > _NAMED else ""
    noun = "state is" if len(unknown) == 1 else "states are"
    warnings.warn(
        f"{len(unknown)} {noun} unknown to the model and read as one unknown state: "
        f"{named}{more}.",
        UserWarning,
        stacklevel=4,
    )
