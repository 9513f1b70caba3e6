"""Encode events with several features as numeric sequences."""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    OneToOneFeatureMixin,
    TransformerMixin,
)
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import VersionedPickles, fit_context, rollback_on_error
from sklearn_seqattn.preprocessing.output import restore
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.event_columns import check_kinds, numeric_columns


class EventEncoder(
    OneToOneFeatureMixin,
    TransformerMixin,
    VersionedPickles,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Encode events with categorical and numeric features as numeric sequences.

    Columns of numbers become one channel each, in their order: integers, floats,
    booleans, decimals, and durations in seconds. After them, columns of strings or
    categories are one-hot encoded: one channel a category. A category that was not
    seen in `fit` is zero in all channels of its column. Dates and times are refused.
    Numeric sequences do not change.

    Attributes
    ----------
    encoder_ : OneHotEncoder or None
        The fitted encoder of the columns of categories; None if there are none.
    input_size_ : int
        Channels, if the sequences seen in `fit` were numeric.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
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

    _parameter_constraints = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the categories of each column.

        Parameters
        ----------
        X : list of DataFrame
            One row an event, the same columns in each, as frames of pandas, polars,
            pyarrow or modin; or any container of numeric sequences.
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
        categories = self.encoder_.get_feature_names_out()
        return np.array([*map(str, numeric), *categories], dtype=object)

    def _fit_sequences(self, sequences):
        """Learn from validated sequences of events."""
        self.encoder_ = None
        if sequences.kind == "events":
            self._is_number = numeric_columns(sequences.values)
            categories = sequences.values.loc[:, ~self._is_number]
            self.encoder_ = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
            self.encoder_.fit(categories)
        return self

    def _transform_sequences(self, sequences):
        """Encode validated sequences of events; return numeric ones as they are."""
        if sequences.kind == "numeric":
            return sequences
        events = sequences.values
        categories = events.loc[:, ~self._is_number]
        known = zip(categories.columns, self.encoder_.categories_, strict=True)
        check_kinds(events, dict(known), "X")
        numbers = events.loc[:, self._is_number].to_numpy(np.float64)
        one_hot = self.encoder_.transform(categories)
        return sequences.with_values(np.hstack([numbers, one_hot]))

    def _read(self, X, *, reset):
        """Validate events or numbers."""
        sequences = validate_sequences(self, X, reset=reset)
        if sequences.kind == "tokens":
            raise TypeError(
                "X holds tokens, but DataFrames with one row an event are expected; "
                "use StateEncoder, or make a column of each sequence."
            )
        return sequences

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
