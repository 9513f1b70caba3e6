"""AttentionLSTMRegressor: one number, or several, for each sequence."""

import numpy as np
import torch
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_array
from torch import nn

from sklearn_seqattn.base import BaseSequenceEstimator
from sklearn_seqattn.fitting import check_same_length


class AttentionLSTMRegressor(RegressorMixin, BaseSequenceEstimator):
    """DOC"""

    # A fitted network is run in double precision: a prediction has all the digits
    # of its target, however large, and batch mates do not touch one of them.
    _prediction_dtype = torch.float64

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X, y, sample_weight=None, *, validation_data=None, X_val=None, y_val=None
    ):
        """Fit the network to sequences with known targets.

        Parameters
        ----------
        X : sequences
            n sequences in any container that `AttentionLSTMClassifier.fit` takes.
        y : array-like of shape (n,) or (n, n_targets)
            The targets of each sequence; they are standardised inside.
        sample_weight, validation_data, X_val, y_val
            As in `AttentionLSTMClassifier.fit`.

        Returns
        -------
        self : AttentionLSTMRegressor

        Raises
        ------
        ValueError, TypeError
            If the input or a parameter is not usable; nothing is trained then.
        FloatingPointError
            If the training loss becomes NaN or infinite. An earlier fit is kept.
        """
        return self._fit(X, y, sample_weight, (validation_data, X_val, y_val))

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on some sequences, at a constant learning rate.

        The first call learns how inputs and targets are scaled; later calls go on
        from there.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self : AttentionLSTMRegressor
        """
        return self._partial_fit(X, y, sample_weight)

    def _check_y(self, y, n_samples):
        """Check y and give it as numbers (n,) or (n, n_targets)."""
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if y.ndim not in (1, 2):
            raise ValueError(
                f"y has {y.ndim} dimensions; give (n,) or (n, n_targets)."
            )
        check_same_length(n_samples, len(y))
        return y

    def _learn_targets(self, y, classes):
        """Learn the number of targets."""
        self._target_shape = y.shape[1:]

    def _encode_targets(self, y):
        """Give the targets as columns (n, n_targets)."""
        if y.shape[1:] != self._target_shape:
            raise ValueError(
                f"y has the shape {y.shape}, but the regressor was fitted on "
                f"{('n', *self._target_shape)}."
            )
        return y.reshape(len(y), -1)

    def _fit_targets(self, targets, weights):
        """Learn mean and deviation of each target; constant ones keep their unit."""
        self.target_mean_ = np.average(targets, axis=0, weights=weights)
        variance = np.average(
            (targets - self.target_mean_) ** 2, axis=0, weights=weights
        )
        self.target_scale_ = np.where(variance > 0, np.sqrt(variance), 1.0)

    def _network_targets(self, targets):
        """Standardise the targets."""
        standardised = (targets - self.target_mean_) / self.target_scale_
        return standardised.astype(np.float32)

    @property
    def _n_outputs(self):
        """The number of targets."""
        return int(np.prod(self._target_shape, dtype=int))

    def _loss(self):
        """Make the loss of single rows."""
        return nn.MSELoss(reduction="none")

    def predict(self, X):
        """Predict the targets of each sequence.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_targets), float64
        """
        y = self._outputs(X) * self.target_scale_ + self.target_mean_
        return y.reshape(-1, *self._target_shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
