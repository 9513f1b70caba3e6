"""Random convolution features as a transformer, for use before any linear model."""

from numbers import Integral

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    Interval,
    VersionedPickles,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.kernels.fitting import DatasetSteps
from sklearn_seqattn.nn.kernel_features import compute_features, feature_names
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions
from sklearn_seqattn.preprocessing import SequenceScaler
from sklearn_seqattn.preprocessing.gain import (
    as_float32,
    check_range,
    control_gain,
    standardize,
)
from sklearn_seqattn.preprocessing.output import label_rows
from sklearn_seqattn.sequences import validate_sequences
from sklearn_seqattn.training import isolated_torch, predicting
from sklearn_seqattn.training.batching import SequenceDataset


class RandomKernelFeatures(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, VersionedPickles, BaseEstimator
):
    """Turn sequences of numbers into a table of random convolution features.

    Each feature is the share of a sequence's steps at which one of 84 fixed
    convolutions, at one of up to 32 dilations and over a random subset of the
    channels, exceeds one threshold. The thresholds are quantiles of the
    responses to training sequences. Only real steps count, so sequences
    of any lengths may be mixed, and no feature depends on the other sequences that
    are transformed. Low-amplitude sequences are amplified first, as in
    `AttentionLSTMClassifier`. Channels with heavy tails (an excess kurtosis above
    100, as counts and amounts of money have) are read by their ranks.

    Standardize the features before a linear model, for example by
    `sklearn.preprocessing.StandardScaler`, and let the model choose its penalty
    up to large values: there are usually more features than sequences.

    Parameters
    ----------
    n_features : int, default=10_000
        Wanted number of features, rounded down to a multiple of 84; at least 84
        are made.

    channels_first : bool, default=False
        Whether arrays are ``(n, D, T)`` and elements of lists ``(D, T_i)``.

    random_state : int, RandomState instance or None, default=None
        Draws the channels of each convolution, and the training sequences from
        which its thresholds come.

    Attributes
    ----------
    kernels_ : RandomConvolutions
        The convolutions, a torch module.

    mean_ : ndarray of shape (D,)
        Mean of each channel over all training steps.

    scale_ : ndarray of shape (D,)
        Standard deviation of each channel, 1 where a channel is constant.

    input_size_ : int
        Channels D.

    n_features_in_ : int
        Number of columns, if `fit` saw a table of univariate series.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `fit` saw a DataFrame with names that are strings.

    References
    ----------
    Dempster, A., Schmidt, D. F., Webb, G. I. (2021). MiniRocket: A very fast
    (almost) deterministic transform for time series classification. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifierCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_seqattn import RandomKernelFeatures
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=rng.integers(20, 40)) for _ in range(60)]
    >>> y = np.arange(60) % 2
    >>> X = [np.cumsum(x) if label else x for x, label in zip(X, y)]
    >>> model = make_pipeline(
    ...     RandomKernelFeatures(n_features=840, random_state=0),
    ...     StandardScaler(),
    ...     RidgeClassifierCV(np.logspace(-3, 3, 10)),
    ... )
    >>> model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9
    True
    """

    _parameter_constraints = {
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "channels_first": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(self, *, n_features=10_000, channels_first=False, random_state=None):
        self.n_features = n_features
        self.channels_first = channels_first
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Draw the convolutions and take their thresholds from the sequences.

        Parameters
        ----------
        X : list, array-like or DataFrame
            Sequences of numbers, of any lengths, in any accepted container.

        y : None
            Not used.

        Returns
        -------
        RandomKernelFeatures
            The fitted transformer itself.
        """
        with rollback_on_error(self):
            sequences = self._read(X, reset=True)
            with np.errstate(over="ignore", invalid="ignore"):
                scaler = SequenceScaler()._fit_sequences(sequences)
            check_range(scaler.scale_)
            self.mean_, self.scale_ = scaler.center_, scaler.scale_
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            with isolated_torch(int(seed)):
                self.kernels_ = RandomConvolutions(
                    input_size=self.input_size_,
                    max_length=int(sequences.lengths.max()),
                    n_features=int(self.n_features),
                )
                generator = torch.Generator().manual_seed(int(seed))
                self.kernels_.fit(*self._steps(sequences), generator)
        return self

    def transform(self, X):
        """Compute the features.

        Parameters
        ----------
        X : list, array-like or DataFrame
            Sequences of numbers with the channels seen in `fit`, of any lengths.

        Returns
        -------
        ndarray of shape (n, n_features), float32
            Shares between 0 and 1.
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        with predicting():
            features = compute_features(self.kernels_, *self._steps(sequences))
        return label_rows(self, features.numpy(), X)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features.

        The name ``"kernel5_dilation2_channels0+3_threshold1"`` is that of the share of
        steps at which kernel 5 of 84, dilated by 2 and over the sum of the channels 0
        and 3, exceeds its second threshold at this dilation.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used, but checked where `fit` saw a table.

        Returns
        -------
        ndarray of shape (n_features,), dtype object
            One name a feature, in the order of the columns of `transform`.
        """
        super().get_feature_names_out(input_features)
        return np.array(feature_names(self.kernels_), dtype=object)

    def _read(self, X, *, reset):
        """Validate sequences of numbers."""
        sequences = validate_sequences(
            self,
            X,
            tokens=False,
            channels_first=self.channels_first,
            reset=reset,
            join=False,
        )
        if sequences.kind != "numeric":
            raise ValueError(
                f"X holds {sequences.kind}, but {type(self).__name__} needs sequences "
                "of numbers; encode the other columns first."
            )
        return sequences

    def _steps(self, sequences):
        """Return the steps and the lengths of sequences, scaled when they are read."""
        dataset = SequenceDataset(
            sequences.values,
            sequences.lengths,
            starts=sequences.starts,
            encode=self._scale,
        )
        return DatasetSteps(dataset), torch.from_numpy(sequences.lengths)

    def _scale(self, steps, lengths):
        """Scale in float64, so that large offsets lose no precision."""
        values = standardize(steps, self.mean_, self.scale_)
        return as_float32(control_gain(values, lengths))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self):
        """Number of columns that `transform` returns."""
        return self.kernels_.output_size
