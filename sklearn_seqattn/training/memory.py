"""Memory of a training: named errors, and freed memory that is kept for reuse."""

import ctypes
import os
from contextlib import contextmanager

import torch

from sklearn_seqattn.sequences.wording import number_of

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_MB = 1 << 20
_KEEPING = (
    (_M_MMAP_THRESHOLD, 32 * _MB),  # the most that older versions of glibc accept
    (_M_MMAP_THRESHOLD, 1024 * _MB),
    (_M_TRIM_THRESHOLD, 256 * _MB),
)
_AFTERWARDS = ((_M_MMAP_THRESHOLD, 32 * _MB), (_M_TRIM_THRESHOLD, 64 * _MB))

# Variables by which a user tunes glibc; the options are left alone then.
_TUNED_BY = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


@contextmanager
def named_memory_errors(lengths):
    """Turn every error of torch about memory into one clear `MemoryError`.

    Parameters
    ----------
    lengths : Tensor of shape (B,)
        The numbers of steps of the sequences in the batch of the block.

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
            f"Out of memory on a batch of {number_of(len(lengths), 'sequence')}, the "
            f"longest of {number_of(int(lengths.max()), 'step')}. Use a smaller "
            "batch_size, a smaller network, or shorter sequences."
        ) from error


@contextmanager
def kept_memory(lengths):
    """Keep freed memory for reuse inside the block, if all sequences have one length.

    By default glibc returns the large buffers of each training step to the system and
    gets them back with page faults: a third of the time of a step where all sequences
    have one length (`benchmarks/train_fixed.py`). Where they have many, the buffers are
    smaller, and nothing is gained.

    The options are those of the whole process. Afterwards the free memory is returned;
    the thresholds are 32 and 64 MiB, where glibc's own adaptation ends, and no longer
    adapt. Of blocks in several threads the first that ends ends it for all. Nothing is
    done without glibc, or where the user has set its thresholds by environment
    variables.

    Parameters
    ----------
    lengths : ndarray of shape (n,)
        The number of steps of each sequence.
    """
    is_tuned = any(name in os.environ for name in _TUNED_BY)
    libc = None if is_tuned or (lengths != lengths[0]).any() else _find_glibc()
    if libc is None:
        yield
        return
    _set_options(libc, _KEEPING)
    try:
        yield
    finally:
        _set_options(libc, _AFTERWARDS)
        libc.malloc_trim(0)


def _find_glibc():
    """Return the C library if it is glibc, which alone has these options."""
    try:
        libc = ctypes.CDLL(None)
        _ = libc.gnu_get_libc_version, libc.mallopt, libc.malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
    return libc


def _set_options(libc, options):
    """Set options of malloc."""
    for option, value in options:
        libc.mallopt(option, value)
