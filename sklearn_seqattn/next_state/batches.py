"""Padded batches of state sequences, with the state that follows each step."""

import numpy as np
import torch

from sklearn_seqattn.next_state.streams import NOTHING
from sklearn_seqattn.training import (
    computing_in,
    move,
    named_memory_errors,
    predicting,
)
from sklearn_seqattn.training.batching import BucketBatches, SequenceDataset
from sklearn_seqattn.training.padding import StepArrays
from sklearn_seqattn.training.prediction import check_outputs
from sklearn_seqattn.training.progress import prediction_bar

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
        lengths, following = streams.lengths, streams.targets(last_only=last_only)
        targets = StepArrays(following, lengths, NOTHING)
        super().__init__(streams.ids, lengths, targets, weights)
        self.streams = streams
        self.step_features = {
            name: StepArrays(values, lengths)
            for name, values in streams.features.items()
        }

    @property
    def mean_targets(self):
        """Mean number of targets a sequence."""
        return (self.targets.flat != NOTHING).sum() / len(self.lengths)

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
        inputs, targets = super().batch(indices)
        for name, values in self.step_features.items():
            inputs[name] = torch.from_numpy(values[indices])
        return inputs, targets


def logit_batches(
    net, dataset, n_outputs, *, precision="float32", last=False, verbose=0
):
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
    verbose : int, default=0
        Above 0, a prediction that takes long has a progress bar.

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
    parts = zip(np.split(batches.order, ends), batches, strict=True)
    with prediction_bar(len(dataset), verbose) as advance:
        for indices, (inputs, _) in parts:
            with named_memory_errors(inputs["lengths"]), predicting(net.device):
                logits = _logits(net, move(inputs, net.device), precision, last)
            rows = 1 if last else dataset.lengths[indices]
            check_outputs(logits, np.repeat(indices, rows))
            advance(len(indices))
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
