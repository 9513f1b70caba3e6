"""Fill missing values inside sequences."""

from copy import copy
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    VersionedPickles,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.preprocessing import event_gaps
from sklearn_seqattn.preprocessing.channel_statistics import center_and_scale
from sklearn_seqattn.preprocessing.gaps import (
    carry_forward,
    check_fill_values,
    elapsed,
    interpolate,
)
from sklearn_seqattn.preprocessing.output import TableFeatureNamesMixin, restore
from sklearn_seqattn.sequences import Sequences, validate_sequences
from sklearn_seqattn.sequences.checks import as_float
from sklearn_seqattn.sequences.event_columns import numeric_columns
from sklearn_seqattn.sequences.store import SequenceStore

_FILL = {"last": carry_forward, "linear": interpolate}


class SequenceImputer(
    TableFeatureNamesMixin, TransformerMixin, VersionedPickles, BaseEstimator
):
    """Fill missing values (NaN) inside each sequence.

    Each channel is filled by itself. No value passes from one sequence to another:
    only the mean or the median of the training data does. In frames a missing category
    becomes the category "missing", all categories become strings, and dates pass.

    Parameters
    ----------
    strategy : {"last", "mean", "median", "constant", "linear"}, default="last"
        * "last": the last observed value of the sequence;
        * "mean", "median": that of the channel over all observed training steps;
        * "constant": `fill_value`;
        * "linear": on the line between the observed values on both sides.

        Where "last" has no value before a gap, or "linear" none on one side, the mean
        of the channel is taken.
    fill_value : float or None, default=None
        The value for ``strategy="constant"``; None is 0. Others ignore it.
    add_indicator : bool, default=False
        Whether to append a channel for each channel with values missing in `fit`: 1
        where its value was missing, else 0.
    add_elapsed : bool or str, default=False
        Whether to append a channel for each channel with values missing in `fit`: the
        number of steps since its last observed value, 0 where it is observed; before
        its first value, the number of steps since the first. For frames, the name of
        a column of numbers or of dates without missing values takes the time from this
        column; that of dates is in seconds.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i), on both sides.

    Attributes
    ----------
    statistics_ : ndarray of shape (D,)
        The value for each channel where the sequence itself does not give one. It is
        0 for a channel without any observed training value (`fill_value` for
        ``strategy="constant"``). For events, D counts the columns of numbers.
    has_missing_ : ndarray of shape (D,), bool
        Which channels had missing values in `fit`.
    input_size_ : int
        Channels, if the sequences seen in `fit` were numeric.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    SequenceScaler : Scale each channel; NaN stays.
    SequenceResampler : Bring irregular times to regular steps.
    sklearn.impute.SimpleImputer : The same for tables of features.

    Notes
    -----
    Trailing steps of an array (n, T, D) that are NaN in all channels are padding, and
    stay NaN. Every other NaN is a gap, in lists and tables also at the end.

    A channel without any observed training value is kept, as by ``SimpleImputer(
    keep_empty_features=True)``: the number of channels does not depend on which
    sequences a fold of a cross-validation holds.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import SequenceImputer
    >>> X = [[1.0, np.nan, 3.0], [np.nan, 8.0]]
    >>> SequenceImputer().fit_transform(X)
    [array([1., 1., 3.]), array([4., 8.])]
    >>> imputer = SequenceImputer(strategy="linear", add_indicator=True)
    >>> imputer.fit_transform(X)[0]
    array([[1., 0.],
           [2., 1.],
           [3., 0.]])
    """

    _parameter_constraints = {
        "strategy": [StrOptions({"last", "mean", "median", "constant", "linear"})],
        "fill_value": [Interval(Real, None, None, closed="neither"), None],
        "add_indicator": ["boolean"],
        "add_elapsed": ["boolean", str],
        "channels_first": ["boolean"],
    }

    def __init__(
        self,
        strategy="last",
        *,
        fill_value=None,
        add_indicator=False,
        add_elapsed=False,
        channels_first=False,
    ):
        self.strategy = strategy
        self.fill_value = fill_value
        self.add_indicator = add_indicator
        self.add_elapsed = add_elapsed
        self.channels_first = channels_first

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn a value for each channel, and which channels have missing values.

        Parameters
        ----------
        X : container of sequences of numbers, or list of DataFrame
            A list of arrays (T_i,) or (T_i, D), an array (n, T, D) padded with
            trailing NaN steps, a table (n, T) of univariate sequences, or a list of
            frames, one row an event.
        y : None
            Ignored.

        Returns
        -------
        SequenceImputer
            The fitted transformer.
        """
        with rollback_on_error(self):
            sequences = self._read(X, reset=True, join=False)
            is_events = sequences.kind == "events"
            self._is_number = numeric_columns(sequences.values) if is_events else None
            if isinstance(self.add_elapsed, str):
                self._times(sequences)
            if is_events:
                sequences = sequences.with_values(self._numbers(sequences))
            self.statistics_ = self._learn_statistics(sequences)
            self.has_missing_ = np.isnan(sequences.channel_ranges()[0])
        return self

    def transform(self, X):
        """Fill the gaps.

        Parameters
        ----------
        X : container of sequences of numbers, or list of DataFrame
            With the channels or columns seen in `fit`.

        Returns
        -------
        same kind of container
            A table comes back as an array (or as `set_output` says), and as an array
            (n, T, D) if channels are appended; a list comes back as a list of arrays
            or of pandas DataFrames. Indicators come after the channels of X, and
            elapsed times after them. Frames name them ``missingindicator_<column>`` and
            ``elapsed_<column>``. float32 stays.
            A `SequenceStore` comes back as one that is filled whenever it is read.
        """
        check_is_fitted(self)
        if isinstance(X, SequenceStore):
            self._read(X, reset=False, join=False)
            return X._with_function(copy(self)._transform_steps)
        sequences = self._read(X, reset=False)
        values = self._impute(sequences)
        columns = self._columns_out(sequences.columns)
        if sequences.kind == "events":
            values = event_gaps.join_columns(
                values, sequences.values, self._is_number, columns
            )
        return restore(
            sequences.with_values(values),
            X,
            n_features=getattr(self, "n_features_in_", None),
            channels_first=self.channels_first,
            columns=columns,
        )

    def _impute(self, sequences):
        """Return numbers without gaps, and the channels that are added, (S, D')."""
        numbers, times = self._numbers(sequences), self._times(sequences)
        is_missing = np.isnan(numbers)
        first = np.repeat(sequences.starts, sequences.lengths)
        added = self._added(is_missing[:, self.has_missing_], first, times)
        filled = [self._fill(numbers, is_missing, first), *added]
        return np.hstack(filled, dtype=numbers.dtype)

    def _transform_steps(self, steps):
        """Return the steps of one sequence of a store, (T, D), without gaps."""
        return self._impute(Sequences(as_float(steps), np.array([len(steps)])))

    def _learn_statistics(self, sequences):
        """Return the value of each channel where a sequence does not give one."""
        n_channels = sequences.values.shape[1]
        if self.strategy == "constant" or n_channels == 0:
            return np.full(n_channels, self.fill_value or 0.0, dtype=np.float64)
        method = "robust" if self.strategy == "median" else "standard"
        with np.errstate(over="ignore", invalid="ignore"):
            center, _ = center_and_scale(sequences, np.ones(len(sequences)), method)
        if not np.isfinite(center).all():
            raise ValueError(
                f"Channel {np.isfinite(center).argmin()} of X has numbers whose sum is "
                "beyond float64 (about 1e308); divide them by a constant first."
            )
        return center

    def _fill(self, numbers, is_missing, first):
        """Return numbers (S, D) without gaps."""
        check_fill_values(self.statistics_, numbers.dtype)
        filled = numbers.copy()
        for channel in np.flatnonzero(is_missing.any(axis=0)):
            column = filled[:, channel]
            if self.strategy in _FILL:
                column[:] = _FILL[self.strategy](column, first)
            column[np.isnan(column)] = self.statistics_[channel]
        return filled

    def _added(self, is_missing, first, times):
        """Return indicators and elapsed times, (S, n_missing) each, where wanted."""
        added = [is_missing] if self.add_indicator else []
        if times is not None:
            since = np.empty(is_missing.shape)
            for channel, missing in enumerate(is_missing.T):
                since[:, channel] = elapsed(missing, first, times)
            added.append(since)
        return added

    def _numbers(self, sequences):
        """Return the channels of numbers (S, D), NaN where they are missing."""
        if sequences.kind == "numeric":
            return sequences.values
        return event_gaps.numbers_of(sequences.values, self._is_number)

    def _times(self, sequences):
        """Return the time of each step (S,), or None if no elapsed time is wanted."""
        if isinstance(self.add_elapsed, str):
            return event_gaps.times_of(sequences, self.add_elapsed, self._is_number)
        return np.arange(len(sequences.values)) if self.add_elapsed else None

    def _columns_out(self, columns):
        """Return the column names of frames, those of appended channels included."""
        if columns is None:
            return None
        numeric = slice(None) if self._is_number is None else self._is_number
        new = columns[numeric][self.has_missing_]
        added = {"missingindicator_": self.add_indicator, "elapsed_": self.add_elapsed}
        return event_gaps.with_added(columns, new, added)

    @property
    def _keeps_tables(self):
        """Whether a table stays one, because no channel is appended."""
        adds = self.add_indicator or self.add_elapsed
        return not (adds and self.has_missing_.any())

    def _read(self, X, *, reset, join=True):
        """Validate numbers or events, with missing values."""
        sequences = validate_sequences(
            self,
            X,
            channels_first=self.channels_first,
            allow_nan=True,
            static="ignore",
            reset=reset,
            join=join,
        )
        if sequences.kind == "tokens":
            raise TypeError(
                "X holds tokens, which are never missing; pass numbers or DataFrames."
            )
        return sequences

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
