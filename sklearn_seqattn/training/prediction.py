"""A fitted network run over a data set."""

import numpy as np
import torch

from sklearn_seqattn.batching import BucketBatches
from sklearn_seqattn.training.memory import named_memory_errors

#: Sequences a batch of prediction: small enough to stay in a processor's cache.
PREDICTION_BATCH_SIZE = 64


@torch.inference_mode()
def forward(net, dataset):
    """Run a fitted network over a data set.

    Parameters
    ----------
    net : skorch.NeuralNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    outputs : ndarray of shape (n, K)
        In the order of the data set and the dtype of the network.

    Raises
    ------
    ValueError
        If an output is NaN or infinite.
    """
    rows = []
    for values, lengths in _batches(net, dataset):
        with named_memory_errors(lengths):
            rows.append(net.module_(values, lengths).cpu().numpy())
    outputs = np.concatenate(rows)[_restoring_order(dataset)]
    is_finite = np.isfinite(outputs).all(axis=1)
    if not is_finite.all():
        raise ValueError(
            f"The network has no finite output for sequence {is_finite.argmin()}. Look "
            "for values far beyond those of the training data; if all outputs are so, "
            "fit with a smaller lr."
        )
    return outputs


@torch.inference_mode()
def attention_weights(net, dataset):
    """Give the attention weights of a fitted network, batch by batch.

    Parameters
    ----------
    net : skorch.NeuralNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    weights : list of ndarray of shape (N, T_i', T_i'), float32
        In the order of the data set, without padding.
    """
    rows = []
    for batch in _batches(net, dataset):
        weights, mask = net.module_.attention_weights(*batch)
        for one, n_steps in zip(weights, mask.sum(dim=1), strict=True):
            rows.append(one[:, :n_steps, :n_steps].float().cpu().numpy())
    return [rows[i] for i in _restoring_order(dataset)]


def _restoring_order(dataset):
    """Give the places of the rows among the batches of prediction, (n,)."""
    return np.argsort(BucketBatches(dataset, PREDICTION_BATCH_SIZE).order)


def _batches(net, dataset):
    """Iterate over padded inputs, on the device and in the dtype of a net."""
    dtype = next(net.module_.parameters()).dtype
    batches = BucketBatches(dataset, PREDICTION_BATCH_SIZE)
    for inputs, _ in batches:
        values, lengths = inputs["values"], inputs["lengths"]
        if values.is_floating_point():
            values = values.to(dtype)
        yield values.to(net.device), lengths.to(net.device)
