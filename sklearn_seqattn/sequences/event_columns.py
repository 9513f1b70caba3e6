"""The columns of events as numbers and categories.

The kind of a column follows from its dtype in every frame. Only where the dtype does
not tell, as dtype object, it follows from the types of the values.
"""

import reprlib

import numpy as np
import pandas as pd
from pandas.api import types

from sklearn_seqattn.sequences.checks import check_finite, locate
from sklearn_seqattn.sequences.column_kinds import (
    CATEGORIES,
    DURATIONS,
    NUMBERS,
    TIMES,
    as_categories,
    kind_of_dtype,
    kind_of_type,
)
from sklearn_seqattn.sequences.times import join_zones

_FLOAT32 = np.dtype(np.float32)


class EventTable:
    """The events of all sequences in one table.

    Parameters
    ----------
    frames : list of DataFrame
        pandas DataFrames with the same columns, one row an event.
    name : str
        The name of the input in error messages.
    allow_nan : bool, default=False
        Whether features may be missing: NaN among numbers, and no category.

    Attributes
    ----------
    lengths : ndarray of shape (n,), int64
        Rows of each frame.
    """

    def __init__(self, frames, name, *, allow_nan=False):
        self.name = name
        self.allow_nan = allow_nan
        self.lengths = np.array([len(frame) for frame in frames], dtype=np.int64)
        full = [frame for frame in frames if len(frame)]
        # The dtypes are read before the frames are joined, because that turns
        # categories that differ between frames into numbers or objects.
        dtypes = zip(*(frame.dtypes.tolist() for frame in full), strict=True)
        self._dtypes = dict(zip(frames[0].columns, dtypes, strict=False))
        self._events = pd.concat(full or frames[:1], ignore_index=True)

    @property
    def is_float32(self):
        """Whether every column of every frame is of dtype float32."""
        return all({*dtypes} == {_FLOAT32} for dtypes in self._dtypes.values())

    def features(self, columns, timestamp=None):
        """Return columns as numbers (float64), categories (CategoricalDtype) or dates.

        Booleans are numbers, and durations are numbers of seconds. Dates with several
        time zones are in UTC.

        Parameters
        ----------
        columns : Index or list
            The names of the columns.
        timestamp : hashable, default=None
            The one among them that must hold dates or numbers.

        Returns
        -------
        DataFrame of S rows
            The columns, in this order.

        Raises
        ------
        TypeError
            If a column holds values of several kinds, or of none of these.
        ValueError
            If a value is missing or infinite, or only some dates have a time zone.
        """
        if timestamp is not None and self._kind(timestamp) == CATEGORIES:
            raise TypeError(
                f"The times in column {timestamp!r} are neither dates nor numbers; "
                "convert them with pandas.to_datetime."
            )
        features = {column: self._feature(column) for column in columns}
        return pd.DataFrame(features, index=self._events.index, columns=columns)

    def states(self, column):
        """Return the values of a column of states as they are.

        Parameters
        ----------
        column : hashable
            The name of the column.

        Returns
        -------
        ndarray of shape (S,)
            Strings (dtype object) or numbers.

        Raises
        ------
        TypeError
            If the column holds neither strings nor numbers.
        ValueError
            If a value is missing.
        """
        kind = self._kind(column)
        if kind in (TIMES, DURATIONS):
            raise TypeError(
                f"{self.name}: column {column!r} holds {kind}, but states are strings "
                "or integers."
            )
        self._check_complete(column)
        return self._events[column].infer_objects().to_numpy()

    def _feature(self, column):
        """Return one column as numbers, as a Categorical or as dates."""
        kind = self._kind(column)
        if kind == TIMES:
            return self._dates(column)
        if kind != CATEGORIES:
            return self._numbers(column, kind)
        if not self.allow_nan:
            self._check_complete(column)
        return as_categories(self._events[column], f"{self.name}: column {column!r}")

    def _dates(self, column):
        """Return dates in one time zone, or all of them without one."""
        self._check_complete(column)
        series = self._events[column]
        if series.dtype.kind == "M" and not isinstance(series.dtype, pd.ArrowDtype):
            return series
        return join_zones(series.astype(object), self.lengths, self.name, column)

    def _numbers(self, column, kind):
        """Return finite numbers (S,), float64; durations in seconds."""
        series = self._events[column]
        if kind == DURATIONS:
            series = pd.to_timedelta(series) / pd.Timedelta(seconds=1)
        try:
            numbers = series.to_numpy(np.float64, na_value=np.nan)
        except OverflowError as error:  # an int of Python may be beyond any float
            raise ValueError(f"{self.name}: column {column!r}: {error}.") from error
        check_finite(
            numbers[:, None],
            self.lengths,
            self.name,
            channels=[column],
            allow_nan=self.allow_nan,
        )
        return numbers

    def _kind(self, column):
        """Return the kind that all values of a column share; None without rows."""
        by_frame = [kind_of_dtype(dtype) for dtype in self._dtypes.get(column, ())]
        if len(set(by_frame)) <= 1 and None not in by_frame:
            return by_frame[0] if by_frame else None
        is_missing = self._missing(column)
        values = self._events[column].to_numpy(object)
        kinds = np.repeat(np.array(by_frame, object), self.lengths[self.lengths > 0])
        kinds, values = kinds[~is_missing], values[~is_missing]
        if len(values) == 0:
            return NUMBERS  # all are missing
        untold = kinds == None  # noqa: E711 (element by element)
        kinds[untold] = [kind_of_type(type(value)) for value in values[untold]]
        is_odd = (kinds != kinds[0]) | (kinds == None)  # noqa: E711
        if is_odd.any():
            row = int(is_odd.argmax())
            value, place = values[row], int(np.flatnonzero(~is_missing)[row])
            self._refuse(column, place, value, kinds[row], kinds[0])
        return kinds[0]

    def _refuse(self, column, row, value, kind, first_kind):
        """Raise for a value of no kind, or of another kind than the first one."""
        index, step = locate(row, self.lengths)
        where = f"{self.name}[{index}] holds {reprlib.repr(value)} of type "
        where += f"{type(value).__name__} at step {step}, column {column!r}"
        if isinstance(value, complex | np.complexfloating):
            raise ValueError(
                f"{where}. Complex data not supported: pass the real and the imaginary "
                "part as two columns."
            )
        if kind is None:
            raise TypeError(
                f"{where}, but a column holds numbers, strings or categories; convert "
                "it, for example with astype(str)."
            )
        raise TypeError(
            f"{where}, but the values before it are {first_kind}; a column holds one "
            "kind of values in all frames, so convert it to one type."
        )

    def _missing(self, column):
        """Return which values of a column are missing (S,), where they may be."""
        if not self.allow_nan:
            self._check_complete(column)
        return self._events[column].isna().to_numpy()

    def _check_complete(self, column):
        """Raise at the first missing value of a column."""
        is_missing = self._events[column].isna().to_numpy()
        if is_missing.any():
            index, step = locate(int(is_missing.argmax()), self.lengths)
            is_date = types.infer_dtype(self._events[column]).startswith("date")
            remedy = "with the date before" if is_date else "with SequenceImputer"
            raise ValueError(
                f"{self.name}[{index}] has a missing value (NaN or None) at step "
                f"{step}, column {column!r}; fill it {remedy}, or drop such steps "
                "first."
            )


