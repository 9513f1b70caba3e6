"""Rows of an array in a file, of which a few small parts are mapped into memory."""

import mmap
import os
import weakref
from collections import OrderedDict

import numpy as np

#: Bytes of a part of the file that is mapped at once; a multiple of the page size.
WINDOW = 2**24

#: Parts that stay mapped.
_N_WINDOWS = 4


class MappedRows:
    """Rows of an array in a ``.npy`` file, mapped into memory part by part.

    A mapping of the whole file would stay in the memory of the process page by page as
    it is read. Here at most four parts of 16 MiB stay, and no more address space is
    needed, however large the file is.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        Rows S, and channels D if there are any.
    dtype : numpy.dtype
        Of the numbers.
    offset : int
        Where the numbers begin in the file, in bytes.
    """

    def __init__(self, path, shape, dtype, offset):
        self.path, self.shape, self.dtype = path, shape, dtype
        self._offset = offset
        self._row_bytes = dtype.itemsize * int(np.prod(shape[1:]))
        self._windows = OrderedDict()
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, start, stop):
        """Return some rows.

        Parameters
        ----------
        start, stop : int
            The first row, and the row after the last one.

        Returns
        -------
        rows : ndarray of shape (stop - start, ...)
            Read-only. They are in the file; as long as the array lives, the part of the
            file stays mapped.

        Raises
        ------
        ValueError
            If the file has become shorter.
        """
        first = self._offset + start * self._row_bytes
        last = self._offset + stop * self._row_bytes
        window = first // WINDOW
        begin = window * WINDOW
        if last <= begin + WINDOW:
            buffer = self._window(window)
        else:  # beyond the window: a mapping of its own
            begin = first - first % mmap.ALLOCATIONGRANULARITY
            buffer = self._map(begin, last - begin)
        count = (last - first) // self.dtype.itemsize
        flat = np.frombuffer(buffer, self.dtype, count, offset=first - begin)
        return flat.reshape(stop - start, *self.shape[1:])

    def _window(self, window):
        """Return a part of the file, which stays mapped until others are needed."""
        if window not in self._windows:
            end = self._offset + self.shape[0] * self._row_bytes
            begin = window * WINDOW
            self._windows[window] = self._map(begin, min(WINDOW, end - begin))
            if len(self._windows) > _N_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(window)
        return self._windows[window]

    def _map(self, begin, size):
        """Map a part of the file."""
        try:
            return mmap.mmap(
                self._descriptor, size, access=mmap.ACCESS_READ, offset=begin
            )
        except ValueError as error:
            raise ValueError(
                f"{self.path} has become shorter since the store was opened; write "
                "the store again."
            ) from error
