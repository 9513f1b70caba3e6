"""The steps of a store as estimators read them."""

import numpy as np

from sklearn_seqattn.sequences.array_list import LazySteps
from sklearn_seqattn.sequences.checks import check_integers
from sklearn_seqattn.sequences.flat_storage import Sequences

#: A sequence of fewer values is copied: a view would keep a part of the file mapped.
_COPIED_BELOW = 2**16


class StoredSteps(LazySteps):
    """Numbers of sequences in a file, after the functions that transform each.

    Parameters
    ----------
    store : SequenceStore
        The sequences, or some of those of the file.
    """

    def __init__(self, store):
        self.store = store
        self.files, self.functions = store._files, store._functions
        files = self.files
        first = self._read(0, int(files.offsets[1]))
        is_float = first.dtype in (np.float32, np.float64)
        self.dtype = first.dtype.newbyteorder("=") if is_float else np.dtype(float)
        self.shape = files.values.shape[0], first.shape[1]

    def __getitem__(self, places):
        """Return the steps of a slice ``start:stop`` inside one of the sequences."""
        row = self.files.offsets.searchsorted(places.start, side="right") - 1
        start = int(self.files.offsets[row])
        steps = self._of_sequence(row, int(places.stop))[int(places.start) - start :]
        return np.asarray(steps, dtype=self.dtype)

    def sequences_at(self, starts, stops):
        """Return an iterator over sequences from their start to the given steps."""
        rows = self.files.offsets.searchsorted(starts).tolist()
        return map(self._of_sequence, rows, stops.tolist())

    def part(self, starts, lengths):
        """Return whole sequences as a store; None if they are cut to prefixes."""
        rows = self.files.offsets.searchsorted(starts)
        if (np.diff(self.files.offsets)[rows] != lengths).any():
            return None
        return self.store._part(rows, self.functions)

    def _of_sequence(self, row, stop):
        """Return the steps of a sequence before a given one."""
        start = int(self.files.offsets[row])
        if self.functions:  # they may look at the whole sequence
            end = int(self.files.offsets[row + 1])
            return self._read(start, end)[: stop - start]
        return self._read(start, stop)

    def _read(self, start, stop):
        """Return transformed steps of one sequence, (T, D)."""
        return transformed(read_steps(self.files, start, stop), self.functions)


def read_steps(files, start, stop):
    """Return steps of a file as they are, a copy of few ones.

    Parameters
    ----------
    files : StoreFiles
        The open files.
    start, stop : int
        The first step, and the step after the last one.

    Returns
    -------
    steps : ndarray of shape (T, D) or (T,)
    """
    steps = files.values.read(start, stop)
    return steps.copy() if steps.size < _COPIED_BELOW else steps


def transformed(steps, functions):
    """Return the steps of a sequence as (T, D), after some functions.

    Parameters
    ----------
    steps : ndarray of shape (T,) or (T, D)
        One sequence.
    functions : tuple of callable
        Each takes the steps of a sequence, (T, D), and returns as many.

    Returns
    -------
    steps : ndarray of shape (T, D')
    """
    steps = steps.reshape(len(steps), -1)
    for function in functions:
        steps = function(steps)
    return steps


def select_sequences(sequences, rows):
    """Return some sequences in a container.

    Parameters
    ----------
    sequences : Sequences
        n sequences.
    rows : ndarray of shape (m,), int64
        Which ones.

    Returns
    -------
    container : list of ndarray or of DataFrame, or SequenceStore
        A store if they are in files.
    """
    part = sequences.take(rows)
    if isinstance(part.values, StoredSteps):
        store = part.values.part(part.starts, part.lengths)
        if store is not None:
            return store
    found = sequences.to_list()
    return [found[row] for row in rows]


def read_store(store, *, tokens, allow_nan, name):
    """Read a store.

    Parameters
    ----------
    store : SequenceStore
        n sequences.
    tokens, allow_nan, name
        As in `check_sequences`.

    Returns
    -------
    sequences : Sequences
        Numbers stay in the file; tokens are read into memory.

    Raises
    ------
    ValueError
        If a number is missing or infinite, or a file has changed.
    """
    files, lengths = store._files, store.lengths
    files.check_unchanged()
    if not len(lengths):
        raise ValueError(f"{name} has 0 sample(s) while a minimum of 1 is required.")
    starts = files.offsets[store._rows]
    if tokens and store.n_channels is None:
        states = np.empty(lengths.sum(), files.values.dtype.newbyteorder("="))
        stops = np.cumsum(lengths)
        for stop, start, length in zip(stops, starts, lengths, strict=True):
            steps = files.values.read(int(start), int(start + length))
            states[stop - length : stop] = steps
        return Sequences(check_integers(states, lengths, name), lengths)
    values = StoredSteps(store)
    if files.values.dtype.kind == "f" or store._functions:
        values.check_finite(starts, lengths, name, allow_nan=allow_nan)
    return Sequences(values, lengths, starts=starts)
