"""Sequences in files, for training on more data than fits into memory."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from sklearn_seqattn.sequences.parquet import parquet_to_store
from sklearn_seqattn.sequences.store_files import open_files
from sklearn_seqattn.sequences.store_writer import StoreWriter, write_item
from sklearn_seqattn.sequences.stored_steps import read_steps, transformed
from sklearn_seqattn.sequences.wording import number_of


class SequenceStore(Sequence):
    """Sequences in files, which are read as they are needed.

    A store is a folder of memory-mapped arrays: the steps of all sequences end to end,
    and where each begins. It goes wherever a list of sequences goes: into `fit`,
    `predict`, `train_test_split` and searches. Estimators read it a batch at a time, so
    that it may be larger than the memory; the fitted model is the same, to the last
    bit, as that of a list of the same arrays. A part of a store is a store, too, of the
    same files. A pickle holds the path of the folder, not the data.

    `open`, `from_generator` and `from_parquet` make stores. The files of an open store
    must not be changed.

    Parameters
    ----------
    files : StoreFiles
        The open files.

    Attributes
    ----------
    folder : Path
        Where the files are.
    lengths : ndarray of shape (n,), int64
        The number of steps of each sequence.
    labels : ndarray of shape (n,) or None
        The label of each sequence, or an object array of one array of labels a
        sequence; None if none were stored.
    ids : ndarray of shape (n,) or None
        The id of each sequence, if ids were stored.
    n_channels : int or None
        Channels D; None where a sequence is (n_steps,), numbers or tokens.
    dtype : numpy.dtype
        Of the numbers.
    shape : tuple of int
        ``(n,)``.

    See Also
    --------
    events_to_sequences : Sequences of a table in memory.

    Notes
    -----
    Numbers stay in the files. Integers that are read as tokens or states are copied
    into memory, eight bytes each.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier, SequenceStore
    >>> rng = np.random.default_rng(0)
    >>> pairs = ((rng.normal(k % 2, 1, (5 + k, 3)), k % 2) for k in range(20))
    >>> folder = TemporaryDirectory()
    >>> path = Path(folder.name) / "walks"
    >>> store = SequenceStore.from_generator(pairs, path, labeled=True)
    >>> len(store), store[3].shape, store[[0, 3]].labels
    (20, (8, 3), array([0, 1]))
    >>> classifier = AttentionLSTMClassifier(max_epochs=1, random_state=0)
    >>> classifier.fit(store, store.labels).predict(store).shape
    (20,)
    >>> folder.cleanup()
    """

    def __init__(self, files):
        self._files = files
        self._rows = np.arange(len(files.offsets) - 1)
        self._functions = ()

    @classmethod
    def open(cls, folder):
        """Open a store that was written before.

        Parameters
        ----------
        folder : str or path
            The store.

        Returns
        -------
        SequenceStore

        Raises
        ------
        FileNotFoundError
            If there is no such folder.
        ValueError
            If the folder is no store, or a file does not hold what it should.
        """
        return cls(open_files(folder))

    @classmethod
    def from_generator(cls, iterable, folder, *, labeled=False):
        """Write a store of sequences that come one after the other.

        Parameters
        ----------
        iterable : iterable of array-like
            Each sequence is (n_steps, n_channels) or (n_steps,), of numbers of one
            dtype. NaN is a missing value.
        folder : str or path
            The new folder; it appears when all sequences are written.
        labeled : bool, default=False
            Whether the elements are pairs of a sequence and its label: a string or a
            number, or an array of one integer for each step.

        Returns
        -------
        SequenceStore
            The store, open.

        Raises
        ------
        FileExistsError
            If the folder exists.
        ValueError, TypeError
            If an element is no sequence of numbers, or has other channels or another
            dtype than the first.
        """
        with StoreWriter(folder) as writer:
            for index, item in enumerate(iterable):
                write_item(writer, item, f"sequence {index}", labeled=labeled)
        return cls.open(folder)

    @classmethod
    def from_parquet(
        cls, paths, folder, *, values, id=None, label=None, step_label=None
    ):
        """Write a store of the sequences of Parquet files.

        Needs pyarrow (extra ``parquet``). The files are read in parts.

        Parameters
        ----------
        paths : str, path, or list of them
            One file, or several in their order.
        folder : str or path
            The new folder; it appears when all sequences are written.
        values : str or list of str
            The columns of numbers. A list of columns has one for each channel; a single
            name makes sequences of shape (n_steps,). Columns of lists hold a sequence
            in each row; a single one may hold lists of steps, which are lists of
            channels. Columns of numbers hold one step a row.
        id : str or None, default=None
            The column of ids. Where a row is a step, it is needed, and the rows of a
            sequence must follow each other.
        label : str or None, default=None
            A column with the label of each sequence, a string or a number.
        step_label : str or None, default=None
            A column with the label of each step, an integer.

        Returns
        -------
        SequenceStore
            The store, open.

        Raises
        ------
        FileExistsError
            If the folder exists.
        ImportError
            If pyarrow is missing.
        ValueError, TypeError
            If a column is missing or of another type, a value is missing where that is
            not allowed, or rows of a sequence do not follow each other.
        """
        with StoreWriter(folder) as writer:
            parquet_to_store(
                paths,
                writer,
                values=values,
                id=id,
                label=label,
                step_label=step_label,
            )
        return cls.open(folder)

    @property
    def folder(self):
        """Where the files are."""
        return self._files.folder

    @property
    def shape(self):
        """The number of sequences, as the only axis; splitters read it."""
        return (len(self._rows),)

    @property
    def lengths(self):
        """The number of steps of each sequence, (n,)."""
        return np.diff(self._files.offsets)[self._rows]

    @property
    def n_channels(self):
        """Channels D, or None where a sequence is (n_steps,)."""
        first = self._sequence(0)
        return None if first.ndim == 1 else first.shape[1]

    @property
    def dtype(self):
        """The dtype of the numbers."""
        return self._sequence(0).dtype

    @property
    def ids(self):
        """The id of each sequence (n,), or None."""
        ids = self._files.ids
        return None if ids is None else ids[self._rows]

    @property
    def labels(self):
        """The label of each sequence (n,), or arrays of those of steps, or None."""
        labels = self._files.labels
        if self._files.labels_of != "steps":
            return None if labels is None else labels[self._rows]
        found = np.empty(len(self), dtype=object)
        offsets = self._files.offsets
        for i, row in enumerate(self._rows):
            found[i] = labels[offsets[row] : offsets[row + 1]]
        return found

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, key):
        """Return one sequence as an array, or some of them as a store.

        Parameters
        ----------
        key : int, slice, or array-like of int or bool
            As of an array of one axis.

        Returns
        -------
        ndarray of shape (T, D) or (T,), or SequenceStore
            Nothing is read for a store.
        """
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]  # as scikit-learn takes rows of what has a shape
        rows = self._rows[key]
        if isinstance(key, Integral):
            return self._sequence(int(rows))
        if rows.ndim != 1:
            raise IndexError("A store has one axis; take rows by one list of indices.")
        return self._part(rows, self._functions)

    def _part(self, rows, functions):
        """Return some rows of the store, which pass through functions when read."""
        part = object.__new__(type(self))
        part._files, part._rows, part._functions = self._files, rows, functions
        return part

    def _sequence(self, row):
        """Return one sequence."""
        offsets = self._files.offsets
        steps = read_steps(self._files, int(offsets[row]), int(offsets[row + 1]))
        found = transformed(steps, self._functions) if self._functions else steps
        return found[:, 0] if steps.ndim == 1 and found.shape[1:] == (1,) else found

    def _with_function(self, function):
        """Return a store whose sequences pass through one more function when read."""
        return self._part(self._rows, (*self._functions, function))

    def __reduce__(self):
        state = self.folder, self._files.stamps, self._rows, self._functions
        return _reopen, (type(self), *state)  # another process opens the files

    def __repr__(self):
        n, steps = self.n_channels, number_of(self.lengths.sum(), "step")
        channels = "" if n is None else f" of {number_of(n, 'channel')}"
        return (
            f"<{type(self).__name__} of {number_of(len(self), 'sequence')}{channels}, "
            f"{steps}, {self.dtype}, in '{self.folder}'>"
        )


def _reopen(cls, folder, stamps, rows, functions):
    """Open a pickled store."""
    store = cls.open(folder)
    if store._files.stamps != stamps:
        raise ValueError(
            f"The store at {folder} has changed since it was pickled; open it again by "
            "SequenceStore.open."
        )
    return store._part(rows, functions)
