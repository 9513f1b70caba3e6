"""Losses of the regressor: what the network minimizes, and what its outputs mean.

Outputs are standardized: 0 is the constant prediction of least loss. `decode` turns
them into predictions in the unit of the targets.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sklearn_seqattn.attention_lstm.stacking import (
    stack_by_pinball_loss,
    stack_by_poisson_loss,
    stack_by_squared_error,
)

_LOG_LIMITS = np.log([np.finfo(float).tiny, np.finfo(float).max])


@dataclass(frozen=True)
class RegressionLoss:
    """Base of the losses.

    Parameters
    ----------
    loss : str
        Its name, as the regressor takes it.
    quantile : float or None, default=None
        The quantile of ``loss="quantile"``; None for the others.
    """

    loss: str
    quantile: float | None = None

    #: What turns outputs into standardized predictions.
    link = "identity"
    #: Whether least-squares predictions need another line to minimize the loss.
    recalibrates = True

    def check(self, y):
        """Raise ValueError if a target is not one that the loss allows."""

    def decode(self, outputs, center, scale):
        """Return outputs in the unit of the targets."""
        return outputs * scale + center

    def linearize(self, targets):
        """Return standardized targets on the scale of the outputs."""
        return targets


class SquaredError(RegressionLoss):
    """The squared error, least for the mean."""

    recalibrates = False

    def standardization(self, targets, weights):
        """Return mean and standard deviation of each target."""
        mean = np.average(targets, axis=0, weights=weights)
        return mean, _deviation(targets - mean, weights, power=2)

    def module(self):
        """Return the loss of single rows."""
        return nn.MSELoss(reduction="none")

    def stack(self, predictions, targets, weights):
        """Return the shares of predictors and an intercept, by least loss."""
        return stack_by_squared_error(predictions, targets, weights)


class Pinball(RegressionLoss):
    """The absolute error and the pinball loss, least for the median or a quantile."""

    @property
    def level(self):
        """The quantile that is predicted."""
        return 0.5 if self.quantile is None else self.quantile

    def standardization(self, targets, weights):
        """Return the quantile of each target, and the mean distance from it."""
        center = weighted_quantile(targets, weights, self.level)
        return center, _deviation(targets - center, weights, power=1)

    def module(self):
        """Return the loss of single rows."""
        if self.quantile is None:
            return nn.L1Loss(reduction="none")
        return PinballLoss(self.quantile)

    def stack(self, predictions, targets, weights):
        """Return the shares of predictors and an intercept, by least loss."""
        return stack_by_pinball_loss(predictions, targets, weights, self.level)


class PoissonLoss(RegressionLoss):
    """Half the Poisson deviance with a log link, least for the mean."""

    link = "exp"

    def check(self, y):
        """Raise ValueError if a target is negative."""
        if (y < 0).any():
            place = np.argwhere(y < 0)[0].tolist()
            raise ValueError(
                f"y{place} is {y[tuple(place)]}, but loss='poisson' requires "
                "non-negative y."
            )

    def standardization(self, targets, weights):
        """Return 0 and the mean of each target, so that outputs are logarithms."""
        largest = np.maximum(targets.max(axis=0), np.finfo(float).tiny)
        mean = np.average(targets / largest, axis=0, weights=weights) * largest
        if not (mean > 0).all():
            raise ValueError(
                "loss='poisson' requires sum(y) > 0, but all targets of the training "
                f"sequences are 0 in column {int(np.argmin(mean))}."
            )
        return np.zeros_like(mean), mean

    def module(self):
        """Return the loss of single rows."""
        return nn.PoissonNLLLoss(log_input=True, full=False, reduction="none")

    def decode(self, outputs, center, scale):
        """Return outputs, the logarithms, in the unit of the targets; always > 0."""
        return np.exp(np.clip(outputs + np.log(scale), *_LOG_LIMITS))

    def linearize(self, targets):
        """Return logarithms of the targets plus one; their slope at the mean is 1."""
        return 2 * np.log1p(targets)

    def stack(self, predictions, targets, weights):
        """Return the shares of predictors and an intercept, by least loss."""
        return stack_by_poisson_loss(predictions, targets, weights)


class PinballLoss(nn.Module):
    """The pinball loss of each entry.

    Parameters
    ----------
    quantile : float
        Between 0 and 1: the weight of targets above the prediction. Those below have
        the weight ``1 - quantile``.
    """

    def __init__(self, quantile):
        super().__init__()
        self.quantile = quantile

    def forward(self, outputs, targets):
        """Compute the loss of outputs (B, K)."""
        above = targets - outputs
        return torch.maximum(self.quantile * above, (self.quantile - 1) * above)


#: The losses by their names.
LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": Pinball,
    "poisson": PoissonLoss,
    "quantile": Pinball,
}


def make_loss(loss, quantile=None):
    """Return a loss by its name.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "poisson", "quantile"}
        The parameter of the regressor.
    quantile : float or None, default=None
        The parameter of the regressor, which only ``loss="quantile"`` reads.

    Returns
    -------
    loss : RegressionLoss

    Raises
    ------
    ValueError
        If ``loss="quantile"`` has no quantile.

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.losses import make_loss
    >>> make_loss("quantile", 0.9)
    Pinball(loss='quantile', quantile=0.9)
    """
    if loss != "quantile":
        return LOSSES[loss](loss)
    if quantile is None:
        raise ValueError(
            "loss='quantile' needs quantile, a number between 0 and 1; got None."
        )
    return LOSSES[loss](loss, float(quantile))


def weighted_quantile(targets, weights, level):
    """Return the middle of the numbers whose pinball loss is least.

    Parameters
    ----------
    targets : ndarray of shape (n, K)
        The numbers of K columns.
    weights : ndarray of shape (n,)
        The weight of each row.
    level : float
        Between 0 and 1.

    Returns
    -------
    quantiles : ndarray of shape (K,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.losses import weighted_quantile
    >>> weighted_quantile(np.array([[1.0], [2.0], [10.0]]), np.array([1, 1, 2]), 0.5)
    array([6.])
    """
    options = {"weights": weights, "axis": 0, "method": "inverted_cdf"}
    low = np.quantile(targets, level, **options)
    high = -np.quantile(-targets, 1 - level, **options)
    return low / 2 + high / 2


def _deviation(deviations, weights, power):
    """Return the mean deviation of each column, in a power; 1 for a constant one."""
    # Divided by the largest deviation, no power overflows or vanishes.
    largest = np.abs(deviations).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    powers = np.average(np.abs(deviations / largest) ** power, axis=0, weights=weights)
    scale = largest * powers ** (1 / power)
    return np.where(scale > 0, scale, 1.0)
