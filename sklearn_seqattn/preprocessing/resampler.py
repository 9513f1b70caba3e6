"""Bring sequences with irregular times to regular steps."""

from dataclasses import replace
from numbers import Real

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    VersionedPickles,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.preprocessing.output import to_padded
from sklearn_seqattn.sequences import Sequences, validate_sequences
from sklearn_seqattn.sequences.containers import open_container
from sklearn_seqattn.sequences.event_columns import numeric_columns
from sklearn_seqattn.sequences.frames import is_frame, read_each
from sklearn_seqattn.sequences.nested import nest
from sklearn_seqattn.sequences.times import read_times

_MOST_STEPS = 10**9
_ROUNDING = 1e-9  # of a step: 0.3 is the end of three steps of 0.1


class SequenceResampler(TransformerMixin, VersionedPickles, BaseEstimator):
    """Bring sequences with irregular times to regular steps.

    The steps of a sequence begin at its earliest time, and each is `freq` long: a day
    has 24 hours, also where the clocks change. What happened in one of them is
    aggregated. A step in which nothing happened is NaN in all channels:
    `SequenceImputer` fills it.

    Parameters
    ----------
    freq : str or float, default=1.0
        The length of a step: a fixed time such as ``"15min"``, ``"1h"`` or ``"7D"`` if
        times are dates or durations, or a number in the unit of times that are numbers.
    on : str, int or None, default=None
        The column of frames, or the channel of arrays, that holds the times. It is
        left out of the result. If None, times are the row index of frames, or the
        numbers of the steps of arrays.
    agg : {"mean", "median", "min", "max", "first", "last"}, default="mean"
        How the numbers of a step are aggregated; missing ones are left out. Of
        categories the last one of a step is taken.

    Attributes
    ----------
    input_size_ : int
        Channels, if the sequences seen in `fit` were numeric; those of frames without
        the column `on`.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    SequenceImputer : Fill the steps in which nothing was observed.
    events_to_sequences : Split a long table into one frame for each id.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import SequenceResampler
    >>> times = pd.to_datetime(["2025-01-01 08:00", "2025-01-01 08:20",
    ...                         "2025-01-01 10:10"])
    >>> X = [pd.DataFrame({"pulse": [60.0, 70.0, 66.0]}, index=times)]
    >>> SequenceResampler("1h").fit_transform(X)[0]
                         pulse
    2025-01-01 08:00:00   65.0
    2025-01-01 09:00:00    NaN
    2025-01-01 10:00:00   66.0

    Times that are numbers, in the first of two channels:

    >>> SequenceResampler(2.0, on=0, agg="last").fit_transform(
    ...     [[[0.0, 5.0], [0.5, 6.0], [4.5, 7.0]]])
    [array([[ 6.],
           [nan],
           [ 7.]])]
    """

    _parameter_constraints = {
        "freq": [str, Interval(Real, 0, None, closed="neither")],
        "on": [str, int, None],
        "agg": [StrOptions({"mean", "median", "min", "max", "first", "last"})],
    }

    def __init__(self, freq=1.0, *, on=None, agg="mean"):
        self.freq = freq
        self.on = on
        self.agg = agg

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the sequences, and remember their channels or columns.

        Parameters
        ----------
        X : container of sequences of numbers, or list of DataFrame
            As in `SequenceImputer.fit`; frames may be in any order of times.
        y : None
            Ignored.

        Returns
        -------
        SequenceResampler
            The fitted transformer.
        """
        with rollback_on_error(self):
            _, times = self._read(X, reset=True)
            self._step(times)
        return self

    def transform(self, X):
        """Aggregate what happened in each step.

        Parameters
        ----------
        X : container of sequences of numbers, or list of DataFrame
            With the channels or columns seen in `fit`.

        Returns
        -------
        same kind of container
            Frames are those of pandas, indexed by the time at which each step begins;
            numbers are float64. An array (n, T, D) is padded again; other lists are
            lists of arrays, and a table is a table. Columns of sequences in a frame
            are such columns again, beside static columns as they were.

        Raises
        ------
        TypeError, ValueError
            If `freq` does not suit the times, or `X` is not like that of `fit`.
        """
        check_is_fitted(self)
        sequences, times = self._read(X, reset=False)
        step = self._step(times)
        owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
        origin = times.groupby(owner).transform("min")
        if isinstance(step, pd.Timedelta):
            bins = ((times - origin) // step).to_numpy()
        else:
            bins = np.floor((times - origin) / step + _ROUNDING).to_numpy()
        lengths = pd.Series(bins).groupby(owner).max().to_numpy() + 1
        if lengths.sum() > _MOST_STEPS:
            raise ValueError(
                f"freq={self.freq!r} would make {lengths.sum():.3g} steps of the "
                f"{len(times)} of X; choose a longer one."
            )
        lengths = lengths.astype(np.int64)
        starts = np.cumsum(lengths) - lengths
        values = self._aggregate(sequences, times, starts[owner] + bins.astype(int))
        values = values.reindex(range(lengths.sum()))
        first = origin.groupby(owner).first().repeat(lengths).reset_index(drop=True)
        place = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        return self._restore(X, values, lengths, first + place * step)

    def _aggregate(self, sequences, times, places):
        """Return one row for each step in which something happened."""
        values = pd.DataFrame(sequences.values)
        if sequences.columns is not None:
            values.columns = sequences.columns
        how = np.where(numeric_columns(values), self.agg, "last")
        order = np.argsort(times.to_numpy(), kind="stable")
        steps = values.iloc[order].groupby(places[order])
        return steps.agg(dict(zip(values.columns, how, strict=True)))

    def _restore(self, X, values, lengths, times):
        """Return the steps in the kind of container that X is."""
        container = open_container(X)
        if container.ndim == 1 and is_frame(container.items[0]):
            values.index = pd.Index(times, name=self.on)
            ends = np.cumsum(lengths)
            bounds = zip(ends - lengths, ends, strict=True)
            elements = [values.iloc[start:stop] for start, stop in bounds]
        else:
            sequences = Sequences(values.to_numpy(np.float64), lengths)
            if container.ndim == 3:
                return to_padded(sequences, int(lengths.max()))
            n_columns = container.n_columns_by_hand
            is_by_hand = n_columns == getattr(self, "n_features_in_", None) is not None
            if container.ndim == 2 or is_by_hand:
                return sequences.values.reshape(len(lengths), -1)
            is_flat = values.shape[1] == 1 and np.ndim(container.items[0]) == 1
            elements = [x[:, 0] if is_flat else x for x in sequences.to_list()]
        if container.nested is None:
            return elements
        is_single = len(container.nested) == 1
        return nest(elements, container, None if is_single else values.columns)

    def _read(self, X, *, reset):
        """Return validated sequences, and the times of their steps in one Series."""
        sequences, times = self._split(X, reset=reset)
        return sequences, read_times(times, sequences.lengths, "X")

    def _split(self, X, *, reset):
        """Return validated sequences, and the times of their steps as they are."""
        container = open_container(X)
        if container.ndim == 1 and is_frame(container.items[0]):
            frames, times = self._split_times(read_each(container.items, "X"))
            sequences = self._validate(frames, reset=reset)
            if container.table is not None:
                validate_data(self, container.table, reset=reset, skip_check_array=True)
            return sequences, times
        sequences = self._validate(X, reset=reset)
        if self.on is None:
            count = np.arange(sequences.lengths.sum())
            shift = np.repeat(sequences.starts, sequences.lengths)
            return sequences, pd.Series(count - shift)
        return self._split_channel(sequences)

    def _split_channel(self, sequences):
        """Return sequences of numbers without their times, and the times."""
        values, columns = sequences.values, sequences.columns
        named = [] if columns is None else columns.tolist()
        channel = named.index(self.on) if self.on in named else self.on
        if len(values.T) < 2 or channel not in range(len(values.T)):
            raise ValueError(
                f"on={self.on!r}, but X has the channels "
                f"{named or [*range(values.shape[1])]}; pass that of the times, and at "
                "least one other."
            )
        times = pd.Series(values[:, channel])
        left = None if columns is None else columns.delete(channel)
        values = np.delete(values, channel, axis=1)
        return replace(sequences, values=values, columns=left), times

    def _validate(self, X, *, reset):
        """Validate numbers or events, with missing values."""
        sequences = validate_sequences(
            self, X, allow_nan=True, static="ignore", reset=reset
        )
        if sequences.kind == "tokens":
            raise TypeError(
                "X holds tokens, but numbers or DataFrames with times are expected."
            )
        return sequences

    def _split_times(self, frames):
        """Return frames without their times, and the times of all rows."""
        if self.on is None:
            index = [frame.index.get_level_values(-1) for frame in frames]
            times = pd.Series(index[0].append(index[1:])).reset_index(drop=True)
            return [frame.reset_index(drop=True) for frame in frames], times
        for position, frame in enumerate(frames):
            if self.on not in frame.columns.tolist():
                raise ValueError(
                    f"X[{position}] has no column {self.on!r} of times; it has "
                    f"{list(frame.columns)}. events_to_sequences leaves the column of "
                    "`order` out, unless `columns` names it."
                )
        times = pd.concat([frame[self.on] for frame in frames], ignore_index=True)
        return [frame.drop(columns=self.on) for frame in frames], times

    def _step(self, times):
        """Return `freq` in the unit of the times, or raise if it does not fit them."""
        if not types.is_numeric_dtype(times):
            return self._timedelta()
        if isinstance(self.freq, str):
            raise ValueError(
                f"freq={self.freq!r}, but the times of X are numbers; pass a number in "
                "their unit, or name a column of dates by `on`."
            )
        return self.freq

    def _timedelta(self):
        """Return `freq` as a Timedelta."""
        if isinstance(self.freq, str):
            for text in (self.freq, f"1{self.freq}"):
                try:
                    step = pd.Timedelta(text)
                except ValueError:
                    continue
                if step > pd.Timedelta(0):
                    return step
        raise ValueError(
            f"freq={self.freq!r}, but the times of X are dates or durations; pass a "
            "fixed time such as '15min', '1h' or '7D'."
        )

    def __sklearn_is_fitted__(self):
        """Return whether `fit` was called: sequences of events leave no number."""
        return hasattr(self, "_input_kind")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
