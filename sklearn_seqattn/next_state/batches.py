"""Padded batches of state sequences, with the state that follows each step."""

import numpy as np
import torch
from torch import nn

from sklearn_seqattn.next_state.streams import NOTHING
from sklearn_seqattn.training import (
    computing_in,
    move,
    named_memory_errors,
    predicting,
)
from sklearn_seqattn.training.batching import BucketBatches, SequenceDataset
from sklearn_seqattn.training.prediction import check_outputs

_PREDICTION_CELLS = 2**22  # logits of a batch of prediction, about
_FEWEST_COLUMNS = 64  # of a step, as hidden states take memory too


class StateDataset(SequenceDataset):
    """State sequences in flat storage, with one target a step.

    Parameters
    ----------
    streams : StateStreams
        The sequences.
    weights : ndarray of shape (n,) or None, default=None
        One weight a sequence, with mean one.
    last_only : bool, default=False
        Whether only the last state of each sequence is a target.
    """

    # The states at a step depend on the length of the sequence, so that the gradients
    # of batches of one length differ. Training on random batches has a better
    # likelihood (docs/decisions.md).
    window = 1

    def __init__(self, streams, weights=None, *, last_only=False):
        super().__init__(streams.ids, streams.lengths, weights=weights)
        self.streams = streams
        self.step_features = streams.features
        self.following = streams.targets(last_only=last_only)

    @property
    def mean_targets(self):
        """Mean number of targets a sequence."""
        return (self.following != NOTHING).sum() / len(self)

    def merge(self, indices):
        """Merge equal sequences of a batch into one with the sum of their weights.

        Event logs repeat the same sequences: most of a batch are copies. The copies
        of a batch share their dropout then.
        """
        _, first, group = np.unique(
            self.streams.first_equal[indices], return_index=True, return_inverse=True
        )
        weights = np.bincount(group, self.weights[indices])
        weights *= len(first) / len(indices)  # the loss is divided by the sequences
        order = np.argsort(first)
        return indices[first[order]], weights[order].astype(np.float32)

    def batch(self, indices):
        """Pad some sequences into one batch.

        Parameters
        ----------
        indices : ndarray of shape (B,), int64
            Which sequences.

        Returns
        -------
        inputs : dict
            "values" (B, T) and "lengths" (B,), and the features (B, T, ...).
        targets : Tensor of shape (B, T)
            The targets, -1 where there is none.
        """
        inputs, _ = super().batch(indices)
        n_steps = inputs["values"].shape[1]
        for name, values in self.step_features.items():
            inputs[name] = self._padded(values, indices, n_steps, 0)
        return inputs, self._padded(self.following, indices, n_steps, NOTHING)

    def _padded(self, flat, indices, n_steps, fill):
        """Pad rows of flat storage to (B, T, ...)."""
        shape = (len(indices), n_steps, *flat.shape[1:])
        padded = np.full(shape, fill, flat.dtype)
        for row, i in zip(padded, indices, strict=True):
            row[: self.lengths[i]] = flat[self.starts[i] : self.stops[i]]
        return torch.from_numpy(padded)


class PositionLoss(nn.Module):
    """Weighted loss of all targets of a batch.

    The sum is divided by the number of targets that as many sequences have on
    average. Divided by the number of targets of the batch, a step in a batch of short
    sequences would count more than one in a batch of long ones.

    Parameters
    ----------
    mean_targets : float
        Mean number of targets a sequence.
    loss : nn.Module or None, default=None
        The loss of each target; None is the cross-entropy.
    """

    activation = "softmax"

    def __init__(self, mean_targets, loss=None):
        super().__init__()
        self.mean_targets = mean_targets
        self.loss = nn.CrossEntropyLoss(reduction="none") if loss is None else loss

    def forward(self, outputs, targets_and_weights):
        """Return the loss of a batch.

        Parameters
        ----------
        outputs : Tensor of shape (B, T, K)
            Logits.
        targets_and_weights : tuple
            Targets (B, T) and weights (B,).

        Returns
        -------
        Tensor
            The loss.
        """
        targets, weights = targets_and_weights
        targets = targets[:, : outputs.shape[1]]  # a part may be shorter than its batch
        known = targets >= 0  # (B, T)
        losses = self.loss(outputs[known], targets[known])
        weights = weights[:, None].expand_as(targets)[known]
        return (losses * weights).sum() / (len(targets) * self.mean_targets)


def logit_batches(net, dataset, n_outputs, *, precision="float32", last=False):
    """Yield the outputs of a fitted network, batch by batch.

    Parameters
    ----------
    net : skorch.NeuralNet
        As `training.train` returns it.
    dataset : StateDataset
        The sequences.
    n_outputs : int
        Number of logits K of a step.
    precision : {"float32", "bfloat16"}, default="float32"
        The precision of the network's computations.
    last : bool, default=False
        Whether only what follows the last step is wanted.

    Yields
    ------
    indices : ndarray of shape (B,)
        Which sequences.
    logits : ndarray of shape (rows, K), float64
        One row a step, one sequence after the other; or one row a sequence.

    Raises
    ------
    ValueError
        If an output is NaN or infinite.
    """
    cells = dataset.lengths.mean() * max(n_outputs, _FEWEST_COLUMNS)  # a sequence
    size = int(np.clip(_PREDICTION_CELLS // cells, 1, 256))
    batches = BucketBatches(dataset, size)
    ends = range(size, len(dataset), size)
    for indices, (inputs, _) in zip(
        np.split(batches.order, ends), batches, strict=True
    ):
        with named_memory_errors(inputs["lengths"]), predicting(net.device):
            logits = _logits(net, move(inputs, net.device), precision, last)
        rows = 1 if last else dataset.lengths[indices]
        check_outputs(logits, np.repeat(indices, rows))
        yield indices, logits


def _logits(net, inputs, precision, last):
    """Return the logits of the real steps, or of the last ones, (rows, K), float64."""
    with computing_in(precision, net.device):
        if last:
            logits = net.module_.last(**inputs)
        else:
            padded = net.module_(**inputs)  # (B, T, K)
            steps = torch.arange(padded.shape[1], device=padded.device)
            logits = padded[steps < inputs["lengths"][:, None]]
    return logits.cpu().double().numpy()
