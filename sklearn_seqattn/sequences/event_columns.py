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
from pandas.api import types

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
        self._check_complete(column)
        return pd.Categorical(self._events[column].astype(object))

    def _dates(self, column):
        """Return dates in one time zone, or all of them without one."""
        self._check_complete(column)
        series = self._events[column]
        if series.dtype.kind == "M" and not isinstance(series.dtype, pd.ArrowDtype):
            return series
        dates = series.astype(object)
        zones = [getattr(value, "tzinfo", None) for value in dates]
        zoned = np.array([zone is not None for zone in zones])
        if (zoned != zoned[0]).any():
            index, step = locate(int((zoned != zoned[0]).argmax()), self.lengths)
            raise ValueError(
                f"{self.name}[{index}]: only some dates in column {column!r} have a "
                f"time zone, and that at step {step} is unlike those before it; give "
                "one to all, for example with tz_localize."
            )
        dates = pd.to_datetime(dates, utc=bool(zoned[0]))
        if zoned[0] and len({*map(str, zones)}) == 1:
            return dates.dt.tz_convert(zones[0])
        return dates

    def _numbers(self, column, kind):
        """Return finite numbers (S,), float64; durations in seconds."""
        series = self._events[column]
        if kind == DURATIONS:
            series = pd.to_timedelta(series) / pd.Timedelta(seconds=1)
        try:
            numbers = series.to_numpy(np.float64, na_value=np.nan)
        except OverflowError as error:  # an int of Python may be beyond any float
            raise ValueError(f"{self.name}: column {column!r}: {error}.") from error
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
            raise TypeError(
                f"{where}, but a column holds numbers, strings or categories; convert "
                "it, for example with astype(str)."
            )
        raise TypeError(
            f"{where}, but the values before it are {first_kind}; a column holds one "
            "kind of values in all frames, so convert it to one type."
        )

    def _check_complete(self, column):
        """Raise at the first missing value of a column."""
        is_missing = self._events[column].isna().to_numpy()
        if is_missing.any():
            index, step = locate(int(is_missing.argmax()), self.lengths)
            is_date = types.infer_dtype(self._events[column]).startswith("date")
            remedy = "date of the step before" if is_date else "string 'missing'"
            raise ValueError(
                f"{self.name}[{index}] has a missing value (NaN or None) at step "
                f"{step}, column {column!r}; fill it first, for example with the "
                f"{remedy}."
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
    if types.is_object_dtype(dtype) or dtype.kind == "c":
        return None
    if types.is_bool_dtype(dtype) or types.is_numeric_dtype(dtype):
        return NUMBERS
    return CATEGORIES if types.is_string_dtype(dtype) else None


@lru_cache
def _kind_of_type(kind):
    """Return the kind of values of a type; None if there is none."""
    fitting = (found for known, found in _KINDS_OF_TYPES if issubclass(kind, known))
    return next(fitting, None)
