"""What held-out sequences decide of a next-state model: temperature and mixture."""

import numpy as np
from scipy.special import log_softmax

from sklearn_seqattn.next_state.batches import StateDataset, logit_batches
from sklearn_seqattn.next_state.mixture import find_temperature, find_weight

_CELLS = 2**24  # logits of held-out sequences in memory at once


def choose_temperature_and_weight(
    net, counts, held_out, n_columns, *, calibrate, last_only
):
    """Choose temperature and weight where held-out states are most probable.

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
    last_only : bool
        Whether only the last state of each sequence is predicted.

    Returns
    -------
    temperature : float
        1 unless `calibrate`, or where nothing is predicted.
    weight : float or None
        That of the network; None without `counts`, or where nothing is predicted.
    """
    held_out = held_out.take(_affordable(held_out.lengths, n_columns))
    logits, columns, rows = _known_logits(net, held_out, n_columns, last_only)
    if not len(columns):
        return 1.0, None
    temperature = find_temperature(logits, columns) if calibrate else 1.0
    if counts is None:
        return temperature, None
    network = log_softmax(logits / temperature, axis=1)
    counted = counts.follow(held_out)[rows]
    return temperature, find_weight(network, counted, columns)


def _affordable(lengths, n_columns):
    """Return the first sequences, as many as fit into memory with their logits."""
    n_cells = np.cumsum(lengths) * n_columns
    return np.arange(len(lengths))[: max(1, np.searchsorted(n_cells, _CELLS))]


def _known_logits(net, streams, n_columns, last_only):
    """Return logits (N, K), columns (N,) and rows (N,) of what is predicted."""
    dataset = StateDataset(streams, last_only=last_only)
    logits = np.empty((len(streams.symbols), n_columns))
    for indices, found in logit_batches(net, dataset, n_columns):
        bounds = np.cumsum(streams.lengths[indices])[:-1]
        for i, part in zip(indices, np.split(found, bounds), strict=True):
            logits[dataset.starts[i] : dataset.stops[i]] = part
    rows = np.flatnonzero(dataset.following >= 0)
    return logits[rows], dataset.following[rows], rows
