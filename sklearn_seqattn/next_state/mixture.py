"""Two distributions made one: a temperature for the first, a weight for each."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sklearn_seqattn.next_state.batches import StateDataset, logit_batches
from sklearn_seqattn.next_state.cache import find_repetition

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


_CELLS = 2**24  # logits of held-out sequences in memory at once


@dataclass(frozen=True)
class Choice:
    """How the distributions of the parts become one."""

    temperature: float = 1.0
    network_weight: float = 0.5  # against the counts, where there are any
    repetition: np.ndarray | None = None  # weights of earlier steps


def choose_mixture(
    net, counts, held_out, n_columns, *, calibrate, repetition, last_only
):
    """Choose where held-out states are most probable.

    Parameters
    ----------
    net : skorch.NeuralNet
        The network; it has not been trained on the held-out sequences.
    counts : NgramModel or None
        What the network is mixed with; it has not counted them either.
    held_out : StateStreams
        The sequences; only so many are used that their logits fit into memory.
    n_columns : int
        Number of columns K of the distributions.
    calibrate : bool
        Whether to choose a temperature.
    repetition : bool
        Whether to choose the weights of earlier steps.
    last_only : bool
        Whether only the last state of each sequence is predicted.

    Returns
    -------
    choice : Choice
        The default where nothing is predicted.
    """
    held_out = held_out.take(_affordable(held_out.lengths, n_columns))
    logits, columns, rows = _known_logits(net, held_out, n_columns, last_only)
    if not len(columns):
        return Choice()
    temperature = find_temperature(logits, columns) if calibrate else 1.0
    log_proba, weight = log_softmax(logits / temperature, axis=1), 1.0
    if counts is not None:
        counted = counts.follow(held_out)[rows]
        weight = find_weight(log_proba, counted, columns)
        log_proba = mix(log_proba, counted, weight)
    weights = None
    if repetition:
        found = log_proba[np.arange(len(columns)), columns]
        weights = find_repetition(found, held_out, rows, columns)
    return Choice(temperature, weight, weights)


def _affordable(lengths, n_columns):
    """Return the first sequences, as many as fit into memory with their logits."""
    n_cells = np.cumsum(lengths) * n_columns
    return np.arange(len(lengths))[: max(1, np.searchsorted(n_cells, _CELLS))]


def _known_logits(net, streams, n_columns, last_only):
    """Return logits (N, K), columns (N,) and rows (N,) of what is predicted."""
    dataset = StateDataset(streams, last_only=last_only)
    logits = np.empty((len(streams.ids), n_columns))
    for indices, found in logit_batches(
        net, dataset, n_columns, precision=net.precision
    ):
        bounds = np.cumsum(streams.lengths[indices])[:-1]
        for i, part in zip(indices, np.split(found, bounds), strict=True):
            logits[dataset.starts[i] : dataset.stops[i]] = part
    rows = np.flatnonzero(dataset.following >= 0)
    return logits[rows], dataset.following[rows], rows
