"""State sequences as integer symbols, with what follows each of them.

Symbols: 0 stands before every sequence (the start), 1 for any unknown state, and
2 + k for the k-th known state. Columns of distributions: k for the k-th known
state, then one for the end where it is learnt.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

START, UNKNOWN, FIRST_STATE = 0, 1, 2  # symbols
NOTHING, UNSEEN = -1, -2  # instead of a column: nothing follows; an unknown state


@dataclass(frozen=True)
class StateStreams:
    """A batch of encoded sequences, end to end.

    Parameters
    ----------
    symbols : ndarray of shape (S,)
        Symbols of all sequences, each with its start symbol if there is one.
    lengths : ndarray of shape (n,)
        Symbols of each sequence, at least 1; the sum is S.
    following : ndarray of shape (S,)
        Column of what follows each symbol, `NOTHING` or `UNSEEN`.
    has_start : bool
        Whether each sequence begins with the start symbol.
    features : dict of str to ndarray of shape (S, ...)
        Further features of each step; zero at the start symbol.
    """

    symbols: np.ndarray
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
            self.symbols[rows], lengths, self.following[rows], self.has_start, features
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
        symbols = np.empty(lengths.sum(), dtype=np.int64)
        symbols[old] = before.symbols
        ends = (starts + before.lengths)[:, None] + np.arange(columns.shape[1])
        symbols[ends] = columns + FIRST_STATE
        features = {
            name: _spread(values, old, len(symbols))
            for name, values in before.features.items()
        }
        following = np.full(len(symbols), NOTHING)
        return StateStreams(symbols, lengths, following, self.has_start, features)


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


def make_streams(symbols, lengths, last, *, has_start, features=None):
    """Lay encoded sequences out as streams.

    Parameters
    ----------
    symbols : ndarray of shape (sum of lengths,)
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
    stream = _spread(symbols, rows, long.sum())  # START is zero
    following = np.full(len(stream), NOTHING)
    following[:-1] = columns_of(stream[1:])
    following[ends] = last
    features = {
        name: _spread(values, rows, len(stream))
        for name, values in (features or {}).items()
    }
    return StateStreams(stream, long, following, has_start, features)


def columns_of(symbols):
    """Return the column of each symbol.

    Parameters
    ----------
    symbols : ndarray of shape (S,)
        The symbols.

    Returns
    -------
    ndarray of shape (S,)
        Columns, `UNSEEN` for the unknown state.
    """
    return np.where(symbols == UNKNOWN, UNSEEN, symbols - FIRST_STATE)


@dataclass(frozen=True)
class Vocabulary:
    """The states counted so far and those that are known by their own symbol.

    Parameters
    ----------
    states : ndarray of shape (K,)
        The known states, sorted.
    counts : Series
        How often each state was seen (weighted), the rare ones included.
    """

    states: np.ndarray
    counts: pd.Series

    @classmethod
    def learn(cls, states, weights, min_count, before=None):
        """Count states and keep those seen `min_count` times.

        Parameters
        ----------
        states : ndarray of shape (S,)
            States as they occur, strings or integers.
        weights : ndarray of shape (S,)
            Weight of each occurrence.
        min_count : int
            Rarer states are unknown.
        before : Vocabulary or None, default=None
            Counts to add to; what it knows stays known.

        Returns
        -------
        Vocabulary
            The new vocabulary.

        Examples
        --------
        >>> import numpy as np
        >>> seen = np.array(["b", "a", "b"], dtype=object)
        >>> Vocabulary.learn(seen, np.ones(3), 2).states.tolist()
        ['b']
        """
        codes, distinct = pd.factorize(states)
        counts = pd.Series(np.bincount(codes, weights, len(distinct)), index=distinct)
        kept = set()
        if before is not None:
            counts = counts.add(before.counts, fill_value=0.0)
            kept = set(before.states.tolist())
        known = [s for s, n in counts.items() if n >= min_count or s in kept]
        if not known:
            raise ValueError(
                f"No state occurs min_count={min_count} times: the most frequent, "
                f"{counts.idxmax()!r}, occurs {counts.max():g} times. Lower min_count."
            )
        return cls(np.unique(np.array(known)), counts)

    @property
    def unknown_mass(self):
        """Estimated probability that the next state is an unknown one.

        The share of occurrences that were too rare to be known; where all are
        known, the share of the states seen once (Good and Turing).
        """
        rare = ~self.counts.index.isin(self.states.tolist())
        if not rare.any():
            rare = np.rint(self.counts.to_numpy()) == 1
        return (self.counts[rare].sum() + 0.5) / (self.counts.sum() + 1.0)

    def symbols_of(self, states):
        """Return the symbol of each state.

        Parameters
        ----------
        states : ndarray of shape (S,)
            Strings or integers.

        Returns
        -------
        ndarray of shape (S,)
            The symbols, `UNKNOWN` for states that are not known.
        """
        # dtype object, or pandas turns strings into a type of its own
        index = pd.Index(self.states.tolist(), dtype=object)
        place = index.get_indexer(pd.Index(states, dtype=object))
        return np.where(place < 0, UNKNOWN, place + FIRST_STATE)
