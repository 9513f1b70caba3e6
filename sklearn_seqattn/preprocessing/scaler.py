"""Scale the channels of sequences over their real steps."""

from functools import partial

import numpy as np
from sklearn.base import (
    BaseEstimator,
    TransformerMixin,
)
from sklearn.utils.validation import (
    check_is_fitted,
)

from sklearn_seqattn._estimator import (
    StrOptions,
    VersionedPickles,
    check_sample_weight,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.preprocessing.channel_statistics import center_and_scale
from sklearn_seqattn.preprocessing.output import TableFeatureNamesMixin, restore
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.array_list import steps_at_once
from sklearn_seqattn.sequences.store import SequenceStore


class SequenceScaler(
    TableFeatureNamesMixin, TransformerMixin, VersionedPickles, BaseEstimator
):
    """Shift and scale each channel by statistics over all real steps.

    A channel is scaled in the same way at every step, so that the shape of a sequence
    is kept. Padding is left out of the statistics and stays padding. A constant channel
    is only shifted. Missing values (NaN) are left out of the statistics and stay NaN; a
    channel without any observed value stays as it is.

    Parameters
    ----------
    method : {"standard", "robust", "minmax"}, default="standard"
        * "standard": subtract the mean, divide by the standard deviation;
        * "robust": subtract the median, divide by the interquartile range;
        * "minmax": map minimum and maximum to 0 and 1.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i), on both sides.

    Attributes
    ----------
    center_ : ndarray of shape (D,)
        The number that is subtracted from each channel.
    scale_ : ndarray of shape (D,)
        The number that each channel is divided by.
    input_size_ : int
        Channels D.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    SequenceImputer : Fill missing values.
    SequencePadder : Pad sequences to one array.

    Notes
    -----
    A table is a set of univariate sequences: its columns are steps of one channel, and
    all of them are scaled by the same numbers. To scale each column by itself, use
    scikit-learn's scalers.

    Examples
    --------
    >>> from sklearn_seqattn import SequenceScaler
    >>> X = [[[0.0, 5.0], [2.0, 5.0]], [[4.0, 5.0]]]
    >>> scaler = SequenceScaler(method="minmax").fit(X)
    >>> scaler.transform(X)[0]
    array([[0. , 0. ],
           [0.5, 0. ]])
    """

    _parameter_constraints = {
        "method": [StrOptions({"standard", "robust", "minmax"})],
        "channels_first": ["boolean"],
    }

    def __init__(self, *, method="standard", channels_first=False):
        self.method = method
        self.channels_first = channels_first

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn the statistics of each channel.

        Parameters
        ----------
        X : container of numeric sequences
            A list of arrays (T_i,) or (T_i, D), an array (n, T, D) padded with
            trailing NaN steps, a table (n, T) of univariate sequences, or a list of
            DataFrames with numeric columns.
        y : None
            Ignored.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the sequences; weight 2 counts as two copies. All ones if None.

        Returns
        -------
        SequenceScaler
            The fitted transformer.

        Raises
        ------
        ValueError
            If the mean or variance of a channel is out of range.
        """
        with rollback_on_error(self), np.errstate(over="ignore", invalid="ignore"):
            sequences = self._read(X, reset=True, join=False)
            self._fit_sequences(sequences, sample_weight)
            if not np.isfinite([self.center_, self.scale_]).all():
                raise ValueError(
                    "X has numbers whose squares are beyond float64 (about 1e308); "
                    "divide them by a constant first."
                )
        return self

    def transform(self, X):
        """Scale each channel.

        Parameters
        ----------
        X : container of numeric sequences
            With the channels seen in `fit`.

        Returns
        -------
        same kind of container
            A table comes back as an array (or as `set_output` says), a list as a list
            of arrays or of DataFrames. float32 stays float32. A `SequenceStore` comes
            back as one whose sequences are scaled whenever they are read.
        """
        check_is_fitted(self)
        if isinstance(X, SequenceStore):
            return self._transform_store(X)
        with np.errstate(over="ignore"):
            sequences = self._transform_sequences(self._read(X, reset=False))
        _check_finite(sequences.values)
        return self._restore(sequences, X)

    def inverse_transform(self, X):
        """Undo the scaling.

        Parameters
        ----------
        X : container of numeric sequences
            With the channels seen in `fit`.

        Returns
        -------
        same kind of container
            As `transform` returns it.
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        with np.errstate(over="ignore"):
            values = sequences.values * self.scale_ + self.center_
            values = values.astype(sequences.values.dtype, copy=False)
        _check_finite(values)
        return self._restore(sequences.with_values(values), X)

    def _fit_sequences(self, sequences, sample_weight=None):
        """Fit to validated sequences with one weight each."""
        weights = check_sample_weight(
            sample_weight,
            sequences.lengths,
            dtype=np.float64,
            ensure_non_negative=True,
        )
        if not weights.all():
            sequences, weights = sequences.take(weights > 0), weights[weights > 0]
        self.center_, self.scale_ = center_and_scale(sequences, weights, self.method)
        return self

    def _transform_sequences(self, sequences):
        """Scale validated sequences; the dtype is kept."""
        values = np.empty_like(sequences.values)
        n_steps = steps_at_once(values)  # float64 copies are kept small
        for start in range(0, len(values), n_steps):
            rows = slice(start, start + n_steps)
            values[rows] = (sequences.values[rows] - self.center_) / self.scale_
        return sequences.with_values(values)

    def _transform_store(self, store):
        """Return a store that is scaled when it is read."""
        sequences = self._read(store, reset=False, join=False)
        function = partial(
            _scaled,
            center=self.center_,
            scale=self.scale_,
            dtype=sequences.values.dtype,
        )
        ranges = np.stack(sequences.channel_ranges())
        with np.errstate(over="ignore"):
            _check_finite(function(ranges))
        return store._with_function(function)

    def _read(self, X, *, reset, join=True):
        """Validate numeric input."""
        return validate_sequences(
            self,
            X,
            tokens=False,
            channels_first=self.channels_first,
            allow_nan=True,
            static="ignore",
            reset=reset,
            join=join,
        )

    def _restore(self, sequences, X):
        """Return sequences in the container that `X` is."""
        return restore(
            sequences,
            X,
            n_features=getattr(self, "n_features_in_", None),
            channels_first=self.channels_first,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _scaled(steps, center, scale, dtype):
    """Return scaled steps of one sequence."""
    return ((steps - center) / scale).astype(dtype)


def _check_finite(values):
    """Raise if scaled numbers have overflowed."""
    is_infinite = np.isinf(values).any(axis=0)
    if is_infinite.any():
        raise ValueError(
            f"Channel {is_infinite.argmax()} of X has numbers that are beyond "
            f"{values.dtype} once they are scaled; look for values far from those of "
            "fit, or divide X by a constant before fit."
        )
