"""The scale of outputs that has the least loss, the inverse of a temperature."""

import numpy as np
from scipy.optimize import minimize_scalar

#: Bounds of the scales that are searched.
_SCALES = (0.05, 20.0)


def best_scale(outputs, loss):
    """Return the scale of least loss; 1 where no other is better.

    Parameters
    ----------
    outputs : ndarray of shape (n, K)
        Logits or values.
    loss : callable
        From scaled outputs to a number.

    Returns
    -------
    scale : float
    """
    found = least(lambda s: loss(np.exp(s) * outputs), np.log(_SCALES), [0.0])
    return float(np.exp(found))


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