def numeric_columns(events):
    """Return which columns of `EventTable.features` hold numbers.

    Parameters
    ----------
    events : DataFrame
        Columns of numbers and of categories.

    Returns
    -------
    ndarray of shape (n_columns,), bool
        True for numbers.
    """
    return np.array(
        [types.is_numeric_dtype(dtype) for dtype in events.dtypes], dtype=bool
    )


def check_kinds(events, categories, name):
    """Raise unless the columns are of the kinds that they had in fit.

    Parameters
    ----------
    events : DataFrame
        Columns of numbers and of categories.
    categories : dict
        The values that each column of categories had in fit. The other columns held
        numbers.
    name : str
        The name of the input in the error message.

    Raises
    ------
    ValueError
        If a column holds numbers instead of categories, or the reverse, or if its
        categories are strings instead of other values, or the reverse.
    """
    for column, dtype in events.dtypes.items():
        known = categories.get(column)
        found = NUMBERS
        if types.is_datetime64_any_dtype(dtype):
            found = TIMES
        elif not types.is_numeric_dtype(dtype):
            found = _describe(dtype.categories)
        fitted = NUMBERS if known is None else _describe(known)
        if found != fitted:
            raise ValueError(
                f"{name}: column {column!r} holds {found}, but it held {fitted} in fit."
            )


def _describe(categories):
    """Return the kind of a column of such categories in words."""
    is_text = len(categories) and isinstance(categories[0], str)
    return CATEGORIES + (" (strings)" if is_text else " (not strings)")
