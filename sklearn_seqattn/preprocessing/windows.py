"""Cut time series into windows and the values that follow them, for forecasts."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from pandas.api import types

from sklearn_seqattn._estimator import Interval, validate_params
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.arrays import is_array_like
from sklearn_seqattn.sequences.frames import is_frame, to_pandas
from sklearn_seqattn.sequences.tables import has_instances, split_instances

_COUNT = Interval(Integral, 1, None, closed="left")


class Windows(NamedTuple):
    """What `make_windows` returns: four arrays of n windows."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    times: np.ndarray


@validate_params(
    {
        "n_in": [_COUNT],
        "horizon": [_COUNT],
        "step": [_COUNT],
        "target": [str, Integral, None],
        "calendar": ["array-like"],
    },
    prefer_skip_nested_validation=True,
)
def make_windows(series, n_in, horizon, step=1, *, target=None, calendar=()):
    """Cut one or several time series into windows, each with the values after it.

    Parameters
    ----------
    series : array-like, Series or DataFrame, or list of such
        One series, of shape (T,) or (T, D), with a row for each time; or a list of
        series of any lengths. A frame whose row index has two levels, (series, time),
        holds several. Times are the row index of pandas, else the numbers of the rows.
    n_in : int
        Rows of a window.
    horizon : int
        Rows to predict after it.
    step : int, default=1
        Rows from the start of one window to the start of the next.
    target : str, int or None, default=None
        The column, or the channel, to predict; the others are exogenous and are part
        of the windows alone. If None, all are predicted.
    calendar : list of str, default=()
        Names of attributes of a DatetimeIndex, for example ``["hour", "day_of_week"]``.
        Each is appended to the windows as a channel.

    Returns
    -------
    X : ndarray of shape (n, n_in, D)
        The windows. Missing values are NaN.
    y : ndarray of shape (n,) or (n, horizon * n_targets)
        The values that follow each window, all targets of the first row first.
    groups : ndarray of shape (n,), int64
        The number of the series of each window.
    times : ndarray of shape (n, horizon)
        The times of the values to predict.

    Raises
    ------
    TypeError, ValueError
        If a series does not hold numbers, its times are not increasing, no series is
        long enough, or a name is unknown.

    See Also
    --------
    SequenceResampler : Bring irregular times to regular steps before.

    Notes
    -----
    No window crosses from one series into another. Windows are sorted by the first
    time that they predict, so that
    ``TimeSeriesSplit(gap=(horizon - 1) // step * n_series)`` never trains on a value
    that it tests on, if all series have the same times; and `GroupKFold` with `groups`
    tests on other series. Fit what learns from data, such as a scaler, inside a
    Pipeline.

    Windows that hold no number at all are left out, and so are those with a missing
    value to predict.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import make_windows
    >>> days = pd.date_range("2025-01-01", periods=5)
    >>> X, y, groups, times = make_windows(pd.Series(range(5), index=days), 3, 1)
    >>> X[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.]])
    >>> y
    array([3., 4.])
    >>> times[:, 0].astype("datetime64[D]").tolist()
    [datetime.date(2025, 1, 4), datetime.date(2025, 1, 5)]
    """
    every = _as_list(series)
    sequences = check_sequences(
        [_without_index(one) for one in every],
        tokens=False,
        allow_nan=True,
        input_name="series",
    )
    indexes = [_index_of(one, i, len(sequences[i])) for i, one in enumerate(every)]
    _check_alike(indexes)
    targets = _target_channels(target, sequences)
    parts = []
    for number, (values, index) in enumerate(
        zip(sequences.to_list(), indexes, strict=True)
    ):
        channels = np.column_stack([values, *_calendar(index, calendar)])
        channels = channels.astype(values.dtype, copy=False)
        starts = np.arange(0, len(values) - n_in - horizon + 1, step)
        if len(starts):
            X = sliding_window_view(channels, n_in, axis=0)[starts]
            after = starts[:, np.newaxis] + n_in + np.arange(horizon)
            y = values[after][:, :, targets].reshape(len(starts), -1)
            groups = np.full(len(starts), number)
            parts.append((X.swapaxes(1, 2), y, groups, index.to_numpy()[after]))
    if not parts:
        raise ValueError(
            f"No series has n_in + horizon = {n_in + horizon} rows; the longest has "
            f"{sequences.lengths.max()}."
        )
    return _in_order(*map(np.concatenate, zip(*parts, strict=True)), sequences)


