"""Scale the channels of sequences over their real steps."""

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
from sklearn_seqattn.preprocessing.output import TableFeatureNamesMixin, restore
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.sequences.array_list import steps_at_once


class SequenceScaler(
    TableFeatureNamesMixin, TransformerMixin, VersionedPickles, BaseEstimator
):
    """Shift and scale each channel by statistics over all real steps.

    A channel is scaled in the same way at every step, so that the shape of a sequence
    is kept. Padding is left out of the statistics and stays padding. A constant channel
    is only shifted.

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
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of these columns, if they are all strings.

    See Also
    --------
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
        """
        with rollback_on_error(self), np.errstate(over="ignore", invalid="ignore"):
            self._fit_sequences(self._read(X, reset=True), sample_weight)
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
            of arrays or of DataFrames. float32 stays float32.
        """
        check_is_fitted(self)
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
        lowest, highest = sequences.channel_ranges()
        center, scale = _STATISTICS[self.method](sequences, weights, lowest, highest)
        largest = np.maximum(highest, -lowest)
        # float64 whatever the dtype of X: the same numbers are scaled in the same way.
        eps = np.finfo(np.float64).eps
        is_constant = (lowest == highest) | (scale <= 10 * eps * largest)
        self.center_, self.scale_ = center, np.where(is_constant, 1.0, scale)
        return self

    def _transform_sequences(self, sequences):
        """Scale validated sequences; the dtype is kept."""
        values = np.empty_like(sequences.values)
        n_steps = steps_at_once(values)  # float64 copies are kept small
        for start in range(0, len(values), n_steps):
            rows = slice(start, start + n_steps)
            values[rows] = (sequences.values[rows] - self.center_) / self.scale_
        return sequences.with_values(values)

    def _read(self, X, *, reset):
        """Validate numeric input."""
        return validate_sequences(
            self, X, tokens=False, channels_first=self.channels_first, reset=reset
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
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_finite(values):
    """Raise if scaled numbers have overflowed."""
    is_finite = np.isfinite(values).all(axis=0)
    if not is_finite.all():
        raise ValueError(
            f"Channel {is_finite.argmin()} of X has numbers that are beyond "
            f"{values.dtype} once they are scaled; look for values far from those of "
            "fit, or divide X by a constant before fit."
        )


# Each of the following takes Sequences, weights (n,), and the least and the largest
# number of each channel, (D,) each. It returns center and scale, (D,) each.


def _standard(sequences, weights, lowest, highest):
    """Return means and standard deviations, in float64."""
    # Deviations from the middle are summed, not the numbers: the sum is exact far from
    # zero, and zero for a constant channel.
    middle = lowest.astype(np.float64) / 2 + highest.astype(np.float64) / 2
    center = middle + _mean_power(sequences, weights, middle, 1)
    return center, np.sqrt(_mean_power(sequences, weights, center, 2))


def _mean_power(sequences, weights, center, power):
    """Average a power of the deviations from a center, channel by channel."""
    total = np.zeros(len(center))
    for steps, rows in sequences.blocks():
        # NumPy sums contiguous channels pairwise, whatever the memory order of X.
        channels = np.array(steps.T, dtype=np.float64, order="C")
        channels -= center[:, np.newaxis]
        total += (channels**power * weights[rows]).sum(axis=1)
    return total / (weights @ sequences.lengths)


def _robust(sequences, weights, lowest, highest):
    """Return medians and interquartile ranges."""
    weights = np.repeat(weights, sequences.lengths)  # (S,)
    columns = sequences.joined().values.T
    quartiles = [_weighted_quartiles(column, weights) for column in columns]
    lower, median, upper = np.array(quartiles, dtype=np.float64).T
    return median, upper - lower


def _weighted_quartiles(column, weights):
    """Return the quartiles of a sample in which value i occurs weights[i] times.

    If a quartile falls between two values, it is their mean.
    """
    order = np.argsort(column)
    column, total = column[order], np.cumsum(weights[order])
    wanted = np.array([0.25, 0.5, 0.75]) * total[-1]
    below = np.searchsorted(total, wanted, side="left")
    above = np.searchsorted(total, wanted, side="right")
    return (column[below].astype(np.float64) + column[above]) / 2


def _minmax(sequences, weights, lowest, highest):
    """Return minima and ranges; weights only have to be positive."""
    lowest = lowest.astype(np.float64)
    return lowest, highest - lowest


_STATISTICS = {"standard": _standard, "robust": _robust, "minmax": _minmax}
