"""Memory of a training: named errors, and freed memory that is kept for reuse."""

import ctypes
import os
import threading
from contextlib import contextmanager

import torch

#: Set this environment variable to "0", and no freed memory is kept.
SWITCH = "SKLEARN_SEQATTN_KEEP_MEMORY"

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_MB = 1 << 20
_KEEPING = [
    (_M_MMAP_THRESHOLD, 32 * _MB),  # the most that older versions of glibc accept
    (_M_MMAP_THRESHOLD, 1024 * _MB),
    (_M_TRIM_THRESHOLD, 256 * _MB),
]
_AFTERWARDS = [(_M_MMAP_THRESHOLD, 32 * _MB), (_M_TRIM_THRESHOLD, 64 * _MB)]

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
            f"Out of memory on a batch of {len(lengths)} sequences, the longest of "
            f"{int(lengths.max())} steps. Use a smaller batch_size, a smaller network, "
            "or shorter sequences."
        ) from error


class _Keeper:
    """The users of kept memory in a process; the first and the last set options."""

    def __init__(self, libc):
        self.libc = libc
        self.n_users = 0
        self.lock = threading.Lock()

    def enter(self):
        """Keep memory from the first user on."""
        with self.lock:
            if self.n_users == 0:
                self._set(_KEEPING)
            self.n_users += 1

    def leave(self):
        """Return free memory to the system after the last user."""
        with self.lock:
            self.n_users -= 1
            if self.n_users == 0:
                self._set(_AFTERWARDS)
                self.libc.malloc_trim(0)

    def _set(self, options):
        """Set options of malloc."""
        for option, value in options:
            self.libc.mallopt(option, value)


def _find_libc():
    """Return the C library if it is glibc, which alone has these options."""
    try:
        libc = ctypes.CDLL(None)
        _ = libc.gnu_get_libc_version, libc.mallopt, libc.malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
    return libc


_LIBC = _find_libc()

# One keeper a process: a forked child does not have the users of its parent.
_KEEPERS = {}


@contextmanager
def kept_memory():
    """Keep freed memory for reuse inside the block, and return it to the system after.

    By default glibc returns the large buffers of each training step to the system and
    gets them back with page faults: a third of the time of a step where all sequences
    have one length, and little where they have many (`benchmarks/train_fixed.py`,
    `benchmarks/train_ragged.py`).

    The options are those of the whole process: other threads keep memory too while the
    block runs. Afterwards the thresholds are 32 and 64 MiB, where glibc's own
    adaptation ends, and no longer adapt. Nothing is done without glibc, where the user
    has set thresholds by environment variables, or where
    ``SKLEARN_SEQATTN_KEEP_MEMORY=0``.
    """
    tuned = any(name in os.environ for name in _TUNED_BY)
    if _LIBC is None or tuned or os.environ.get(SWITCH) == "0":
        yield
        return
    keeper = _KEEPERS.setdefault(os.getpid(), _Keeper(_LIBC))
    keeper.enter()
    try:
        yield
    finally:
        keeper.leave()
