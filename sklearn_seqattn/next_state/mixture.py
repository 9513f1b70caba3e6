"""The mixture of network, counts and cache, chosen on held-out sequences.

The logits of the network are divided by a temperature; the distributions of the
network and of the counts are mixed; the cache of each sequence is added to the result.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sklearn_seqattn.next_state.batches import StateDataset, logit_batches
from sklearn_seqattn.next_state.cache import find_cache_weights

_TEMPERATURES = (np.log(0.25), np.log(4.0))  # range of the logarithm
_CELLS = 2**24  # logits of held-out sequences in memory at once


@dataclass(frozen=True)
class Choice:
    """The parameters of a mixture.

    Parameters
    ----------
    temperature : float, default=1.0
        Divides the logits of the network.
    network_weight : float, default=0.5
        Weight of the network against the counts, where there are any.
    cache_weights : ndarray or None, default=None
        Weights of earlier steps; None where there is no cache.
    """

    temperature: float = 1.0
    network_weight: float = 0.5
    cache_weights: np.ndarray | None = None


def choose_mixture(net, counts, held_out, weights, n_columns, *, cache, last_only):
    """Choose the mixture under which held-out states are most probable.

    Parameters
    ----------
    net : skorch.NeuralNet
        The network, not trained on the held-out sequences.
    counts : NgramModel or None
        The counts, without those of the held-out sequences; None to use no counts.
    held_out : StateStreams
        The sequences. Only as many are used as have logits that fit into memory.
        `StateStreams.without_untrained` drops the targets that no part has learned.
    weights : ndarray of shape (n,)
        Weight of each sequence; k counts as k copies.
    n_columns : int
        Number of columns K of the distributions.
    cache : bool
        Whether to choose the weights of the cache.
    last_only : bool
        Whether only the last state of each sequence is predicted.

    Returns
    -------
    Choice
        The default where no state of positive weight is predicted.
    """
    kept = _affordable(held_out.lengths, n_columns)
    held_out, weights = held_out.take(kept), weights[kept]
    columns = held_out.targets(last_only=last_only)
    weights = np.repeat(weights, held_out.lengths)
    rows = np.flatnonzero((columns >= 0) & (weights > 0))
    if not len(rows):
        return Choice()
    logits = _logits(net, held_out, n_columns)[rows]
    columns, weights = columns[rows], weights[rows]
    temperature = find_temperature(logits, columns, weights)
    log_proba, network_weight = log_softmax(logits / temperature, axis=1), 1.0
    if counts is not None:
        counted = counts.follow(held_out)[rows]
        network_weight = find_weight(log_proba, counted, columns, weights)
        log_proba = mix(log_proba, counted, network_weight)
    cache_weights = None
    if cache:
        found = log_proba[np.arange(len(columns)), columns]
        cache_weights = find_cache_weights(found, held_out, rows, columns, weights)
    return Choice(temperature, network_weight, cache_weights)


def find_temperature(logits, columns, weights=None):
    """Return the temperature under which the columns are most probable.

    Parameters
    ----------
    logits : ndarray of shape (N, K)
        Outputs of a network.
    columns : ndarray of shape (N,)
        What was to be predicted.
    weights : ndarray of shape (N,) or None, default=None
        Weight of each row.

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
        return -np.average(scaled[rows, columns], weights=weights)

    found = minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded")
    return float(np.exp(found.x))


def find_weight(first, second, columns, weights=None):
    """Return the weight of the first model in the mixture that predicts best.

    Parameters
    ----------
    first, second : ndarray of shape (N, K)
        Log-probabilities of two models.
    columns : ndarray of shape (N,)
        What was to be predicted.
    weights : ndarray of shape (N,) or None, default=None
        Weight of each row.

    Returns
    -------
    float
        The weight, from 0 to 1.
    """
    rows = np.arange(len(columns))

    def loss(weight):
        found = mix(first, second, weight)[rows, columns]
        return -np.average(found, weights=weights)

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def mix(first, second, weight):
    """Return the geometric mixture of two distributions.

    It is proportional to ``first ** weight * second ** (1 - weight)``. A state that
    one of them makes improbable stays improbable.

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


def _affordable(lengths, n_columns):
    """Return the first sequences, as many as fit into memory with their logits."""
    n_cells = np.cumsum(lengths) * n_columns
    return np.arange(len(lengths))[: max(1, np.searchsorted(n_cells, _CELLS))]


def _logits(net, streams, n_columns):
    """Return the logits of all steps in the order of the sequences, (S, K)."""
    logits = np.empty((len(streams.ids), n_columns))
    starts, stops = streams.starts, np.cumsum(streams.lengths)
    for indices, found in logit_batches(
        net, StateDataset(streams), n_columns, precision=net.precision
    ):
        bounds = np.cumsum(streams.lengths[indices])[:-1]
        for i, part in zip(indices, np.split(found, bounds), strict=True):
            logits[starts[i] : stops[i]] = part
    return logits
