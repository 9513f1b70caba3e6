"""What held-out sequences decide of a next-state model: how its parts are mixed."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from sklearn_seqattn.next_state.batches import StateDataset, logit_batches
from sklearn_seqattn.next_state.mixture import find_temperature, find_weight, mix
from sklearn_seqattn.next_state.repetition import find_repetition

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
    logits = np.empty((len(streams.symbols), n_columns))
    for indices, found in logit_batches(
        net, dataset, n_columns, precision=net.precision
    ):
        bounds = np.cumsum(streams.lengths[indices])[:-1]
        for i, part in zip(indices, np.split(found, bounds), strict=True):
            logits[dataset.starts[i] : dataset.stops[i]] = part
    rows = np.flatnonzero(dataset.following >= 0)
    return logits[rows], dataset.following[rows], rows
