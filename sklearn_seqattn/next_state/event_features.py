"""Events with several features: states to predict, and what else is known of them."""

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_list_like
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID
from sklearn_seqattn.sequences.checks import locate
from sklearn_seqattn.sequences.frames import numeric_columns

GAP, ELAPSED = "time since the last event", "time since the first event"


def as_frames(X, columns):
    """Return sequences of events as DataFrames, or None if X holds no events.

    Parameters
    ----------
    X : list, tuple, object array or Series
        Its elements are DataFrames, or lists of tuples, named tuples or dicts.
    columns : sequence of str or None
        Names of the features of plain tuples.

    Returns
    -------
    list of DataFrame or None
        One row an event.
    """
    if not is_list_like(X) or isinstance(X, pd.DataFrame | dict) or not len(X):
        return None
    elements = list(X)
    full = [x for x in elements if hasattr(x, "__len__") and len(x)]
    first = full[0] if full else elements[0]
    if isinstance(first, pd.DataFrame):
        empty = first.iloc[:0]
        return [empty if isinstance(x, list) and not x else x for x in elements]
    if isinstance(first, list) and any(isinstance(e, tuple | dict) for e in first):
        return [pd.DataFrame(list(x), columns=columns) for x in elements]
    return None


class EventFeatures:
    """Encode what is known of an event besides its state.

    Columns that are not numeric become ids (0 at the start symbol, 1 for what was not
    seen at fit), the others numbers of mean 0 and deviation 1. A column of times
    becomes two numbers: log(1 + t / u) of the time t since the event before and since
    the first event of the sequence, where u is the median gap between events.

    Parameters
    ----------
    target : str
        Column of the states.
    timestamp : str or None
        Column of the times: dates, or numbers in any unit.

    Attributes
    ----------
    columns_ : list of str
        All columns, in their order.
    categories_ : dict of str to Index
        The values of each categorical column.
    numbers_ : list of str
        The numeric columns.
    scaler_ : StandardScaler or None
        Scales the numbers; None without any.
    gap_ : float
        The median gap between events, where there are times.
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
            All else, end to end, times as numbers.
        """
        lengths = self._check(frames)
        events = pd.concat(frames, ignore_index=True)
        _check_complete(events, lengths)
        states = np.split(events.pop(self.target).to_numpy(), np.cumsum(lengths)[:-1])
        if self.timestamp is not None:
            times = _seconds(events.pop(self.timestamp))
            gap, elapsed = self._gaps(times, lengths)
            events = events.assign(**{GAP: gap, ELAPSED: elapsed})
        return states, events

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

    def _check(self, frames):
        """Check that all frames have the columns; return their lengths."""
        wanted = getattr(self, "columns_", None)
        for i, frame in enumerate(frames):
            if not isinstance(frame, pd.DataFrame):
                raise TypeError(
                    f"X[{i}] is of type {type(frame).__name__}, but other elements are "
                    "DataFrames; all sequences need the same kind of container."
                )
            wanted = list(frame.columns) if wanted is None else wanted
            if list(frame.columns) != wanted:
                raise ValueError(
                    f"X[{i}] has the columns {list(frame.columns)}; expected {wanted}, "
                    "in that order."
                )
        for role in ("target", "timestamp"):
            name = getattr(self, role)
            if name is not None and name not in wanted:
                raise ValueError(
                    f"{role}={name!r} is no column of X, which has {wanted}."
                )
        self.columns_ = wanted
        return np.array([len(frame) for frame in frames])

    def _gaps(self, times, lengths):
        """Return the time since the event before and since the first, (S,) each."""
        firsts = np.cumsum(lengths) - lengths
        firsts = np.repeat(firsts, lengths)
        before = np.maximum(np.arange(len(times)) - 1, firsts)
        gap = times - times[before]
        if (gap < 0).any():
            i, step = locate(int((gap < 0).argmax()), lengths)
            raise ValueError(
                f"X[{i}]: the time in column {self.timestamp!r} goes back at step "
                f"{step}; sort the events of each sequence by time."
            )
        return gap, times - times[firsts]

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
        """
        is_number = numeric_columns(events)
        self.numbers_ = list(events.columns[is_number])
        self.categories_ = {
            name: pd.Index(pd.unique(events[name]))
            for name in events.columns[~is_number]
        }
        if self.timestamp is not None:
            gaps = events[GAP].to_numpy()
            self.gap_ = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1.0
        self.scaler_ = None
        if self.numbers_:
            self.scaler_ = StandardScaler().fit(self._numbers(events))
        return self

    def _numbers(self, events):
        """Return the numeric features (S, D), with times on a logarithmic scale."""
        numbers = events[self.numbers_].to_numpy(float)
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
            "categories" (S, F) int64 and "numbers" (S, D) float32, where there are
            such columns.
        """
        encoded = {}
        if self.categories_:
            ids = [
                values.get_indexer(pd.Index(events[name])) + FIRST_ID
                for name, values in self.categories_.items()
            ]
            encoded["categories"] = np.stack(ids, axis=1).astype(np.int64)
        if self.numbers_:
            numbers = self._numbers(events)
            if len(numbers):
                numbers = self.scaler_.transform(numbers)
            encoded["numbers"] = numbers.astype(np.float32)
        return encoded


def _check_complete(events, lengths):
    """Raise at the first missing or infinite value."""
    numbers = events.select_dtypes("number")
    holes = events.isna()
    holes[numbers.columns] |= np.isinf(numbers)
    if holes.to_numpy().any():
        row = int(holes.any(axis=1).to_numpy().argmax())
        i, step = locate(row, lengths)
        column = holes.columns[holes.iloc[row].to_numpy().argmax()]
        raise ValueError(
            f"X[{i}] has the value {events.loc[row, column]} at step {step}, column "
            f"{column!r}; fill or drop what is missing or infinite first."
        )


def _seconds(times):
    """Return times as floats, dates in seconds."""
    if is_datetime64_any_dtype(times.dtype):
        return (times - times.min()).dt.total_seconds().to_numpy()
    try:
        return times.to_numpy(float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"The times in column {times.name!r} are neither dates nor numbers; "
            "convert them with pandas.to_datetime."
        ) from error
