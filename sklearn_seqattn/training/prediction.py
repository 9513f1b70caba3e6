"""Outputs and weights of a fitted network over a data set."""

from contextlib import nullcontext

import numpy as np
import torch

from sklearn_seqattn.training.batch_parts import bounded_parts
from sklearn_seqattn.training.batching import BucketBatches
from sklearn_seqattn.training.devices import bounded_steps, computing_in, move
from sklearn_seqattn.training.memory import kept_memory, named_memory_errors
from sklearn_seqattn.training.progress import prediction_bar
from sklearn_seqattn.training.randomness import predicting

#: Sequences a batch of prediction, few enough to stay in the cache of a processor.
PREDICTION_BATCH_SIZE = 64


def forward(
    net, dataset, *, precision="float32", max_steps=None, method="__call__", verbose=0
):
    """Return one row a sequence of what a fitted network makes of a data set.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.
    precision : {"float32", "bfloat16"}, default="float32"
        The number format in which a network of float32 computes.
    max_steps : int or None, default=None
        Padded steps of the encoder that pass through the network at once, in float32.
        None takes those of the net.
    method : str, default="__call__"
        The method of the network that gives the rows.
    verbose : int, default=0
        Above 0, a prediction that takes long has a progress bar.

    Returns
    -------
    outputs : ndarray of shape (n, K)
        In the order of the data set and the dtype of the network.

    Raises
    ------
    ValueError
        If an output is NaN or infinite.
    """
    max_steps = bounded_steps(max_steps or net.max_steps, precision)
    rows = []
    large = len(dataset) > PREDICTION_BATCH_SIZE
    keeping = kept_memory(dataset.lengths) if large else nullcontext()
    progress = prediction_bar(len(dataset), verbose)
    with predicting(net.device), keeping, progress as advance:
        for inputs, lengths in network_inputs(net, dataset, max_steps):
            with named_memory_errors(lengths):
                with computing_in(precision, net.device):
                    outputs = getattr(net.module_, method)(**inputs)
                if outputs.dtype == torch.bfloat16:
                    outputs = outputs.float()
                rows.append(outputs.cpu().numpy())
                advance(len(outputs))
    outputs = np.concatenate(rows)[restoring_order(dataset)]
    check_outputs(outputs, np.arange(len(outputs)))
    return outputs


def check_outputs(outputs, sequences):
    """Raise if outputs of a network are NaN or infinite.

    Parameters
    ----------
    outputs : ndarray of shape (rows, K)
        The outputs.
    sequences : ndarray of shape (rows,)
        The index in X of the sequence of each row.

    Raises
    ------
    ValueError
        With the index of the first such sequence.
    """
    is_finite = np.isfinite(outputs).all(axis=1)
    if not is_finite.all():
        raise ValueError(
            "The network has no finite output for sequence "
            f"{sequences[is_finite.argmin()]}. Look for values far beyond those of the "
            "training data; if no output is finite, fit with a smaller lr."
        )


def attention_weights(net, dataset):
    """Return the attention weights of a fitted network.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    weights : list of ndarray of shape (N, T_i', T_i'), float32
        In the order of the data set, without padding.

    Raises
    ------
    ValueError
        If the network has no attention.
    """
    check_attention(net)
    return _of_steps(net, dataset, "attention_weights", lambda one, n: one[:, :n, :n])


def pooling_weights(net, dataset):
    """Return the weights of the time steps in ``pooling="attention"``.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.

    Returns
    -------
    weights : list of ndarray of shape (T_i',), float32
        In the order of the data set, without padding; each sums to one.

    Raises
    ------
    ValueError
        If the network does not pool by attention.
    """
    return _of_steps(net, dataset, "pooling_weights")


def step_embeddings(net, dataset, *, precision="float32"):
    """Return the hidden states of a fitted network after its attention.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.
    precision : {"float32", "bfloat16"}, default="float32"
        As in `forward`.

    Returns
    -------
    embeddings : list of ndarray of shape (T_i', H), float32
        In the order of the data set, without padding.
    """
    return _of_steps(net, dataset, "step_embeddings", precision=precision)


def step_outputs(net, dataset, *, precision="float32", verbose=0):
    """Return the outputs of a fitted network for each step.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it; its network has `step_outputs`.
    dataset : SequenceDataset
        The data.
    precision, verbose
        As in `forward`.

    Returns
    -------
    outputs : list of ndarray of shape (T_i, K), float32
        In the order of the data set, without padding.

    Raises
    ------
    ValueError
        If an output is NaN or infinite.
    """
    rows = _of_steps(net, dataset, "step_outputs", precision=precision, verbose=verbose)
    sequences = np.repeat(np.arange(len(rows)), list(map(len, rows)))
    check_outputs(np.concatenate(rows), sequences)
    return rows


def _of_steps(
    net, dataset, method, cut=lambda one, n: one[:n], *, precision="float32", verbose=0
):
    """Return an array a sequence of what a method of the network gives for steps.

    `cut` takes the tensor of one sequence and its number of steps, and removes padding.
    """
    rows, max_steps = [], bounded_steps(net.max_steps, precision)
    with predicting(net.device), prediction_bar(len(dataset), verbose) as advance:
        for inputs, lengths in network_inputs(net, dataset, max_steps):
            if method != "step_outputs":
                inputs.pop("static", None)  # belongs to no step
            with named_memory_errors(lengths), computing_in(precision, net.device):
                found, mask = getattr(net.module_, method)(**inputs)
            for one, n_steps in zip(found, mask.sum(dim=1), strict=True):
                rows.append(cut(one, n_steps).float().cpu().numpy())
            advance(len(found))
    return [rows[i] for i in restoring_order(dataset)]


def check_attention(net):
    """Refuse a network that has no attention between time steps.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.

    Raises
    ------
    ValueError
        With what to do instead.
    """
    network = net.module_
    if network.attention is None:
        if network.config is None:
            raise ValueError("A network of your own has no attention weights.")
        instead = "fit with another attention"
        if getattr(network, "has_pooling_weights", False):
            instead = "call pooling_weights for those of pooling='attention'"
        raise ValueError(
            "The network was fitted with attention=None and has no weights between "
            f"time steps; {instead}."
        )


def restoring_order(dataset):
    """Return the position of each row of a data set in `network_inputs`.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.

    Returns
    -------
    positions : ndarray of shape (n,), int64
    """
    return np.argsort(BucketBatches(dataset, PREDICTION_BATCH_SIZE).order)


def network_inputs(net, dataset, max_steps):
    """Yield padded inputs of the network, and the lengths of their batch.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.
    max_steps : int
        Padded steps of the encoder in one part.

    Yields
    ------
    inputs : dict
        Arguments of the network, on its device and in its dtype.
    lengths : Tensor of shape (B,), int64
        Lengths of the batch of which the inputs are a part, which an error of memory
        names.
    """
    for batch in BucketBatches(dataset, PREDICTION_BATCH_SIZE):
        lengths = batch[0]["lengths"]
        for (inputs, _), _ in bounded_parts(batch, max_steps * net.module_.stride):
            with named_memory_errors(lengths):
                inputs = as_network(net, inputs)
            yield inputs, lengths


def as_network(net, inputs):
    """Convert inputs to the device and the dtype of a net.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    inputs : dict of Tensor
        As from `SequenceDataset.batch`.

    Returns
    -------
    inputs : dict of Tensor
        On the device of the net.
    """
    dtype = next(net.module_.parameters()).dtype
    for name in ("values", "static"):
        if name in inputs and inputs[name].is_floating_point():
            inputs[name] = inputs[name].to(dtype)
    return move(inputs, net.device)
