"""Encode events with several features as numeric sequences."""

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    OneToOneFeatureMixin,
    TransformerMixin,
)
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import VersionedPickles, fit_context, rollback_on_error
from sklearn_seqattn.preprocessing.distinct_categories import warn_distinct
from sklearn_seqattn.preprocessing.output import restore
from sklearn_seqattn.preprocessing.time_features import find_times
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.event_columns import check_kinds, numeric_columns


class EventEncoder(
    OneToOneFeatureMixin,
    TransformerMixin,
    VersionedPickles,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Encode events with categories, numbers and times as numeric sequences.

    Columns of numbers become one channel each, in their order: integers, floats,
    booleans, decimals, and durations in seconds. Each column of dates becomes two to
    seven channels after them: the times since the event before and since the first
    event, standardized on a logarithmic scale; and, where the dates of `fit` are far
    enough apart, the place between the first and the last of them, and the sine and
    the cosine of the hour and of the day of the week. Last, columns of strings or
    categories are one-hot encoded: one channel a category. A category that was not
    seen in `fit` is zero in all channels of its column. Numeric sequences do not
    change.

    Parameters
    ----------
    timestamp : str or None, default=None
        Where X is events: the column by which those of a sequence are ordered, in
        which times must not go back. It holds dates, or numbers in any unit. Columns
        of dates are read as times without it.

    Attributes
    ----------
    encoder_ : OneHotEncoder or None
        The fitted encoder of the columns of categories; None if there are none.
    times_ : list of TimeFeatures
        Describes each column of times.
    input_size_ : int
        Channels, if the sequences seen in `fit` were numeric.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    StateEncoder : Encode sequences of a single categorical feature as ids.
    SequenceScaler : Scale the channels.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqattn import EventEncoder
    >>> X = [pd.DataFrame({"activity": ["open", "close"], "hours": [0.0, 5.0]}),
    ...      pd.DataFrame({"activity": ["open"], "hours": [1.5]})]
    >>> encoder = EventEncoder().fit(X)
    >>> encoder.get_feature_names_out()
    array(['hours', 'activity_close', 'activity_open'], dtype=object)
    >>> encoder.transform(X)[0]
    array([[0., 0., 1.],
           [5., 1., 0.]])
    """

    _parameter_constraints = {"timestamp": [str, None]}

    def __init__(self, *, timestamp=None):
        self.timestamp = timestamp

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the categories and the scales of times.

        Parameters
        ----------
        X : list of DataFrame
            One row an event, the same columns in each, as frames of pandas, polars,
            pyarrow or modin. Dates that are the row index of pandas are one more
            column. Or any container of numeric sequences.
        y : None
            Ignored.

        Returns
        -------
        EventEncoder
            The fitted transformer.
        """
        with rollback_on_error(self):
            return self._fit_sequences(self._read(X, reset=True))

    def transform(self, X):
        """Encode events as numbers.

        Parameters
        ----------
        X : list of DataFrame
            With the columns seen in `fit`, of the same kinds.

        Returns
        -------
        list of ndarray of shape (T_i, n_channels), float64
            One array a sequence. Numeric sequences are returned in their own
            container.
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        if sequences.kind == "events":
            return self._transform_sequences(sequences).to_list()
        n_features = getattr(self, "n_features_in_", None)
        return restore(sequences, X, n_features=n_features)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the channels, or of the columns of a table.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of a table; ignored for sequences of events.

        Returns
        -------
        ndarray of str objects
            The names.
        """
        check_is_fitted(self)
        if hasattr(self, "n_features_in_"):
            return super().get_feature_names_out(input_features)
        if self._input_columns is None:
            return np.array([f"x{i}" for i in range(self.input_size_)], dtype=object)
        if self.encoder_ is None:
            return np.asarray(self._input_columns.astype(str), dtype=object)
        numeric = self._input_columns[self._is_number]
        times = [name for times in self.times_ for name in times.names]
        categories = self.encoder_.get_feature_names_out()
        return np.array([*map(str, numeric), *times, *categories], dtype=object)

    def _fit_sequences(self, sequences):
        """Learn from validated sequences of events."""
        self.encoder_, self.times_ = None, []
        if sequences.kind == "events":
            events, lengths = sequences.values, sequences.lengths
            self.times_ = [
                times.fit(events[times.column], lengths)
                for times in find_times(events, self.timestamp)
            ]
            is_time = events.columns.isin([times.column for times in self.times_])
            self._is_number = numeric_columns(events) & ~is_time
            self.encoder_ = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
            warn_distinct(events)
            self.encoder_.fit(self._categories(events))
        return self

    def _categories(self, events):
        """Return the columns of categories; OneHotEncoder knows names by strings."""
        is_time = events.columns.isin([times.column for times in self.times_])
        return events.loc[:, ~self._is_number & ~is_time].rename(columns=str)

    def _transform_sequences(self, sequences):
        """Encode validated sequences of events; return numeric ones as they are."""
        if sequences.kind == "numeric":
            return sequences
        events, lengths = sequences.values, sequences.lengths
        times = [
            times.transform(events[times.column], lengths) for times in self.times_
        ]
        is_time = events.columns.isin([times.column for times in self.times_])
        others, is_number = events.loc[:, ~is_time], self._is_number[~is_time]
        known = zip(others.columns[~is_number], self.encoder_.categories_, strict=True)
        check_kinds(others, dict(known), "X")
        numbers = events.loc[:, self._is_number].to_numpy(np.float64)
        one_hot = self.encoder_.transform(self._categories(events))
        return sequences.with_values(np.hstack([numbers, *times, one_hot]))

    def _read(self, X, *, reset):
        """Validate events or numbers."""
        sequences = validate_sequences(self, X, reset=reset)
        if sequences.kind == "tokens":
            raise TypeError(
                "X holds tokens, but DataFrames with one row an event are expected; "
                "use StateEncoder, or make a column of each sequence."
            )
        if self.timestamp is None:
            return sequences
        if sequences.columns is None or self.timestamp not in sequences.columns:
            raise ValueError(
                f"timestamp={self.timestamp!r} is no column of X, which has "
                f"{None if sequences.columns is None else list(sequences.columns)}."
            )
        if sequences.kind == "numeric":  # all columns hold numbers, this one times
            values = pd.DataFrame(sequences.values, columns=sequences.columns)
            sequences = replace(sequences, values=values)
        elif isinstance(sequences.values[self.timestamp].dtype, pd.CategoricalDtype):
            raise TypeError(
                f"The times in column {self.timestamp!r} are neither dates nor numbers;"
                " convert them with pandas.to_datetime."
            )
        return sequences

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
