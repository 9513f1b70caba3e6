"""Errors of memory that say which batch was too large."""

from contextlib import contextmanager

import torch


@contextmanager
def named_memory_errors(lengths):
    """Turn whatever torch raises without memory into one clear error.

    Parameters
    ----------
    lengths : Tensor of shape (B,)
        The steps of the sequences of the batch that the block works on.

    Raises
    ------
    MemoryError
        With the size of the batch and its longest sequence.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        known = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not known and "allocate memory" not in str(error):
            raise
        raise MemoryError(
            f"Out of memory on a batch of {len(lengths)} sequences, the longest of "
            f"{int(lengths.max())} steps. Use a smaller batch_size, a smaller network, "
            "or shorter sequences."
        ) from error