def _in_order(X, y, groups, times, sequences):
    """Return complete windows, sorted by the first time that they predict."""
    n_channels = sequences.values.shape[1]  # calendar channels are never missing
    is_empty = np.isnan(X[:, :, :n_channels]).all(axis=(1, 2))
    kept = np.flatnonzero(~is_empty & ~np.isnan(y).any(axis=1))
    if len(kept) == 0:
        raise ValueError(
            "Every window of series is empty, or lacks a value to predict; fill the "
            "missing values first."
        )
    order = kept[np.argsort(times[kept, 0], kind="stable")]
    y = y[:, 0] if y.shape[1] == 1 else y
    return Windows(X[order], y[order], groups[order], times[order])


def _as_list(series):
    """Return one series, or several, as a list."""
    if is_frame(series):
        series = to_pandas(series, "series")
    if isinstance(series, pd.DataFrame | pd.Series) and has_instances(series):
        parts = split_instances(series, "series")
        return [part.set_axis(part.index.get_level_values(-1)) for part in parts]
    if is_frame(series) or not is_array_like(series) or len(series) == 0:
        return [series]
    if isinstance(series, list | tuple) or np.ndim(series) == 1:
        first = next(iter(series))
        return list(series) if is_frame(first) or np.ndim(first) else [series]
    return list(series) if np.ndim(series) > 2 else [series]


def _without_index(one):
    """Return a series without its times, which are no channel."""
    return one.reset_index(drop=True) if isinstance(one, pd.DataFrame) else one


def _index_of(one, number, n_rows):
    """Return the times of a series, which increase."""
    is_labeled = isinstance(one, pd.DataFrame | pd.Series)
    index = one.index if is_labeled else pd.RangeIndex(n_rows)
    if index.hasnans or not (index.is_unique and index.is_monotonic_increasing):
        raise ValueError(
            f"series[{number}] has times that do not increase from row to row; sort "
            "the rows by time, and aggregate those of one time."
        )
    return index


def _check_alike(indexes):
    """Raise unless the times of all series are of one kind, which can be compared."""
    kinds = [_kind_of(index) for index in indexes]
    for number, kind in enumerate(kinds):
        if kind != kinds[0]:
            raise ValueError(
                f"The times of series[{number}] are {kind}, but those of series[0] are "
                f"{kinds[0]}; give all series the same kind of row index."
            )


def _kind_of(index):
    """Name the kind of the times of a series."""
    if isinstance(index, pd.DatetimeIndex):
        return f"dates {'without' if index.tz is None else 'with'} a time zone"
    if types.is_numeric_dtype(index.dtype):
        return "numbers"
    return f"of type {type(index).__name__} ({index.dtype})"


def _target_channels(target, sequences):
    """Return the numbers of the channels to predict."""
    n_channels = sequences.values.shape[1]
    if target is None:
        return list(range(n_channels))
    names = range(n_channels) if sequences.columns is None else sequences.columns
    if target not in list(names):
        raise ValueError(
            f"target={target!r} is no column of series; it has {list(names)}."
        )
    return [list(names).index(target)]


def _calendar(index, names):
    """Return the numbers (T,) of each attribute of the times."""
    channels = []
    for name in names:
        channel = getattr(index, str(name), None)
        is_number = types.is_numeric_dtype(getattr(channel, "dtype", object))
        if not is_number or np.shape(channel) != (len(index),):
            raise ValueError(
                f"calendar names {name!r}, but a row index of type "
                f"{type(index).__name__} has no such numbers; a DatetimeIndex has, for "
                "example, 'hour' and 'day_of_week'."
            )
        channels.append(np.asarray(channel))
    return channels
