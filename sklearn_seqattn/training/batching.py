"""Padded batches of sequences of similar length, from flat storage.

A batch is about as long as its longest sequence, and holds sequences of similar length.
"""

from itertools import pairwise

import numpy as np
import torch
from torch.utils.data import Dataset

from sklearn_seqattn.sequences.array_list import blocks_of, steps_at_once

#: Sequences are sorted by length within windows of this many batches.
WINDOW = 16

#: Padded steps of the encoder that pass through a network at once. Measured: with more
#: the buffers leave the cache, with fewer the matrix products are too small.
MAX_STEPS = 4096

_OF_STEPS = {"values", "categories", "numbers"}  # inputs (B, T, ...)


def padded_length(n_steps):
    """Round a number of steps up to one of sixteen values in each octave.

    For each new length torch compiles the layers again, which takes as long as some
    batches of a small network. The rounding adds 2 % of steps on average.

    Parameters
    ----------
    n_steps : int
        The longest sequence.

    Returns
    -------
    n_steps : int
        At most a sixteenth more; the same up to 32.

    Examples
    --------
    >>> from sklearn_seqattn.training.batching import padded_length
    >>> [padded_length(n_steps) for n_steps in (7, 32, 33, 101, 1000)]
    [7, 32, 34, 104, 1024]
    """
    multiple = 1 << max(0, (n_steps - 1).bit_length() - 5)
    return -(-n_steps // multiple) * multiple


class SequenceDataset(Dataset):
    """Sequences in flat storage, with their targets and weights.

    Parameters
    ----------
    values : array of shape (S, D), float, or (S,), int64
        The steps of all sequences; each sequence is a slice.
    lengths : ndarray of shape (n,), int64
        The number of steps of each sequence.
    targets : ndarray of shape (n, ...) or None
        One target a sequence.
    weights : ndarray of shape (n,), float32, or None
        One weight a sequence; None weighs all equally.
    starts : ndarray of shape (n,), int64, or None
        Where the sequences start in `values`; None means that they follow each other.
    encode : callable or None
        Function of the steps of a few sequences, (S', D), and their lengths, which
        returns the inputs of the network, float32; None leaves steps as they are.

    Attributes
    ----------
    partner_outputs : ndarray of shape (n, K), float32, or None
        What the partner predicts, to which the network adds; None by default.
    left_out : ndarray of shape (n, K), or None
        What the partner predicts by fits without each sequence; None by default.
    """

    window = WINDOW  # for training, see BucketBatches
    n_rounds = 1  # rows of each sequence, cut to several lengths, in rounds of all

    def __init__(
        self, values, lengths, targets=None, weights=None, *, starts=None, encode=None
    ):
        self.values = values
        self.lengths = lengths
        self.starts = np.cumsum(lengths) - lengths if starts is None else starts
        self.stops = self.starts + lengths
        self.encode = encode
        n = len(lengths)
        self.targets = np.zeros(n, np.float32) if targets is None else targets
        self.weights = np.ones(n, np.float32) if weights is None else weights
        self.partner_outputs = self.left_out = None
        # Sequences of one length are not padded. A single sequence may be one of many
        # calls of different lengths: it is padded to one of few lengths.
        self.longest = int(lengths.max()) if len(lengths) > 1 else None

    def __len__(self):
        return len(self.lengths)

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
        shape = (int(self.lengths[indices].sum()), *self.values.shape[1:])
        dtype = self.values.dtype if self.encode is None else np.float32
        steps, first = np.empty(shape, dtype), 0
        for rows in self._portions(indices):
            lengths = self.lengths[rows]
            last = first + int(lengths.sum())
            (block,) = blocks_of(
                self.values, self.starts[rows], self.stops[rows], last - first
            )
            steps[first:last] = (
                block if self.encode is None else self.encode(block, lengths)
            )
            first = last
        return steps

    def _portions(self, indices):
        """Split sequences into portions whose copies are small, of at least one."""
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
            "values" (B, T, D) or (B, T), "lengths" (B,), and "partner_outputs"
            (B, K) if the data set has any.
        targets : Tensor of shape (B, ...)
            The targets.
        """
        lengths, steps = self.lengths[indices], self.steps(indices)
        n_steps = padded_length(int(lengths.max()))
        if self.longest is not None:
            n_steps = min(n_steps, self.longest)
        shape = (len(indices), n_steps, *steps.shape[1:])
        padded = np.zeros(shape, steps.dtype)
        stops = np.cumsum(lengths)
        for row, length, stop in zip(padded, lengths, stops, strict=True):
            row[:length] = steps[stop - length : stop]
        inputs = {
            "values": torch.from_numpy(padded),
            "lengths": torch.from_numpy(lengths),
        }
        if self.partner_outputs is not None:
            outputs = self.partner_outputs[indices]
            inputs["partner_outputs"] = torch.from_numpy(outputs)
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
        return np.split(rows, range(self.batch_size, len(rows), self.batch_size))

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
                f"Out of memory on a batch of {len(rows)} sequences, the longest of "
                f"{self.dataset.lengths[rows].max()} steps. Use a smaller batch_size, "
                "or shorter sequences."
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


def bounded_parts(batch, max_steps):
    """Split a batch into parts of bounded size, each padded to its own longest.

    Parameters
    ----------
    batch : tuple
        Inputs and targets as from `BucketBatches`, sorted by length.
    max_steps : int
        Largest number of padded steps of a part; a part has at least one sequence.

    Yields
    ------
    part : tuple
        Inputs and targets.
    share : float
        The share of the sequences of the batch that are in the part.
    """
    inputs, targets = batch
    longest = torch.cummax(inputs["lengths"], dim=0).values.tolist()
    n_steps = inputs["values"].shape[1]
    longest = [min(padded_length(length), n_steps) for length in longest]
    n = stop = len(longest)
    bounds = [n]
    while stop > 0:
        stop = max(0, stop - max(1, max_steps // longest[stop - 1]))
        bounds.append(stop)
    for start, stop in pairwise(reversed(bounds)):
        rows, n_steps = slice(start, stop), longest[stop - 1]
        part = {name: tensor[rows] for name, tensor in inputs.items()}
        for name in _OF_STEPS & part.keys():
            part[name] = part[name][:, :n_steps]
        yield (part, targets[rows]), (stop - start) / n
