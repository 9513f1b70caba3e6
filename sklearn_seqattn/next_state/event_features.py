"""Events with several features: the states to predict, and the other features."""

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.preprocessing.distinct_categories import warn_distinct
from sklearn_seqattn.preprocessing.gain import as_float32, check_range
from sklearn_seqattn.preprocessing.time_features import find_times
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID
from sklearn_seqattn.sequences.event_columns import (
    EventTable,
    check_kinds,
    numeric_columns,
)
from sklearn_seqattn.sequences.frames import (
    dates_as_column,
    is_frame,
    read_each,
    shared_columns,
)


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
        frames = read_each([empty if skip else x for x, skip in pairs], "X")
        return [dates_as_column(frame) for frame in frames]
    if isinstance(first, list) and any(isinstance(e, tuple | dict) for e in first):
        _check_events(X)
        empty = pd.DataFrame(first, columns=columns).iloc[:0]
        return [pd.DataFrame(list(x), columns=columns) if len(x) else empty for x in X]
    return None


def _check_events(X):
    """Refuse what is no tuple and no dict among events that are."""
    for i, events in enumerate(X):
        wrong = [event for event in events if not isinstance(event, tuple | dict)]
        if wrong:
            raise TypeError(
                f"X[{i}] holds {wrong[0]!r:.80} among events; give each event as a "
                "tuple or a dict."
            )


class EventFeatures:
    """Encode the features of events besides their states.

    Categories become ids (0 at the start symbol, 1 for a category that was not seen in
    `fit`). Numbers are standardized. Columns of dates, and the times of `timestamp`,
    become the numbers of `TimeFeatures`.

    Parameters
    ----------
    target : str
        The column of the states.
    timestamp : str or None
        The column by which the events of a sequence are ordered: dates, or numbers in
        any unit.

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
    times_ : list of TimeFeatures
        One for each column of times.
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
            The other columns, end to end, as `EventTable.features` returns them.

        Raises
        ------
        TypeError
            If a column holds values that are no numbers, categories or dates.
        ValueError
            If the columns differ, or a value is missing or infinite.
        """
        columns = self._check_columns(frames)
        table = EventTable(frames, "X")
        states = table.states(self.target)
        features = table.features(columns.drop(self.target), self.timestamp)
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

    def fit(self, events, lengths):
        """Learn the categories and the scales.

        Parameters
        ----------
        events : DataFrame
            The features of all events, as `split` returns them.
        lengths : ndarray of shape (n,)
            Events of each sequence.

        Returns
        -------
        EventFeatures
            The encoder itself.

        Raises
        ------
        ValueError
            If the variance of a column is out of range, or times go back.
        """
        self.times_ = [
            times.fit(events[times.column], lengths)
            for times in find_times(events, self.timestamp)
        ]
        events = self._others(events)
        warn_distinct(events)
        is_number = numeric_columns(events)
        self.numbers_ = list(events.columns[is_number])
        self.categories_ = {
            name: pd.Index(events[name].cat.categories)
            for name in events.columns[~is_number]
        }
        self.scaler_ = None
        if self.numbers_:
            with np.errstate(over="ignore", invalid="ignore"):
                self.scaler_ = StandardScaler().fit(self._numbers(events))
            check_range(self.scaler_.mean_, self._names)
            check_range(self.scaler_.scale_, self._names)
        return self

    def _others(self, events):
        """Return the columns that hold no times."""
        return events.drop(columns=[times.column for times in self.times_])

    @property
    def _names(self):
        """What to call the numbers in error messages."""
        return [f"column {name!r}" for name in self.numbers_]

    def _numbers(self, events):
        """Return the numbers (S, D)."""
        return events[self.numbers_].to_numpy(np.float64)

    @property
    def n_numbers(self):
        """Number of channels of numbers, those of times included."""
        return len(self.numbers_) + sum(len(times.names) for times in self.times_)

    @property
    def n_ids(self):
        """Number of ids of each categorical column."""
        return [len(values) + FIRST_ID for values in self.categories_.values()]

    def transform(self, events, lengths):
        """Encode the features of events.

        Parameters
        ----------
        events : DataFrame of S rows
            The features, as `split` returns them.
        lengths : ndarray of shape (n,)
            Events of each sequence.

        Returns
        -------
        dict of str to ndarray
            "categories" (S, F) int64 and "numbers" (S, D) float32, if there are such
            columns.

        Raises
        ------
        ValueError
            If a column is of another kind than in `fit`, times go back, or a number is
            out of the range of float32.
        """
        if len(events):
            check_kinds(self._others(events), self.categories_, "X")
        encoded = {}
        if self.categories_:
            ids = [
                _ids(events[name], known) for name, known in self.categories_.items()
            ]
            encoded["categories"] = np.stack(ids, axis=1)
        numbers = []
        if self.numbers_:
            found = self._numbers(events)
            with np.errstate(over="ignore"):
                found = self.scaler_.transform(found) if len(found) else found
            numbers.append(as_float32(found, self._names))
        for times in self.times_:
            found = times.transform(events[times.column], lengths)
            names = [f"column {times.column!r}"] * found.shape[1]
            numbers.append(as_float32(found, names))
        if numbers:
            encoded["numbers"] = np.hstack(numbers)
        return encoded


def _ids(column, known):
    """Return the ids (S,) int64 of a column of categories."""
    column = pd.Categorical(column)  # a column without rows is not one yet
    return known.get_indexer(column.categories)[column.codes] + FIRST_ID
