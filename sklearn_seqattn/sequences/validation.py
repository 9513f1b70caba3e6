"""One validator for every container of sequences, and the form inside.

Estimators and transformers call `validate_sequences` and get `Sequences`: one array in
which the steps of all sequences are stored end to end.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from sklearn_seqattn.sequences.array_list import ArrayList, blocks_of
from sklearn_seqattn.sequences.containers import open_container, read_container
from sklearn_seqattn.sequences.fitted_input import (
    compare_input,
    refuse_one_sequence,
    remember_input,
)
from sklearn_seqattn.sequences.zero_padding import warn_zero_padding


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Sequences:
    """Sequences whose steps are stored end to end in one array, or some of them.

    Parameters
    ----------
    values : ndarray of shape (S, D) or (S,), ArrayList, or DataFrame of S rows
        The steps of all sequences. Numeric sequences are (S, D) float32 or float64;
        tokens are (S,), objects (strings) or int64; events are the rows of a frame.
    lengths : ndarray of shape (n,)
        Steps of each sequence, int64, S in total; at least 1, or 0 where empty
        token sequences are allowed.
    columns : Index or None, default=None
        The column names if the sequences came as DataFrames.
    starts : ndarray of shape (n,), int64, or None, default=None
        Position of the first step of each sequence. None means end to end. After
        `take`, `values` hold steps of other sequences, too.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> sequences = check_sequences([[1.0, 2.0], [3.0, 4.0, 5.0]])
    >>> len(sequences), sequences.kind, sequences.lengths.tolist()
    (2, 'numeric', [2, 3])
    >>> sequences[1].ravel()
    array([3., 4., 5.])
    """

    values: np.ndarray | ArrayList | pd.DataFrame
    lengths: np.ndarray
    columns: pd.Index | None = None
    starts: np.ndarray | None = None

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
        return Sequences(
            self.values, self.lengths[indices], self.columns, self.starts[indices]
        )

    def joined(self):
        """Return the same sequences end to end, without steps of other sequences."""
        if isinstance(self.values, ArrayList):
            steps = np.concatenate(self.to_list())
            return Sequences(steps, self.lengths, self.columns)
        shift = self.starts - (np.cumsum(self.lengths) - self.lengths)
        if len(self.values) == self.lengths.sum() and not shift.any():
            return self
        rows = np.arange(self.lengths.sum()) + np.repeat(shift, self.lengths)
        return Sequences(_rows(self.values, rows), self.lengths, self.columns)

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
        blocks = blocks_of(self.values, self.starts, self.starts + self.lengths)
        ranges = [(steps.min(axis=0), steps.max(axis=0)) for steps in blocks]
        lowest, highest = np.stack(ranges, axis=1)
        return lowest.min(axis=0), highest.max(axis=0)

    def with_values(self, values):
        """Return sequences of the same lengths with other steps, end to end.

        The columns are dropped, since they name the old channels.
        """
        return Sequences(values, self.lengths)

    def to_list(self):
        """Return the steps of each sequence as one list element."""
        return [self[index] for index in range(len(self))]


def check_sequences(
    X,
    *,
    tokens=None,
    channels_first=False,
    allow_empty=False,
    allow_nan=False,
    input_name="X",
    join=True,
):
    """Read sequences from any accepted container, or say what is wrong with it.

    Parameters
    ----------
    X : list, array-like or DataFrame
        One of

        * a list of sequences, each an array, tensor, Series, list or any other
          sequence of shape (T_i,) or (T_i, D). Any sequence of Python, an object
          array and a Series are such lists;
        * an array (n, T, D), in which trailing steps that are NaN in all channels
          are padding;
        * a table (n, T), array or DataFrame: one univariate sequence a row;
        * a list of token sequences, or of strings that are split at white space; a
          table of one column of strings is such a list of texts;
        * a list of DataFrames with the same columns, one row an event;
        * a DataFrame whose row index has two levels, (instance, time): one sequence
          an instance, in the order in which they first occur;
        * a table whose cells hold sequences: its columns are the channels.

        DataFrames and Series may be those of pandas, polars, pyarrow or modin.
    tokens : bool or None, default=None
        Whether the sequences are tokens. By default strings are tokens and numbers
        are numbers. If True, integers are tokens, too, and other numbers are refused;
        if False, strings are refused.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i). Tables, tokens
        and DataFrames are not affected.
    allow_empty : bool, default=False
        Whether sequences of tokens may have no steps.
    allow_nan : bool, default=False
        Whether values may be missing: NaN among numbers, and no category in a column
        of categories. Tokens are never missing.
    input_name : str, default="X"
        What error messages call the input.
    join : bool, default=True
        Whether the values of a list of numeric arrays are copied into one array.
        If not, they are an `ArrayList`.

    Returns
    -------
    Sequences
        The values may share memory with `X`.

    Raises
    ------
    TypeError
        If the container or the type of a value is not accepted.
    ValueError
        If a sequence is empty, has other channels than the first, infinity, or NaN
        where it is not allowed.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> check_sequences(["a rose is", "a rose"]).to_list()
    [array(['a', 'rose', 'is'], dtype=object), array(['a', 'rose'], dtype=object)]
    >>> check_sequences([[[1, 2], [3, 4]], [[5]]])
    Traceback (most recent call last):
        ...
    ValueError: X[1] has 1 channel, but X[0] has 2; every sequence needs the same
    channels.
    """
    container = open_container(X, channels_first=channels_first, name=input_name)
    sequences = _read(
        container,
        tokens=tokens,
        channels_first=channels_first,
        allow_empty=allow_empty,
        allow_nan=allow_nan,
        name=input_name,
    )
    return sequences.joined() if join else sequences


def _read(container, **options):
    """Return the sequences of a container."""
    values, lengths, columns = read_container(container, **options)
    return Sequences(values, np.asarray(lengths, dtype=np.int64), columns)


def validate_sequences(
    estimator,
    X,
    *,
    tokens=None,
    channels_first=False,
    allow_empty=False,
    allow_nan=False,
    reset,
    join=True,
):
    """Check `X` for an estimator, which remembers what it was fitted on.

    A table sets and checks `n_features_in_` and `feature_names_in_` as everywhere in
    scikit-learn. A rectangular list of lists sets `n_features_in_` but is never
    checked against it, because ragged lists may be rectangular by accident. Numeric
    sequences set and check the number of channels, `input_size_`.

    Parameters
    ----------
    estimator : estimator instance
        The estimator.
    X : list, array-like or DataFrame
        As in `check_sequences`.
    tokens : bool or None, default=None
        As in `check_sequences`.
    channels_first : bool, default=False
        As in `check_sequences`.
    allow_empty : bool, default=False
        As in `check_sequences`.
    allow_nan : bool, default=False
        As in `check_sequences`.
    reset : bool
        Whether to remember what `X` is like (in `fit`) or to compare `X` with what
        is remembered (in `predict` and `transform`).
    join : bool, default=True
        As in `check_sequences`.

    Returns
    -------
    Sequences
        The values may share memory with `X`.

    Raises
    ------
    ValueError
        If `X` differs from what the estimator was fitted on, and whatever
        `check_sequences` raises.

    Warns
    -----
    UserWarning
        In `fit`, if many sequences end or begin with steps that are all zero.
    """
    container = open_container(X, channels_first=channels_first)
    if not reset:
        refuse_one_sequence(estimator, container)
    if container.table is not None and (reset or hasattr(estimator, "n_features_in_")):
        # Before the values: a table with other columns has other values.
        validate_data(estimator, container.table, reset=reset, skip_check_array=True)
    sequences = _read(
        container,
        tokens=tokens,
        channels_first=channels_first,
        allow_empty=allow_empty,
        allow_nan=allow_nan,
        name="X",
    )
    if reset:
        warn_zero_padding(sequences)
        remember_input(estimator, container, sequences)
    else:
        compare_input(estimator, container, sequences)
    return sequences.joined() if join else sequences


def _rows(values, rows):
    """Select steps by a slice (a view) or by positions (a copy)."""
    return values.iloc[rows] if isinstance(values, pd.DataFrame) else values[rows]
