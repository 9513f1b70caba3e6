"""Describe the times of events by numbers: how long since, which hour, which day."""

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.preprocessing.gain import check_range
from sklearn_seqattn.sequences.checks import locate

NUMBERS, DATES = "numbers", "dates without a time zone"
ZONED_DATES = "dates with a time zone"

_DAY, _WEEK = 86_400.0, 604_800.0  # in seconds
_SINCE = ("since_previous", "since_first")

#: Of each cycle: how long the dates of `fit` must be apart, and the share of the cycle
#: that has passed at a date.
CYCLES = {
    "hour": (_DAY, lambda clock: (clock - clock.dt.normalize()) / pd.Timedelta("1D")),
    "weekday": (_WEEK, lambda clock: clock.dt.day_of_week / 7),
}


class TimeFeatures:
    """Numbers that describe a column of times.

    Two are the times t since the event before and since the first event of the
    sequence: sign(t) log(1 + abs(t) / u), standardized. The unit u is the median time
    between events. Dates have up to five more. Where those of `fit` span a day or more,
    they are the sine and the cosine of the hour; where they span a week or more, those
    of the day of the week, and the place between the first date of `fit` (-1) and the
    last one (1). A later date is at 1: what follows `fit` is like its end.

    Parameters
    ----------
    column : hashable
        The name of the column.
    ordered : bool
        Whether times that go back within a sequence are refused.

    Attributes
    ----------
    kind_ : str
        `NUMBERS`, `DATES` or `ZONED_DATES`.
    zone_ : str or None
        The time zone of hours and days of `ZONED_DATES`.
    unit_ : float
        The median time between events: seconds, or in the unit of the numbers.
    scaler_ : StandardScaler
        Standardizes the two logarithms.
    parts_ : list of str
        "date" and the names of `CYCLES`, as far as they are used.
    range_ : ndarray of shape (2,)
        The first and the last time of `fit`; of dates in seconds since 1970.
    """

    def __init__(self, column, ordered):
        self.column = column
        self.ordered = ordered

    @property
    def names(self):
        """The names of the numbers, as a list."""
        names = list(_SINCE)
        for part in self.parts_:
            names += [f"{part}_sin", f"{part}_cos"] if part in CYCLES else [part]
        return [f"{self.column}_{name}" for name in names]

    def fit(self, times, lengths):
        """Learn the unit, the scale and which cycles to use.

        Parameters
        ----------
        times : Series of shape (S,)
            Numbers or dates, one sequence after the other.
        lengths : ndarray of shape (n,)
            Steps of each sequence.

        Returns
        -------
        TimeFeatures
            The object itself.

        Raises
        ------
        ValueError
            If times go back where that is refused, or are beyond float32.
        """
        self.kind_, self.zone_ = _kind_of(times), None
        if self.kind_ == ZONED_DATES:
            self.zone_ = _name_zone(times.dt.tz)
        seconds = _seconds(times)
        self.range_ = np.array([seconds.min(), seconds.max()])
        since = self._since(seconds, lengths)
        gaps = np.abs(since[:, 0])
        self.unit_ = float(np.median(gaps[gaps > 0])) if gaps.any() else 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            self.scaler_ = StandardScaler().fit(self._logarithms(since))
        names = [f"column {self.column!r}"] * len(_SINCE)
        check_range(self.scaler_.mean_, names)
        check_range(self.scaler_.scale_, names)
        self.parts_ = self._choose_parts(times)
        return self

    def _choose_parts(self, times):
        """Return what else the span of the dates of `fit` warrants."""
        if self.kind_ == NUMBERS:
            return []
        span, clock = np.ptp(self.range_), self._clock(times)
        return [
            *(["date"] if span >= _WEEK else []),
            *(
                name
                for name, (seconds, phase) in CYCLES.items()
                if span >= seconds and phase(clock).nunique() > 1
            ),
        ]

    def transform(self, times, lengths):
        """Describe times by numbers.

        Parameters
        ----------
        times : Series of shape (S,)
            Of the kind of those in `fit`, or without rows.
        lengths : ndarray of shape (n,)
            Steps of each sequence.

        Returns
        -------
        ndarray of shape (S, n_numbers), float64
            One column for each of `names`.

        Raises
        ------
        ValueError
            If the times are of another kind than in `fit`, or go back where that is
            refused.
        """
        if not len(times):
            return np.zeros((0, len(self.names)))
        kind = _kind_of(times)
        if kind != self.kind_:
            raise ValueError(
                f"X: column {self.column!r} holds {kind}, but it held {self.kind_} in "
                "fit."
            )
        seconds = _seconds(times)
        logarithms = self._logarithms(self._since(seconds, lengths))
        numbers = [self.scaler_.transform(logarithms)]
        clock = self._clock(times) if self.parts_ else None
        for part in self.parts_:
            if part in CYCLES:
                angle = 2 * np.pi * CYCLES[part][1](clock).to_numpy(np.float64)
                numbers += [np.sin(angle), np.cos(angle)]
            else:
                numbers.append(np.interp(seconds, self.range_, [-1, 1]))
        return np.column_stack(numbers)

    def _since(self, seconds, lengths):
        """Return the times since the event before and since the first, (S, 2)."""
        firsts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        before = np.maximum(np.arange(len(seconds)) - 1, firsts)
        since = seconds[:, None] - seconds[np.column_stack([before, firsts])]
        if self.ordered and (since[:, 0] < 0).any():
            index, step = locate(int((since[:, 0] < 0).argmax()), lengths)
            raise ValueError(
                f"X[{index}]: the time in column {self.column!r} goes back at step "
                f"{step}; sort the events of each sequence by time."
            )
        return since

    def _logarithms(self, since):
        """Return times on a logarithmic scale that keeps their sign."""
        return np.sign(since) * np.log1p(np.abs(since) / self.unit_)

    def _clock(self, times):
        """Return dates as a clock of the time zone of `fit` shows them."""
        if self.zone_ is None:
            return times
        return times.dt.tz_convert(self.zone_).dt.tz_localize(None)


def find_times(events, timestamp):
    """Return one `TimeFeatures`, not fitted, for each column of times.

    Parameters
    ----------
    events : DataFrame
        As `EventTable.features` returns it.
    timestamp : str or None
        The column by which the events are ordered, which may hold numbers.

    Returns
    -------
    list of TimeFeatures
        One for each column of dates, and one for `timestamp`.
    """
    return [
        TimeFeatures(column, ordered=column == timestamp)
        for column, dtype in events.dtypes.items()
        if column == timestamp or is_datetime64_any_dtype(dtype)
    ]


def _seconds(times):
    """Return dates as seconds since 1970, and numbers as they are, (S,) float64."""
    if is_datetime64_any_dtype(times.dtype):
        zone = times.dt.tz
        # In seconds: nanoseconds end in the year 2262.
        start = pd.Timestamp(0, tz=zone).as_unit("s")
        times = (times - start) / pd.Timedelta(seconds=1).as_unit("s")
    return times.to_numpy(np.float64)


def _kind_of(times):
    """Return the kind of a column in words."""
    if is_datetime64_any_dtype(times.dtype):
        return DATES if times.dt.tz is None else ZONED_DATES
    return NUMBERS if is_numeric_dtype(times.dtype) else "categories"


def _name_zone(zone):
    """Return the name of a time zone; that of UTC where it cannot be read back."""
    name = str(zone)
    try:
        pd.Timestamp(0, tz="UTC").tz_convert(name)
    except Exception:  # each library of time zones has errors of its own
        return "UTC"
    return name
