"""What a sequence is: one validator for every container, and the form inside.

Estimators and transformers call `validate_sequences`; what they get is a `Sequences`,
flat storage in which the steps of all sequences stand end to end.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from sklearn_seqattn.sequences.array_list import Pieces, blocks_of
from sklearn_seqattn.sequences.containers import (
    container_ndim,
    is_nested_list,
    read_container,
)


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Sequences:
    """Sequences in flat storage: end to end, or a selection of such ones.

    Parameters
    ----------
    values : ndarray of shape (S, D) or (S,), Pieces, or DataFrame of S rows
        The steps of all sequences. Numeric sequences are (S, D) float32 or float64;
        tokens are (S,), objects (strings) or int64; events are the rows of a frame.
    lengths : ndarray of shape (n,)
        Steps of each sequence, int64, each at least 1, S in total.
    columns : Index or None, default=None
        The column names, where the sequences came as DataFrames.
    starts : ndarray of shape (n,), int64, or None, default=None
        Position of the first step of each sequence. None is end to end; anything
        else comes from `take`, and `values` then hold steps of other sequences too.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> sequences = check_sequences([[1.0, 2.0], [3.0, 4.0, 5.0]])
    >>> len(sequences), sequences.kind, sequences.lengths.tolist()
    (2, 'numeric', [2, 3])
    >>> sequences[1].ravel()
    array([3., 4., 5.])
    """

    values: np.ndarray | Pieces | pd.DataFrame
    lengths: np.ndarray
    columns: pd.Index | None = None
    starts: np.ndarray | None = None

    def __post_init__(self):
        if self.starts is None:
            starts = np.cumsum(self.lengths) - self.lengths
            object.__setattr__(self, "starts", starts)

    @property
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
        """Return the same sequences with their own steps alone, end to end."""
        if isinstance(self.values, Pieces):
            steps = np.concatenate(self.to_list())
            return Sequences(steps, self.lengths, self.columns)
        shift = self.starts - (np.cumsum(self.lengths) - self.lengths)
        if len(self.values) == self.lengths.sum() and not shift.any():
            return self
        rows = np.arange(self.lengths.sum()) + np.repeat(shift, self.lengths)
        return Sequences(_rows(self.values, rows), self.lengths, self.columns)

    def blocks(self, n_steps=None):
        """Yield (steps, rows): some steps at a time, and the sequence of each."""
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


def check_sequences(X, *, tokens=None, channels_first=False, input_name="X", join=True):
    """Read any accepted container of sequences, or say what is wrong with it.

    Parameters
    ----------
    X : list, array-like or DataFrame
        One of

        * a list (or tuple, object array, pandas Series) of sequences, each an
          array-like of shape (T_i,) or (T_i, D);
        * an array (n, T, D), in which trailing steps that are NaN in all channels
          are padding;
        * a table (n, T), array or DataFrame: one univariate sequence a row;
        * a list of token sequences, or of strings that are split at white space;
        * a list of DataFrames with the same columns, one row an event.
    tokens : bool or None, default=None
        Whether the sequences are tokens. By default strings are tokens and numbers
        are numbers. If True, integers are tokens, too, and other numbers are refused;
        if False, strings are refused.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i). Tables, tokens
        and DataFrames are not affected.
    input_name : str, default="X"
        How to call the input in error messages.
    join : bool, default=True
        Whether the values of a list of numeric arrays are copied into one array;
        else they are `Pieces`.

    Returns
    -------
    Sequences
        The values may share memory with `X`.

    Raises
    ------
    TypeError
        If the container or the type of a value is not accepted.
    ValueError
        If a sequence is empty, has other channels than the first, NaN or infinity.

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
    values, lengths, columns = read_container(
        X, tokens=tokens, channels_first=channels_first, name=input_name
    )
    sequences = Sequences(values, np.asarray(lengths, dtype=np.int64), columns)
    return sequences.joined() if join else sequences


def validate_sequences(
    estimator, X, *, tokens=None, channels_first=False, reset, join=True
):
    """Check `X` on behalf of an estimator, which remembers what it was fitted on.

    A table sets and checks `n_features_in_` and `feature_names_in_` as everywhere in
    scikit-learn. A rectangular list of lists sets `n_features_in_` but is never
    checked against it, because ragged lists may be rectangular by accident. Numeric
    sequences set and check the number of channels, `input_size_`.

    Parameters
    ----------
    estimator : estimator instance
        What `X` is for.
    X : list, array-like or DataFrame
        As in `check_sequences`.
    tokens : bool or None, default=None
        As in `check_sequences`.
    channels_first : bool, default=False
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
    """
    is_table = container_ndim(X) == 2
    if is_table:  # before the values: a frame with other columns has other values
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    sequences = check_sequences(
        X, tokens=tokens, channels_first=channels_first, join=join
    )
    if reset and not is_table:
        _forget(estimator, "n_features_in_", "feature_names_in_")
        if is_nested_list(X):
            estimator.n_features_in_ = len(X[0])
    if reset:
        _remember(estimator, sequences)
    else:
        _compare(estimator, sequences)
    return sequences


def _rows(values, rows):
    """Select steps by a slice (a view) or by positions (a copy)."""
    return values.iloc[rows] if isinstance(values, pd.DataFrame) else values[rows]


def _forget(estimator, *attributes):
    """Delete attributes of an earlier fit."""
    for attribute in attributes:
        if hasattr(estimator, attribute):
            delattr(estimator, attribute)


def _describe(sequences):
    """Name the kind of sequences in words."""
    if sequences.kind == "tokens":
        is_text = sequences.values.dtype == object
        return "strings (tokens)" if is_text else "integers (tokens)"
    return {"numeric": "numbers", "events": "events with categories"}[sequences.kind]


def _remember(estimator, sequences):
    """Store on the estimator what kind of sequences it is fitted on."""
    _forget(estimator, "input_size_")
    if sequences.kind == "numeric":
        estimator.input_size_ = sequences.values.shape[1]
    estimator._input_kind = _describe(sequences)
    estimator._input_columns = sequences.columns


def _compare(estimator, sequences):
    """Raise if the sequences differ in kind or channels from those of the fit."""
    name = type(estimator).__name__
    if _describe(sequences) != estimator._input_kind:
        raise ValueError(
            f"X holds {_describe(sequences)}, but {name} was fitted on "
            f"{estimator._input_kind}; pass the same kind of sequences."
        )
    fitted, found = estimator._input_columns, sequences.columns
    if fitted is not None and found is not None and not found.equals(fitted):
        raise ValueError(
            f"X has the columns {list(found)}, but {name} was fitted on "
            f"{list(fitted)}; pass the same columns in the same order."
        )
    if sequences.kind == "numeric" and sequences.values.shape[1] != (
        estimator.input_size_
    ):
        raise ValueError(
            f"X has {sequences.values.shape[1]} channel(s) a step, but {name} was "
            f"fitted on {estimator.input_size_}; pass the same channels."
        )
