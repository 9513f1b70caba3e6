"""Padded batches of sequences of like length, from flat storage.

No padded copy of a data set is ever made: a batch is about as long as the longest of
its own sequences, and batches are made of sequences of like length (buckets).
"""

from itertools import pairwise

import numpy as np
import torch
from torch.utils.data import Dataset

from sklearn_seqattn.sequences.array_list import blocks_of, steps_at_once

#: Sequences are sorted by length within windows of this many batches.
WINDOW = 16

#: Padded steps of the encoder that go through a network at once. Measured: with more
#: the buffers leave the cache, with fewer there is little to multiply.
MAX_STEPS = 4096

_OF_STEPS = {"values", "categories", "numbers"}  # inputs (B, T, ...)


def padded_length(n_steps):
    """Round a number of steps up to one of sixteen from a power of two to the next.

    For each new length torch compiles the layers anew, which takes as long as some
    batches of a small network do. What is added is 2 % on average.

    Parameters
    ----------
    n_steps : int
        The steps that are needed.

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
    """Sequences with their targets and weights, in flat storage.

    Parameters
    ----------
    values : array of shape (S, D), float, or (S,), int64
        The steps of all sequences, of which slices are taken, one for each.
    lengths : ndarray of shape (n,), int64
        The number of steps of each sequence.
    targets : ndarray of shape (n, ...) or None
        One target a sequence.
    weights : ndarray of shape (n,), float32, or None
        One weight a sequence; None is 1 for each.
    starts : ndarray of shape (n,), int64, or None
        Where the sequences start in `values`; None is end to end.
    encode : callable or None
        Makes steps ready for the network: from those of whole sequences, (S', D), and
        their lengths, to float32; None changes nothing. It is called for some sequences
        of a batch at a time, and so spares a copy.

    Attributes
    ----------
    features : ndarray of shape (n, n_features), float32, or None
        More inputs, a row a sequence; none at first.
    """

    window = WINDOW  # for training, see BucketBatches

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
        self.features = None
        # Where all have one length nothing is padded. Of a lone sequence, which may be
        # one of many calls, that is not known: such calls share few lengths.
        self.longest = int(lengths.max()) if len(lengths) > 1 else None

    def __len__(self):
        return len(self.lengths)

    def steps(self, indices):
        """Give the steps of some sequences as the network takes them, end to end.

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
        """Cut sequences into portions of which a copy is small, of one at least."""
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
            "values" (B, T, D) or (B, T), "lengths" (B,), and where there are any
            "features" (B, n_features).
        targets : tuple
            The targets (B, ...) and the weights (B,).
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
        if self.features is not None:
            inputs["features"] = torch.from_numpy(self.features[indices])
        targets = torch.from_numpy(self.targets[indices])
        return inputs, (targets, torch.from_numpy(self.weights[indices]))


class BucketBatches:
    """Iterate over a data set in batches of sequences of like length.

    In training the sequences are shuffled, sorted by length within windows of
    16 batches, cut into batches, and the batches are shuffled: the order stays
    random and little is padded. In prediction all are sorted by length; `order`
    says where each row belongs.

    Parameters
    ----------
    dataset : SequenceDataset
        What to iterate over.
    batch_size : int
        Sequences a batch; the last may be smaller.
    random_state : numpy.random.RandomState or None, default=None
        Shuffles, anew at each iteration; None does not shuffle.
    """

    def __init__(self, dataset, batch_size, random_state=None):
        self.dataset = dataset
        self.batch_size = batch_size
        self.random_state = random_state

    def __len__(self):
        return -(-len(self.dataset) // self.batch_size)

    @property
    def order(self):
        """Rows of the data set in the order of prediction, (n,)."""
        return np.argsort(self.dataset.lengths, kind="stable")

    def _cut(self, rows):
        """Cut rows into batches."""
        return np.split(rows, range(self.batch_size, len(rows), self.batch_size))

    def _shuffled(self):
        """Give the batches of one epoch in their order."""
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
        """Pad one batch; where there is no room for it, say how large it is."""
        try:
            return self.dataset.batch(rows)
        except MemoryError as error:
            raise MemoryError(
                f"Out of memory on a batch of {len(rows)} sequences, the longest of "
                f"{self.dataset.lengths[rows].max()} steps. Use a smaller batch_size, "
                "or shorter sequences."
            ) from error


def bounded_parts(batch, max_steps):
    """Cut a batch into parts of bounded size, each padded for its own longest.

    Parameters
    ----------
    batch : tuple
        Inputs and targets, as `BucketBatches` gives them: by rising length.
    max_steps : int
        Padded steps of a part, at most; but a part is one sequence at least.

    Yields
    ------
    part : tuple
        Like the batch.
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
        yield (part, tuple(tensor[rows] for tensor in targets)), (stop - start) / n
