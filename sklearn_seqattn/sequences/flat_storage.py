"""The form that sequences have inside: the steps of all of them end to end."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.array_list import (
    LazySteps,
    blocks_of,
    channel_ranges,
)


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Sequences:
    """Sequences whose steps are stored end to end in one array, or some of them.

    Parameters
    ----------
    values : ndarray of shape (S, D) or (S,), LazySteps, or DataFrame of S rows
        The steps of all sequences. Numeric sequences are (S, D) float32 or float64;
        tokens are (S,), objects (strings) or int64; events are the rows of a frame.
    lengths : ndarray of shape (n,)
        Steps of each sequence, int64, S in total; at least 1, or 0 where empty
        token sequences are allowed.
    columns : Index or None, default=None
        The column names if the sequences came as DataFrames, or as several columns
        of one.
    starts : ndarray of shape (n,), int64, or None, default=None
        Position of the first step of each sequence. None means end to end. After
        `take`, `values` hold steps of other sequences, too.
    static : DataFrame of n rows or None, default=None
        The static columns as `read_static` returns them; None if there are none, or
        if they are not read.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> sequences = check_sequences([[1.0, 2.0], [3.0, 4.0, 5.0]])
    >>> len(sequences), sequences.kind, sequences.lengths.tolist()
    (2, 'numeric', [2, 3])
    >>> sequences[1].ravel()
    array([3., 4., 5.])
    """

    values: np.ndarray | LazySteps | pd.DataFrame
    lengths: np.ndarray
    columns: pd.Index | None = None
    starts: np.ndarray | None = None
    static: pd.DataFrame | None = None

    def __post_init__(self):
        if self.starts is None:
            starts = np.cumsum(self.lengths) - self.lengths
            object.__setattr__(self, "starts", starts)

    @cached_property
    def kind(self):
        """The kind of steps: "numeric", "tokens" or "events"."""
        if isinstance(self.values, pd.DataFrame):
            return "events"
        return "numeric" if self.values.ndim == 2 else "tokens"

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        """Return the steps of one sequence, a view where that is possible."""
        start = self.starts[index]
        return _rows(self.values, slice(start, start + self.lengths[index]))

    def take(self, indices):
        """Return some sequences, in the order of `indices`; no step is copied."""
        return replace(
            self,
            lengths=self.lengths[indices],
            starts=self.starts[indices],
            static=None if self.static is None else self.static.iloc[indices],
        )

    def joined(self):
        """Return the same sequences end to end, without steps of other sequences."""
        if isinstance(self.values, LazySteps):
            steps = np.concatenate(self.to_list())
            return replace(self, values=steps, starts=None)
        shift = self.starts - (np.cumsum(self.lengths) - self.lengths)
        if len(self.values) == self.lengths.sum() and not shift.any():
            return self
        rows = np.arange(self.lengths.sum()) + np.repeat(shift, self.lengths)
        return replace(self, values=_rows(self.values, rows), starts=None)

    def blocks(self, n_steps=None):
        """Yield (steps, rows): a block of steps, and the sequence of each step."""
        stops, first = np.cumsum(self.lengths), 0
        for steps in blocks_of(
            self.values, self.starts, self.starts + self.lengths, n_steps
        ):
            places = np.arange(first, first + len(steps))
            yield steps, stops.searchsorted(places, side="right")
            first += len(steps)

    def channel_ranges(self):
        """Return the least and the largest number of each channel, (D,) each."""
        return channel_ranges(self.values, self.starts, self.starts + self.lengths)

    def with_values(self, values):
        """Return sequences of the same lengths with other steps, end to end.

        The columns are dropped, since they name the old channels.
        """
        return Sequences(values, self.lengths, static=self.static)

    def to_list(self):
        """Return the steps of each sequence as one list element."""
        return [self[index] for index in range(len(self))]


def _rows(values, rows):
    """Select steps by a slice (a view) or by positions (a copy)."""
    return values.iloc[rows] if isinstance(values, pd.DataFrame) else values[rows]
