"""Padded batches of sequences of similar length, from flat storage.

A batch is about as long as its longest sequence, and holds sequences of similar length.
"""

from copy import copy

import numpy as np
import torch
from torch.utils.data import Dataset

from sklearn_seqattn.sequences.array_list import joined_steps, steps_at_once
from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.training.padding import batch_length, longest_of

#: Sequences are sorted by length within windows of this many batches.
WINDOW = 16

#: Padded steps of the encoder that pass through a network at once. Measured: with more
#: the buffers leave the cache, with fewer the matrix products are too small.
MAX_STEPS = 4096


#: What a data set has for each row.
_OF_ROWS = (
    "lengths",
    "starts",
    "stops",
    "static",
    "targets",
    "weights",
    "partner_outputs",
    "left_out",
)


class SequenceDataset(Dataset):
    """Sequences in flat storage, with their targets and weights.

    Parameters
    ----------
    values : array of shape (S, D), float, or (S,), int64
        The steps of all sequences; each sequence is a slice.
    lengths : ndarray of shape (n,), int64
        The number of steps of each sequence.
    targets : ndarray of shape (n, ...), StepArrays or None
        One target a sequence, or one a step.
    weights : ndarray of shape (n,), float32, StepArrays or None
        One weight a sequence, or one a step; None weighs all equally.
    starts : ndarray of shape (n,), int64, or None
        Where the sequences start in `values`; None means that they follow each other.
    encode : callable or None
        Function of the steps of a few sequences, (S', D), and their lengths, which
        returns the inputs of the network, float32; None leaves steps as they are.
    static : ndarray of shape (n, P), float32, or None
        What the network reads beside the steps; None for nothing.

    Attributes
    ----------
    partner_outputs : ndarray of shape (n, K), float32, or None
        What the partner predicts, to which the network adds; None by default.
    left_out : ndarray of shape (n, K), or None
        What the partner predicts by fits without each sequence; None by default.
    judged : SequenceDataset or None
        What the network is not trained on, to judge it; None by default.
    """

    window = WINDOW  # for training, see BucketBatches
    n_rounds = 1  # rows of each sequence, cut to several lengths, in rounds of all

    def __init__(
        self,
        values,
        lengths,
        targets=None,
        weights=None,
        *,
        starts=None,
        encode=None,
        static=None,
    ):
        self.values, self.lengths, self.static = values, lengths, static
        self.starts = np.cumsum(lengths) - lengths if starts is None else starts
        self.stops = self.starts + lengths
        self.encode = encode
        n = len(lengths)
        self.targets = np.zeros(n, np.float32) if targets is None else targets
        self.weights = np.ones(n, np.float32) if weights is None else weights
        self.partner_outputs = self.left_out = self.judged = None
        self.longest = longest_of(lengths)

    def __len__(self):
        return len(self.lengths)

    def hold_out(self, sequences):
        """Leave sequences without weight, and keep them with theirs as `judged`.

        Parameters
        ----------
        sequences : ndarray of shape (m,), int64
            Which sequences; all rows of them are held out.
        """
        rounds = np.arange(len(self)).reshape(self.n_rounds, -1)
        rows = rounds[:, sequences].ravel()
        weights = self.weights.copy()
        weights[rows] = 0
        if weights.any():
            self.judged = self._take(rows)
            self.weights = weights / weights.mean()

    def _take(self, rows):
        """Return a data set of some rows."""
        found = copy(self)
        for name in _OF_ROWS:
            values = getattr(self, name)
            setattr(found, name, None if values is None else values[rows])
        found.longest = longest_of(found.lengths)
        return found

    def merge(self, indices):
        """Return the sequences to compute instead of those of a training batch.

        Parameters
        ----------
        indices : ndarray of shape (B,), int64
            The sequences of the batch.

        Returns
        -------
        indices : ndarray of shape (B',), int64
            The sequences to compute, in the order of the batch.
        weights : ndarray of shape (B',), float32
            The weight of each, such that the mean loss of the batch stays the same.
        """
        return indices, self.weights[indices]

    def steps(self, indices):
        """Return the encoded steps of some sequences, one sequence after the other.

        Parameters
        ----------
        indices : ndarray of shape (B,), int64
            Which sequences.

        Returns
        -------
        steps : ndarray of shape (S', D), float32, or (S',), int64
        """
        portions = [self._portion(rows) for rows in self.portions(indices)]
        return portions[0] if len(portions) == 1 else np.concatenate(portions)

    def _portion(self, rows):
        """Return the encoded steps of few sequences."""
        starts, stops, lengths = self.starts[rows], self.stops[rows], self.lengths[rows]
        block = joined_steps(self.values, starts, stops)
        return block if self.encode is None else self.encode(block, lengths)

    def portions(self, indices):
        """Split sequences into portions whose copies are small, of at least one.

        Parameters
        ----------
        indices : ndarray of shape (B,), int64
            Which sequences.

        Returns
        -------
        portions : list of ndarray of int64
        """
        if len(indices) == 1:
            return [indices]
        before = np.cumsum(self.lengths[indices]) - self.lengths[indices]
        portion = before // steps_at_once(self.values)
        return np.split(indices, np.flatnonzero(np.diff(portion)) + 1)

    def batch(self, indices):
        """Pad some sequences into one batch.

        Parameters
        ----------
        indices : ndarray of shape (B,), int64
            Which sequences.

        Returns
        -------
        inputs : dict
            "values" (B, T, D) or (B, T), "lengths" (B,), and "static" (B, P) and
            "partner_outputs" (B, K) if the data set has any.
        targets : Tensor of shape (B, ...)
            The targets.
        """
        lengths, steps = self.lengths[indices], self.steps(indices)
        n_steps = batch_length(lengths, self.longest)
        shape = (len(indices), n_steps, *steps.shape[1:])
        padded = np.zeros(shape, steps.dtype)
        stops = np.cumsum(lengths)
        for row, length, stop in zip(padded, lengths, stops, strict=True):
            row[:length] = steps[stop - length : stop]
        inputs = {
            "values": torch.from_numpy(padded),
            "lengths": torch.from_numpy(lengths),
        }
        for name in ("static", "partner_outputs"):
            if getattr(self, name) is not None:
                inputs[name] = torch.from_numpy(getattr(self, name)[indices])
        return inputs, torch.from_numpy(self.targets[indices])


