"""Errors of memory that say which batch was too large."""

import ctypes
import os
import threading
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


#: Set this environment variable to "0" and nothing here is done.
SWITCH = "SKLEARN_SEQATTN_KEEP_MEMORY"

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_MB = 1 << 20
_KEEPING = [
    (_M_MMAP_THRESHOLD, 32 * _MB),  # the most that older versions of glibc accept
    (_M_MMAP_THRESHOLD, 1024 * _MB),
    (_M_TRIM_THRESHOLD, 256 * _MB),
]
_AFTERWARDS = [(_M_MMAP_THRESHOLD, 32 * _MB), (_M_TRIM_THRESHOLD, 64 * _MB)]

# What a user may have tuned; it is left alone then.
_TUNED_BY = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

# oneDNN keeps what it compiled for the last 1,024 shapes, with the memory that each
# works in. Batches of sequences have ever new shapes: hundreds of megabytes.
_ONEDNN_SHAPES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "256")


class _Keeper:
    """Counts those who want memory kept, and tells the C library at either end."""

    def __init__(self, libc):
        self.libc = libc
        self.n_users = 0
        self.lock = threading.Lock()

    def enter(self):
        """Keep memory from the first user on."""
        with self.lock:
            if self.n_users == 0:
                os.environ.setdefault(*_ONEDNN_SHAPES)
                self._set(_KEEPING)
            self.n_users += 1

    def leave(self):
        """Return what is free behind the last user."""
        with self.lock:
            self.n_users -= 1
            if self.n_users == 0:
                self._set(_AFTERWARDS)
                self.libc.malloc_trim(0)

    def _set(self, options):
        """Tell the C library when to ask the system and when to return."""
        for option, value in options:
            self.libc.mallopt(option, value)


def _find_libc():
    """Give the C library if it is glibc, which alone has these options."""
    try:
        libc = ctypes.CDLL(None)
        _ = libc.gnu_get_libc_version, libc.mallopt, libc.malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
    return libc


_LIBC = _find_libc()
_KEEPER = _Keeper(_LIBC)


def _renew_keeper():
    """Give a forked child a count of its own; the parent's users are not there."""
    global _KEEPER
    _KEEPER = _Keeper(_LIBC)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_keeper)


@contextmanager
def kept_memory():
    """Keep freed memory for reuse inside the block, and return it behind it.

    The option is one of the whole process: other threads keep memory too while the
    block runs. Behind it the thresholds are where glibc's own adaptation ends, 32 and
    64 MiB, and no longer adapt. Nothing is done without glibc, where the user has set
    thresholds by environment variables, or where ``SKLEARN_SEQATTN_KEEP_MEMORY=0``.
    """
    tuned = any(name in os.environ for name in _TUNED_BY)
    if _LIBC is None or tuned or os.environ.get(SWITCH) == "0":
        yield
        return
    keeper = _KEEPER
    keeper.enter()
    try:
        yield
    finally:
        keeper.leave()
