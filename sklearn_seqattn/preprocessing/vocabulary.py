"""The states of a model and their ids."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID

__all__ = ["FIRST_ID", "PADDING_ID", "UNKNOWN_ID", "Vocabulary"]


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Vocabulary:
    """The states that have an id, and how often each state was seen.

    State k has the id ``FIRST_ID + k``. Padding has the id `PADDING_ID`, and every
    other state the id `UNKNOWN_ID`.

    Parameters
    ----------
    states : ndarray of shape (K,)
        The states in the order of their ids: strings (dtype object) or int64.
    counts : Series or None, default=None
        The number of occurrences (the sum of their weights) of each state seen, the
        rare ones included.
    """

    states: np.ndarray
    counts: pd.Series | None = None

    @classmethod
    def learn(cls, states, weights=None, min_count=1, before=None):
        """Count states and keep those that occur `min_count` times.

        Parameters
        ----------
        states : ndarray of shape (S,)
            The occurrences: strings or integers.
        weights : ndarray of shape (S,) or None, default=None
            The weight of each occurrence; None is 1.
        min_count : int, default=1
            States whose weights sum to less are not in the vocabulary. With 1 every
            state is, even if its weight is smaller.
        before : Vocabulary or None, default=None
            A vocabulary whose counts are added, and whose states are all kept.

        Returns
        -------
        Vocabulary
            The vocabulary, its states sorted.

        Raises
        ------
        ValueError
            If no state occurs `min_count` times.

        Examples
        --------
        >>> import numpy as np
        >>> seen = np.array(["b", "a", "b"], dtype=object)
        >>> Vocabulary.learn(seen, min_count=2).states
        array(['b'], dtype=object)
        """
        codes, distinct = pd.factorize(states)
        counts = pd.Series(
            np.bincount(codes, weights, len(distinct)).astype(np.float64),
            index=pd.Index(distinct, dtype=distinct.dtype),  # or strings change dtype
        )
        if before is not None:
            counts = counts.add(before.counts, fill_value=0.0)
        frequent = counts >= min_count if min_count > 1 else counts > 0
        if before is not None:
            frequent |= counts.index.isin(before.states)
        if not frequent.any():
            raise ValueError(
                f"No state has a count of min_count={min_count}: the most frequent, "
                f"{counts.idxmax()!r}, has {counts.max():g}. Lower min_count."
            )
        known = np.sort(counts.index[frequent].to_numpy())
        return cls(known if isinstance(known[0], str) else known.astype(int), counts)

    @property
    def n_ids(self):
        """Number of ids: those of the states, of padding and of unknown states."""
        return len(self.states) + FIRST_ID

    @property
    def unknown_mass(self):
        """Estimated probability that the next state is not in the vocabulary.

        The share of occurrences of rare states. If none is rare, the share of the
        states seen once (Good and Turing).
        """
        rare = ~self.counts.index.isin(self.states)
        if not rare.any():
            rare = np.rint(self.counts.to_numpy()) == 1
        return (self.counts[rare].sum() + 0.5) / (self.counts.sum() + 1.0)

    def ids_of(self, states):
        """Return the id of each state.

        Parameters
        ----------
        states : ndarray of shape (S,)
            Strings or integers.

        Returns
        -------
        ndarray of shape (S,), int64
            The ids, `UNKNOWN_ID` for states that are not in the vocabulary.
        """
        # The dtypes are named because pandas would turn strings into its own.
        index = pd.Index(self.states, dtype=self.states.dtype)
        place = index.get_indexer(pd.Index(states, dtype=states.dtype))
        return np.where(place < 0, UNKNOWN_ID, place + FIRST_ID)
