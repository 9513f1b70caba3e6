"""Parts of batches, of bounded size."""

import torch

from sklearn_seqattn.training.padding import padded_length

_OF_STEPS = {"values", "categories", "numbers"}  # inputs (B, T, ...)


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
    inputs, _ = batch
    if len(inputs["lengths"]) == 1:
        yield batch, 1.0
        return
    longest = torch.cummax(inputs["lengths"], dim=0).values.tolist()
    n, bounds = len(longest), []  # of the last part first
    stop = n
    while stop > 0:
        n_steps = min(padded_length(longest[stop - 1]), inputs["values"].shape[1])
        start = max(0, stop - max(1, max_steps // n_steps))
        bounds.append((start, stop, n_steps))
        stop = start
    for start, stop, n_steps in reversed(bounds):
        part, targets_of_part = rows_of(batch, slice(start, stop))
        for name in _OF_STEPS & part.keys():
            part[name] = part[name][:, :n_steps]
        yield (part, targets_of_part), (stop - start) / n


def rows_of(batch, rows):
    """Return some sequences of a batch, padded as they are.

    Parameters
    ----------
    batch : tuple
        Inputs and targets as from `BucketBatches`.
    rows : slice
        Which sequences.

    Returns
    -------
    batch : tuple
        Inputs and targets.
    """
    inputs, targets = batch
    return {name: tensor[rows] for name, tensor in inputs.items()}, targets[rows]
