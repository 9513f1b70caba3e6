"""Cut cases into their prefixes, with the outcome or the remaining time of each."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.utils.validation import check_consistent_length

from sklearn_seqattn._estimator import Interval, StrOptions, validate_params
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.arrays import has_array
from sklearn_seqattn.sequences.frames import is_frame, read_each, to_pandas
from sklearn_seqattn.sequences.tables import has_instances, split_instances
from sklearn_seqattn.sequences.target_order import check_same_order
from sklearn_seqattn.sequences.times import read_times
from sklearn_seqattn.sequences.unreadable import refuse_unreadable
from sklearn_seqattn.sequences.wording import number_of

_COUNT = Interval(Integral, 1, None, closed="left")


class Prefixes(NamedTuple):
    """What `make_prefixes` returns: prefixes, targets and cases of n prefixes."""

    X: list
    y: np.ndarray
    groups: np.ndarray


@validate_params(
    {
        "timestamp": [str, None],
        "unit": [StrOptions({"days", "hours", "minutes", "seconds"})],
        "min_length": [_COUNT],
        "step": [_COUNT],
    },
    prefer_skip_nested_validation=True,
)
def make_prefixes(cases, y=None, *, timestamp=None, unit="days", min_length=1, step=1):
    """Cut cases into their prefixes, each with the outcome or the time that remains.

    Parameters
    ----------
    cases : list or Series of sequences, array of shape (n, T, D), or DataFrame
        The cases, each from its first event to its last: DataFrames with one row an
        event, arrays, lists, or texts, which are lists of words. An array is padded
        with NaN. Or a frame whose row index has two levels, (case, event).
        `events_to_sequences` splits a table with a column of cases.
    y : array-like of shape (n_cases,), default=None
        The outcome of each case. A Series has the index of `cases`, in the same order.
        None takes the time from the end of a prefix to the end of its case.
    timestamp : str or None, default=None
        The column of the times of the events, dates or numbers, from which the
        remaining time is taken. Needed if `y` is None.
    unit : {"days", "hours", "minutes", "seconds"}, default="days"
        The unit of the remaining time. Times that are numbers keep their own.
    min_length : int, default=1
        Events of the shortest prefix. Shorter cases have none.
    step : int, default=1
        Events from one prefix to the next.

    Returns
    -------
    X : list
        The prefixes of the first case, the shortest first, then those of the next one.
        A whole case is the last of its prefixes if `step` leads to it. Frames are those
        of pandas.
    y : ndarray of shape (n,)
        The outcome of the case, or the remaining time, float64.
    groups : ndarray of shape (n,), int64
        The number of the case. With it, `GroupKFold` never splits a case.

    Raises
    ------
    TypeError, ValueError
        If neither or both of `y` and `timestamp` are given, `y` has the index of
        `cases` in another order, a case has no such column, its times go back, or
        every case is too short.

    See Also
    --------
    make_windows : Cut time series into windows for forecasts.

    Notes
    -----
    Prefixes of one case are alike. Split them by `groups`, not row by row, or the score
    of a test will be too good. A long case has more prefixes than a short one; a
    `sample_weight` of ``1 / numpy.bincount(groups)[groups]`` makes all cases count
    alike.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import make_prefixes
    >>> case = pd.DataFrame({
    ...     "activity": ["open", "check", "close"],
    ...     "time": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-05"]),
    ... })
    >>> X, y, groups = make_prefixes([case, case[:2]], timestamp="time")
    >>> [len(x) for x in X], y.tolist(), groups.tolist()
    ([1, 2, 3, 1, 2], [4.0, 3.0, 0.0, 1.0, 0.0], [0, 0, 0, 1, 1])
    """
    if (y is None) == (timestamp is None):
        raise ValueError(
            "Pass either y, an outcome for each case, or timestamp, the column from "
            "which the remaining time is taken."
        )
    given, cases = cases, _as_list(cases)
    if y is not None:
        check_consistent_length(cases, y)
        check_same_order(given, y)
        y = np.asarray(y)
    parts, lengths = [], []
    for case in cases:
        stops = np.arange(min_length, len(case) + 1, step)
        parts += [case.iloc[:n] if is_frame(case) else case[:n] for n in stops]
        lengths.append(stops)
    if not parts:
        raise ValueError(
            f"No case is as long as min_length={min_length}; the longest has "
            f"{number_of(max(map(len, cases), default=0), 'event')}."
        )
    groups = np.repeat(np.arange(len(cases)), [len(stops) for stops in lengths])
    if y is not None:
        return Prefixes(parts, y[groups], groups)
    remaining = _remaining(cases, timestamp, unit)
    ends = [times[n - 1] for times, n in zip(remaining, lengths, strict=True)]
    return Prefixes(parts, np.concatenate(ends), groups)


def _as_list(cases):
    """Return the cases as a list, frames as those of pandas and texts as words."""
    refuse_unreadable(cases, "cases")
    if is_frame(cases):
        cases = to_pandas(cases, "cases")
        if not has_instances(cases):
            raise TypeError(
                "cases is one table; pass a list of tables, one a case, or split it by "
                "events_to_sequences(cases, id=...)."
            )
        return split_instances(cases, "cases")
    if has_array(cases) and np.ndim(cases) == 3:
        return check_sequences(cases, allow_nan=True, input_name="cases").to_list()
    cases = list(cases)
    if cases and is_frame(cases[0]):
        return read_each(cases, "cases")
    return [case.split() if isinstance(case, str) else case for case in cases]


def _remaining(cases, timestamp, unit):
    """Return the time from each event to the last one of its case, (T_i,) each."""
    for number, case in enumerate(cases):
        if not isinstance(case, pd.DataFrame) or timestamp not in case.columns:
            found = list(case.columns) if isinstance(case, pd.DataFrame) else None
            raise ValueError(
                f"timestamp={timestamp!r} is no column of cases[{number}], which has "
                f"{found or 'no columns'}."
            )
    lengths = np.array([len(case) for case in cases])
    times = pd.concat([case[timestamp] for case in cases], ignore_index=True)
    times = read_times(times, lengths, f"column {timestamp!r} of cases")
    owner = np.repeat(np.arange(len(cases)), lengths)
    for number, of_case in times.groupby(owner):
        if not of_case.is_monotonic_increasing:
            raise ValueError(
                f"cases[{number}] has times in {timestamp!r} that go back; sort its "
                "events by time."
            )
    remaining = times.groupby(owner).transform("max") - times
    if not is_numeric_dtype(times):
        remaining = remaining / pd.Timedelta(1, unit)
    return np.split(remaining.to_numpy(np.float64), np.cumsum(lengths)[:-1])
