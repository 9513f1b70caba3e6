"""Events with several features: the states to predict, and the other features."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.preprocessing.gain import as_float32, check_range
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID
from sklearn_seqattn.sequences.checks import locate
from sklearn_seqattn.sequences.event_columns import (
    EventTable,
    check_kinds,
    numeric_columns,
)
from sklearn_seqattn.sequences.frames import is_frame, read_each, shared_columns

GAP, ELAPSED = "time since the last event", "time since the first event"


def as_frames(X, columns):
    """Return sequences of events as DataFrames, or None if X holds no events.

    Parameters
    ----------
    X : list, tuple, object array or Series
        Its elements are frames of any library, or lists of tuples, named tuples or
        dicts.
    columns : sequence of str or None
        The names of the features of plain tuples.

    Returns
    -------
    list of DataFrame or None
        One row an event. Empty lists become frames without rows.
    """
    if is_frame(X) or not is_list_like(X) or isinstance(X, dict) or not len(X):
        return None
    elements = list(X)
    full = [x for x in elements if hasattr(x, "__len__") and len(x)]
    first = full[0] if full else elements[0]
    if is_frame(first):
        empty = read_each([first], "X")[0].iloc[:0]
        is_empty = [isinstance(x, list) and not x for x in elements]
        pairs = zip(elements, is_empty, strict=True)
        return read_each([empty if skip else x for x, skip in pairs], "X")
    if isinstance(first, list) and any(isinstance(e, tuple | dict) for e in first):
        empty = pd.DataFrame(first, columns=columns).iloc[:0]
        return [pd.DataFrame(list(x), columns=columns) if len(x) else empty for x in X]
    return None


class EventFeatures:
    """Encode the features of events besides their states.

    Categories become ids (0 at the start symbol, 1 for a category that was not seen in
    `fit`). Numbers are standardized. A column of times becomes two numbers:
    log(1 + t / u) of the time t since the event before and since the first event of
    the sequence, where u is the median time between events.

    Parameters
    ----------
    target : str
        The column of the states.
    timestamp : str or None
        The column of the times: dates, or numbers in any unit.

    Attributes
    ----------
    columns_ : list of str
        All columns, in their order.
    categories_ : dict of str to Index
        The sorted categories of each categorical column.
    numbers_ : list of str
        The columns of numbers.
    scaler_ : StandardScaler or None
        Standardizes the numbers; None without any.
    gap_ : float
        The median time between events, if there are times.
    """

    def __init__(self, target, timestamp):
        self.target = target
        self.timestamp = timestamp

    def split(self, frames):
        """Separate the states from the other features.

        Parameters
        ----------
        frames : list of DataFrame
            One row an event.

        Returns
        -------
        states : list of ndarray
            The states of each sequence.
        features : DataFrame
            The other columns, end to end: numbers and categories, as
            `EventTable.features` returns them, and times as numbers.

        Raises
        ------
        TypeError
            If a column holds dates (other than `timestamp`) or values that are
            neither numbers nor categories.
        ValueError
            If the columns differ, a value is missing or infinite, or a time is
            earlier than the one before.
        """
        columns = self._check_columns(frames)
        table = EventTable(frames, "X")
        states = table.states(self.target)
        features = table.features(columns.drop(self._roles))
        if self.timestamp is not None:
            times = self._times(table.seconds(self.timestamp), table.lengths)
            features = features.assign(**times)
        return np.split(states, np.cumsum(table.lengths)[:-1]), features

    def empty(self, X):
        """Return the frames of sequences without any event.

        Parameters
        ----------
        X : list
            Empty sequences; anything else is an error.

        Returns
        -------
        list of DataFrame
            Frames without rows.
        """
        if not isinstance(X, list) or any(
            not hasattr(x, "__len__") or len(x) for x in X
        ):
            raise TypeError(
                "X holds no events, but the model was fitted on events with the "
                f"columns {self.columns_}; pass a list of DataFrames with these."
            )
        return [pd.DataFrame(columns=self.columns_)] * len(X)

    @property
    def _roles(self):
        """The columns of states and of times."""
        return [name for name in (self.target, self.timestamp) if name is not None]

    def _check_columns(self, frames):
        """Return the columns of all frames; raise if they are not those of fit."""
        columns = shared_columns(frames, "X")
        fitted = getattr(self, "columns_", list(columns))
        if list(columns) != fitted:
            raise ValueError(
                f"X has the columns {list(columns)}, but the model was fitted on "
                f"{fitted}; pass the same columns in the same order."
            )
        for role in ("target", "timestamp"):
            name = getattr(self, role)
            if name is not None and name not in columns:
                raise ValueError(
                    f"{role}={name!r} is no column of X, which has {list(columns)}."
                )
        self.columns_ = fitted
        return columns

    def _times(self, times, lengths):
        """Return the times since the event before and since the first, (S,) each."""
        firsts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        before = np.maximum(np.arange(len(times)) - 1, firsts)
        gap = times - times[before]
        if (gap < 0).any():
            index, step = locate(int((gap < 0).argmax()), lengths)
            raise ValueError(
                f"X[{index}]: the time in column {self.timestamp!r} goes back at step "
                f"{step}; sort the events of each sequence by time."
            )
        return {GAP: gap, ELAPSED: times - times[firsts]}

    def fit(self, events):
        """Learn the categories and the scales.

        Parameters
        ----------
        events : DataFrame
            The features of all events, as `split` returns them.

        Returns
        -------
        EventFeatures
            The encoder itself.

        Raises
        ------
        ValueError
            If the variance of a column is out of range.
        """
        is_number = numeric_columns(events)
        self.numbers_ = list(events.columns[is_number])
        self.categories_ = {
            name: pd.Index(events[name].cat.categories)
            for name in events.columns[~is_number]
        }
        if self.timestamp is not None:
            gaps = events[GAP].to_numpy()
            self.gap_ = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1.0
        self.scaler_ = None
        if self.numbers_:
            with np.errstate(over="ignore", invalid="ignore"):
                self.scaler_ = StandardScaler().fit(self._numbers(events))
            check_range(self.scaler_.mean_, self._names)
            check_range(self.scaler_.scale_, self._names)
        return self

    @property
    def _names(self):
        """What to call the numbers in error messages."""
        return [f"column {name!r}" for name in self.numbers_]

    def _numbers(self, events):
        """Return the numbers (S, D), with times on a logarithmic scale."""
        numbers = events[self.numbers_].to_numpy(np.float64)
        if self.timestamp is not None:
            times = [self.numbers_.index(name) for name in (GAP, ELAPSED)]
            numbers[:, times] = np.log1p(numbers[:, times] / self.gap_)
        return numbers

    @property
    def n_ids(self):
        """Number of ids of each categorical column."""
        return [len(values) + FIRST_ID for values in self.categories_.values()]

    def transform(self, events):
        """Encode the features of events.

        Parameters
        ----------
        events : DataFrame of S rows
            The features, as `split` returns them.

        Returns
        -------
        dict of str to ndarray
            "categories" (S, F) int64 and "numbers" (S, D) float32, if there are such
            columns.

        Raises
        ------
        ValueError
            If a column is of another kind than in `fit`, or a number is out of the
            range of float32.
        """
        if len(events):
            check_kinds(events, self.categories_, "X")
        encoded = {}
        if self.categories_:
            ids = [
                _ids(events[name], known) for name, known in self.categories_.items()
            ]
            encoded["categories"] = np.stack(ids, axis=1)
        if self.numbers_:
            numbers = self._numbers(events)
            with np.errstate(over="ignore"):
                if len(numbers):
                    numbers = self.scaler_.transform(numbers)
            encoded["numbers"] = as_float32(numbers, self._names)
        return encoded


def _ids(column, known):
    """Return the ids (S,) int64 of a column of categories."""
    column = pd.Categorical(column)  # a column without rows is not one yet
    return known.get_indexer(column.categories)[column.codes] + FIRST_ID
