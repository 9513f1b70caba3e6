"""Outputs of a fitted causal network for every step, in one pass or one by one."""

import numpy as np
import torch

from sklearn_seqattn.nn.streaming import chain_of, prefix_outputs
from sklearn_seqattn.training.devices import bounded_steps, computing_in, move
from sklearn_seqattn.training.memory import named_memory_errors
from sklearn_seqattn.training.prediction import (
    check_outputs,
    network_inputs,
    restoring_order,
)
from sklearn_seqattn.training.randomness import predicting


def forward_prefixes(net, dataset, *, precision="float32"):
    """Return what a causal network makes of every prefix of sequences, in one pass.

    Parameters
    ----------
    net : SequenceNet
        Of a causal network without convolutions over time.
    dataset : SequenceDataset
        n sequences of S steps in all.
    precision : {"float32", "bfloat16"}, default="float32"
        The number format in which a network of float32 computes.

    Returns
    -------
    outputs : ndarray of shape (S, K)
        One row a step, in the order of the data set.

    Raises
    ------
    ValueError
        If an output is NaN or infinite.
    """
    rows, max_steps = [], bounded_steps(net.max_steps, precision)
    with predicting(net.device):
        for inputs, lengths in network_inputs(net, dataset, max_steps):
            with named_memory_errors(lengths), computing_in(precision, net.device):
                found = prefix_outputs(net.module_, inputs["values"])
            for one, n_steps in zip(found, inputs["lengths"].tolist(), strict=True):
                rows.append(_as_array(one[:n_steps]))
    outputs = np.concatenate([rows[i] for i in restoring_order(dataset)])
    check_outputs(outputs, np.repeat(np.arange(len(dataset)), dataset.lengths))
    return outputs


class NetworkStream:
    """A causal network that reads one sequence step by step.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it, of a causal network.
    precision : {"float32", "bfloat16"}
        The number format in which a network of float32 computes.
    """

    def __init__(self, net, precision):
        self.net = net
        self.precision = precision
        self.chain = chain_of(net.module_)

    def push(self, step):
        """Read the next step.

        Parameters
        ----------
        step : ndarray of shape (1, D), float32, or (1,), int64
            Encoded as the network reads it.

        Returns
        -------
        outputs : ndarray of shape (1, K)
            Of the sequence so far.

        Raises
        ------
        ValueError
            If an output is NaN or infinite. The step is not read then.
        """
        network, device = self.net.module_, self.net.device
        values = torch.from_numpy(step)[None]
        if values.is_floating_point():
            values = values.to(next(network.parameters()).dtype)
        with predicting(device), computing_in(self.precision, device):
            chain = self.chain.copy()
            outputs = _as_array(network.head(chain.push(move(values, device))))
        check_outputs(outputs, np.zeros(1, dtype=int))
        self.chain = chain
        return outputs


def _as_array(outputs):
    """Return outputs of a network as an array; those of bfloat16 in float32."""
    if outputs.dtype == torch.bfloat16:
        outputs = outputs.float()
    return outputs.cpu().numpy()
