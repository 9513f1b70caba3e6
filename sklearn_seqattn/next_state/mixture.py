"""Two distributions made one: a temperature for the first, a weight for each."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_TEMPERATURES = (np.log(0.25), np.log(4.0))  # range of the logarithm


def find_temperature(logits, columns):
    """Find the temperature under which the columns are most probable.

    Parameters
    ----------
    logits : ndarray of shape (N, K)
        Outputs of a network.
    columns : ndarray of shape (N,)
        What was to be predicted.

    Returns
    -------
    float
        The temperature, from 1/4 to 4.

    References
    ----------
    C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    rows = np.arange(len(columns))

    def loss(log_temperature):
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[rows, columns].mean()

    found = minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded")
    return float(np.exp(found.x))


def find_weight(first, second, columns):
    """Find the weight of the first model in the mixture that predicts best.

    Parameters
    ----------
    first, second : ndarray of shape (N, K)
        Log-probabilities of two models.
    columns : ndarray of shape (N,)
        What was to be predicted.

    Returns
    -------
    float
        The weight, from 0 to 1.
    """
    rows = np.arange(len(columns))

    def loss(weight):
        return -mix(first, second, weight)[rows, columns].mean()

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def mix(first, second, weight):
    """Mix two distributions geometrically.

    The mixture is proportional to ``first ** weight * second ** (1 - weight)``: what
    one of them rules out stays improbable.

    Parameters
    ----------
    first, second : ndarray of shape (N, K)
        Log-probabilities.
    weight : float
        Weight of the first, from 0 to 1.

    Returns
    -------
    ndarray of shape (N, K)
        Log-probabilities.

    References
    ----------
    D. Klakow, "Log-linear interpolation of language models", ICSLP 1998.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(mix(np.log([[0.5, 0.5]]), np.log([[0.1, 0.9]]), 0.5)).round(3)
    array([[0.25, 0.75]])
    """
    return log_softmax(weight * first + (1 - weight) * second, axis=1)
