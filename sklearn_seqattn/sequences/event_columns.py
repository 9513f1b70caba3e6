"""What the columns of events hold: numbers, categories, durations or times.

The kind of a column follows from its dtype in every frame. Only where the dtype does
not tell, as dtype object, it follows from the types of the values.
"""

import reprlib
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from numbers import Real

import numpy as np
import pandas as pd
from pandas.api.types import (
    is_bool_dtype,
    is_numeric_dtype,
    is_object_dtype,
    is_string_dtype,
)

from sklearn_seqattn.sequences.checks import check_finite, locate

NUMBERS, CATEGORIES = "numbers", "categories"
DURATIONS, TIMES = "durations", "dates or times"

#: The kinds of Python and NumPy types; the first entry that fits counts.
_KINDS_OF_TYPES = (
    (str, CATEGORIES),
    ((timedelta, np.timedelta64), DURATIONS),  # np.timedelta64 is also an Integral
    ((date, np.datetime64), TIMES),  # datetime and Timestamp are also dates
    ((Real, np.bool_, Decimal), NUMBERS),
)
_FLOAT32 = np.dtype(np.float32)
_REMEDIES = {bytes: "decode the bytes to strings first"}
_CONVERT = "convert the column, for example with astype(str)"


class EventTable:
    """The events of all sequences in one table.

    Parameters
    ----------
    frames : list of DataFrame
        pandas DataFrames with the same columns, one row an event.
    name : str
        The name of the input in error messages.

    Attributes
    ----------
    lengths : ndarray of shape (n,), int64
        Rows of each frame.
    """

    def __init__(self, frames, name):
        self.name = name
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

    def features(self, columns):
        """Return columns as numbers (float64) and categories (CategoricalDtype).

        Booleans are numbers, and durations are numbers of seconds.

        Parameters
        ----------
        columns : Index or list
            The names of the columns.

        Returns
        -------
        DataFrame of S rows
            The columns, in this order.

        Raises
        ------
        TypeError
            If a column holds dates, times, values of several kinds, or others.
        ValueError
            If a value is missing or infinite.
        """
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

    def seconds(self, column):
        """Return a column of times as numbers; dates become seconds.

        Parameters
        ----------
        column : hashable
            The name of the column.

        Returns
        -------
        ndarray of shape (S,), float64
            Numbers as they are; dates as the seconds since the earliest.

        Raises
        ------
        TypeError
            If the column holds neither dates nor numbers.
        ValueError
            If a value is missing or infinite.
        """
        kind = self._kind(column)
        if kind == CATEGORIES:
            raise TypeError(
                f"The times in column {column!r} are neither dates nor numbers; "
                "convert them with pandas.to_datetime."
            )
        if kind != TIMES:
            return self._numbers(column, kind)
        self._check_complete(column)
        times = pd.to_datetime(self._events[column], utc=True)
        return ((times - times.min()) / pd.Timedelta(seconds=1)).to_numpy(np.float64)

    def _feature(self, column):
        """Return one column as numbers or as a Categorical."""
        kind = self._kind(column)
        if kind == TIMES:
            raise TypeError(
                f"{self.name}: column {column!r} holds dates or times; pass numbers "
                "instead, for example the seconds since the first event of each "
                "sequence, or name it by timestamp= of NextStateLSTM."
            )
        if kind != CATEGORIES:
            return self._numbers(column, kind)
        self._check_complete(column)
        return pd.Categorical(self._events[column].astype(object))

    def _numbers(self, column, kind):
        """Return finite numbers (S,), float64; durations in seconds."""
        series = self._events[column]
        if kind == DURATIONS:
            series = pd.to_timedelta(series) / pd.Timedelta(seconds=1)
        numbers = series.to_numpy(np.float64, na_value=np.nan)
        check_finite(numbers[:, None], self.lengths, self.name, channels=[column])
        return numbers

    def _kind(self, column):
        """Return the kind that all values of a column share; None without rows."""
        by_frame = [_kind_of_dtype(dtype) for dtype in self._dtypes.get(column, ())]
        if len(set(by_frame)) <= 1 and None not in by_frame:
            return by_frame[0] if by_frame else None
        self._check_complete(column)
        values = self._events[column].to_numpy(object)
        kinds = np.repeat(np.array(by_frame, object), self.lengths[self.lengths > 0])
        untold = kinds == None  # noqa: E711 (element by element)
        kinds[untold] = [_kind_of_type(type(value)) for value in values[untold]]
        is_odd = (kinds != kinds[0]) | (kinds == None)  # noqa: E711
        if is_odd.any():
            row = int(is_odd.argmax())
            self._refuse(column, row, values[row], kinds[row], kinds[0])
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
            remedy = _REMEDIES.get(type(value), _CONVERT)
            raise TypeError(
                f"{where}, but a column holds numbers, strings or categories; {remedy}."
            )
        raise TypeError(
            f"{where}, but the values before it are {first_kind}; a column holds one "
            f"kind of values in all frames, so {_CONVERT}."
        )

    def _check_complete(self, column):
        """Raise at the first missing value of a column."""
        is_missing = self._events[column].isna().to_numpy()
        if is_missing.any():
            index, step = locate(int(is_missing.argmax()), self.lengths)
            raise ValueError(
                f"{self.name}[{index}] has a missing value (NaN or None) at step "
                f"{step}, column {column!r}; fill it first, for example with the "
                "string 'missing'."
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
    return np.array([is_numeric_dtype(dtype) for dtype in events.dtypes], dtype=bool)


def check_kinds(events, is_number, name):
    """Raise unless columns are of the kinds seen at fit.

    Parameters
    ----------
    events : DataFrame
        Columns of numbers and of categories.
    is_number : array-like of shape (n_columns,), bool
        Which of them held numbers at fit.
    name : str
        The name of the input in the error message.

    Raises
    ------
    ValueError
        If a kind differs.
    """
    changed = numeric_columns(events) != is_number
    if changed.any():
        place = int(changed.argmax())
        found, fitted = (CATEGORIES, NUMBERS)[:: 1 if is_number[place] else -1]
        raise ValueError(
            f"{name}: column {events.columns[place]!r} holds {found}, but it held "
            f"{fitted} in fit."
        )


def _kind_of_dtype(dtype):
    """Return the kind of all values of a dtype; None if the dtype does not tell."""
    if isinstance(dtype, pd.CategoricalDtype):
        return CATEGORIES  # not cached, because its hash takes long
    return _kind_of_plain_dtype(dtype)


@lru_cache
def _kind_of_plain_dtype(dtype):
    """Return the kind of all values of a dtype that has no categories."""
    if dtype.kind in "mM":
        return DURATIONS if dtype.kind == "m" else TIMES
    if is_object_dtype(dtype) or dtype.kind == "c":
        return None
    if is_bool_dtype(dtype) or is_numeric_dtype(dtype):
        return NUMBERS
    return CATEGORIES if is_string_dtype(dtype) else None


@lru_cache
def _kind_of_type(kind):
    """Return the kind of values of a type; None if there is none."""
    fitting = (found for types, found in _KINDS_OF_TYPES if issubclass(kind, types))
    return next(fitting, None)
