"""Losses of single rows by how outputs become predictions, and where they are least."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

#: Bounds of the scales that are searched.
_SCALES = (0.05, 20.0)


def _class_losses(outputs, targets):
    """Return the log loss of the code of each class."""
    return -log_softmax(outputs, axis=1)[np.arange(len(targets)), targets]


def _label_losses(outputs, targets):
    """Return the sum of the log losses of the labels of each row."""
    sides = np.where(np.asarray(targets) > 0.5, outputs, -outputs)
    return -log_expit(sides).sum(axis=1)


def _squared_errors(outputs, targets):
    """Return the sum of the squared errors of each row."""
    return ((outputs - targets) ** 2).sum(axis=1)


#: By the activation of outputs (n, K): a function of outputs and targets. Targets are
#: codes of classes (n,), or 0 and 1 for each label (n, K), or numbers (n, K).
ROW_LOSSES = {
    "softmax": _class_losses,
    "sigmoid": _label_losses,
    "identity": _squared_errors,
}


def mean_loss(activation, outputs, targets, weights=None):
    """Return the mean loss of rows.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        Which of `ROW_LOSSES`.
    outputs : ndarray of shape (n, K)
        Logits or values.
    targets : ndarray of shape (n,) or (n, K)
        As in `ROW_LOSSES`.
    weights : ndarray of shape (n,), default=None
        The weight of each row; all 1 by default.

    Returns
    -------
    loss : float
    """
    return np.average(ROW_LOSSES[activation](outputs, targets), weights=weights)


def best_scale(activation, outputs, targets, weights=None):
    """Return the scale of outputs that has the least loss; 1 where no other is better.

    It is the inverse of a temperature.

    Parameters
    ----------
    activation, outputs, targets, weights
        As in `mean_loss`.

    Returns
    -------
    scale : float
    """

    def loss_at(log_scale):
        return mean_loss(activation, np.exp(log_scale) * outputs, targets, weights)

    return float(np.exp(least(loss_at, np.log(_SCALES), [0.0])))


def least(function, bounds, also):
    """Return where a function of one minimum is least; one of `also` if it is less.

    Parameters
    ----------
    function : callable
        From a number to a number.
    bounds : pair of float
        Where to look.
    also : sequence of float
        Further places.

    Returns
    -------
    place : float
    """
    options = {"xatol": 1e-4}
    found = minimize_scalar(function, bounds=bounds, method="bounded", options=options)
    places = [*also, float(found.x)]
    return places[int(np.argmin([function(place) for place in places]))]