class BucketBatches:
    """Iterate over a data set in batches of sequences of similar length.

    In training the sequences are shuffled, sorted by length within windows of
    16 batches, and split into batches, which are shuffled again: the order stays
    random and padding is small. In prediction all sequences are sorted by length.

    Parameters
    ----------
    dataset : SequenceDataset
        The data set.
    batch_size : int
        Sequences a batch; the last batch may be smaller.
    random_state : numpy.random.RandomState or None, default=None
        Generator that shuffles in each iteration; None does not shuffle.

    Yields
    ------
    inputs : dict
        As from `SequenceDataset.batch`.
    targets : Tensor of shape (B, ...)
        The targets.
    """

    def __init__(self, dataset, batch_size, random_state=None):
        self.dataset = dataset
        self.batch_size = batch_size
        self.random_state = random_state

    def __len__(self):
        return -(-len(self.dataset) // self.batch_size)

    @property
    def order(self):
        """Rows of the data set in the order of prediction, shape (n,)."""
        return np.argsort(self.dataset.lengths, kind="stable")

    def _cut(self, rows):
        """Split rows into batches."""
        size = self.batch_size
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def _shuffled(self):
        """Return the rows of the batches of one epoch."""
        rows = self.random_state.permutation(len(self.dataset))
        window = self.dataset.window * self.batch_size
        for start in range(0, len(rows), window):
            part = rows[start : start + window]
            by_length = np.argsort(self.dataset.lengths[part], kind="stable")
            rows[start : start + window] = part[by_length]
        batches = self._cut(rows)
        return [batches[i] for i in self.random_state.permutation(len(batches))]

    def __iter__(self):
        shuffle = self.random_state is not None
        for rows in self._shuffled() if shuffle else self._cut(self.order):
            yield self._padded(rows)

    def _padded(self, rows):
        """Return one padded batch; an error of memory says how large it is."""
        try:
            return self.dataset.batch(rows)
        except MemoryError as error:
            raise MemoryError(
                f"Out of memory on a batch of {number_of(len(rows), 'sequence')}, the "
                f"longest of {number_of(self.dataset.lengths[rows].max(), 'step')}. "
                "Use a smaller batch_size, or shorter sequences."
            ) from error


class TrainingBatches(BucketBatches):
    """Batches whose inputs hold the weights of the sequences, as "weights" (B,).

    skorch and its callbacks expect nothing but targets besides the inputs.
    """

    def _padded(self, rows):
        """Return one padded batch with weights; in training, of merged sequences."""
        weights = self.dataset.weights[rows]
        if self.random_state is not None:
            rows, weights = self.dataset.merge(rows)
        inputs, targets = super()._padded(rows)
        inputs["weights"] = torch.from_numpy(weights)
        return inputs, targets
