"""Write a store, a block of steps at a time."""

import json
import shutil
from array import array
from pathlib import Path
from uuid import uuid4

import numpy as np

from sklearn_seqattn.sequences.arrays import is_array_like, to_array
from sklearn_seqattn.sequences.checks import NUMBERS, STRINGS
from sklearn_seqattn.sequences.store_files import (
    ABOUT,
    FORMAT,
    IDS,
    LABELS,
    OFFSETS,
    VALUES,
    VERSION,
)
from sklearn_seqattn.sequences.wording import number_of


class StoreWriter:
    """Write the files of a store, in bounded memory.

    Used in a ``with`` statement. The folder appears in the end, with all of its files;
    after an error nothing is left.

    Parameters
    ----------
    folder : path
        The store, which must not exist.

    Raises
    ------
    FileExistsError
        If there is something of that name.
    """

    def __init__(self, folder):
        self.folder = Path(folder).absolute()
        if self.folder.exists():
            raise FileExistsError(
                f"{self.folder} exists; give another folder, or remove it first."
            )
        self._partial = self.folder.with_name(
            f".{self.folder.name}-{uuid4().hex[:8]}.partial"
        )
        self._lengths = array("q")
        self._labels, self._ids = [], []

    def __enter__(self):
        self._partial.mkdir()
        self._values = _ArrayFile(self._partial / VALUES)
        self._step_labels = _ArrayFile(self._partial / LABELS)
        return self

    def __exit__(self, kind, error, traceback):
        try:
            for file in (self._values, self._step_labels):
                file.close()
            if kind is None:
                self._finish()
                self._partial.rename(self.folder)
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def begin(self, where, *, label=None, id=None):
        """Begin a sequence.

        Parameters
        ----------
        where : str
            What messages call it.
        label, id : object, default=None
            What is known of it.
        """
        self._where = where
        self._lengths.append(0)
        if label is not None:
            self._labels.append(label)
        if id is not None:
            self._ids.append(id)

    def append(self, steps, labels=None):
        """Append steps to the sequence.

        Parameters
        ----------
        steps : ndarray of shape (T, D) or (T,)
            Numbers.
        labels : ndarray of shape (T,) or None, default=None
            The label of each.

        Raises
        ------
        ValueError, TypeError
            If they are no such steps, or differ from those before.
        """
        _check_steps(steps, self._where)
        self._values.append(steps, self._where)
        self._lengths[-1] += len(steps)
        if labels is not None:
            _check_step_labels(labels, len(steps), self._where)
            self._step_labels.append(labels, f"the labels of {self._where}")

    def _finish(self):
        """Write what is known in the end."""
        if not self._lengths:
            raise ValueError("There are no sequences to store.")
        labels_of = "steps" if self._step_labels.dtype is not None else "nothing"
        if labels_of == "nothing":
            (self._partial / LABELS).unlink()
        if self._labels:
            labels_of = "sequences"
            _save(self._partial / LABELS, self._labels, "labels")
        if self._ids:
            _save(self._partial / IDS, self._ids, "ids")
        offsets = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(self._lengths, out=offsets[1:])
        np.save(self._partial / OFFSETS, offsets)
        about = {
            "format": FORMAT,
            "version": VERSION,
            "labels_of": labels_of,
            "has_ids": bool(self._ids),
        }
        (self._partial / ABOUT).write_text(json.dumps(about))


def write_item(writer, item, where, *, labeled):
    """Write one element of the iterable of a user.

    Parameters
    ----------
    writer : StoreWriter
        The store.
    item : array-like, or pair of an array-like and its label
        The element.
    where : str
        What messages call it.
    labeled : bool
        Whether it is a pair.
    """
    label = None
    if labeled:
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise TypeError(
                f"{where} is no pair (sequence, label), as labeled=True says."
            )
        item, label = item
        if label is None:
            raise ValueError(f"{where} has no label (None); every sequence needs one.")
    steps = to_array(item, where, "expected an array of numbers")
    is_of_steps = label is not None and is_array_like(label)
    writer.begin(where, label=None if is_of_steps else label)
    writer.append(steps, np.asarray(label) if is_of_steps else None)


class _ArrayFile:
    """An array in a ``.npy`` file that grows by rows."""

    def __init__(self, path):
        self._file = path.open("wb")
        self.dtype, self._channels, self._n_rows = None, None, 0

    def append(self, rows, where):
        """Append rows of the dtype and the channels of the first ones."""
        if self.dtype is None:
            self.dtype = rows.dtype.newbyteorder("<")
            self._channels = rows.shape[1:]
            self._write_header()
        if rows.shape[1:] != self._channels:
            raise ValueError(
                f"{where} has steps of shape {rows.shape[1:]}, but those before have "
                f"{self._channels}; every sequence needs the same channels."
            )
        if not np.can_cast(rows.dtype, self.dtype, "safe"):
            raise ValueError(
                f"{where} has dtype {rows.dtype}, which {self.dtype}, that of the "
                "first sequence, does not hold; convert all to one dtype first."
            )
        self._file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
        self._n_rows += len(rows)

    def close(self):
        """Write the number of rows into the header."""
        if self.dtype is not None and not self._file.closed:
            self._file.seek(0)
            self._write_header()
        self._file.close()

    def _write_header(self):
        """Write a header, which has the same size for any number of rows."""
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self._n_rows, *self._channels),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


def _check_steps(steps, where):
    """Raise for what is no sequence of numbers."""
    if steps.dtype.kind in STRINGS:
        raise TypeError(
            f"{where} holds values of dtype {steps.dtype}, but a store holds numbers; "
            "encode tokens as integers first, for example by StateEncoder."
        )
    if steps.dtype.kind not in NUMBERS or steps.dtype.itemsize > 8:
        raise TypeError(
            f"{where} holds values of dtype {steps.dtype}, but a store holds integers, "
            "float32 or float64."
        )
    if steps.ndim not in (1, 2) or 0 in steps.shape:
        raise ValueError(
            f"{where} has shape {steps.shape}, but a sequence has shape (n_steps,) or "
            "(n_steps, n_channels), and at least one step."
        )


def _check_step_labels(labels, n_steps, where):
    """Raise for labels of steps that cannot be stored."""
    if labels.shape != (n_steps,):
        raise ValueError(
            f"{where} has {number_of(n_steps, 'step')}, but labels of shape "
            f"{labels.shape}; give one for each step."
        )
    if labels.dtype.kind not in "biu":
        raise TypeError(
            f"{where} has labels of steps of dtype {labels.dtype}, but a store holds "
            "integers there; encode others first, for example by LabelEncoder."
        )


def _save(path, values, noun):
    """Save a value for each sequence."""
    kinds = {type(value) for value in values}
    found = np.asarray(values)
    is_mixed = found.dtype.kind == "U" and not all(issubclass(k, str) for k in kinds)
    if found.ndim != 1 or is_mixed or found.dtype.kind not in "biufUM":
        names = sorted(kind.__name__ for kind in kinds)
        raise TypeError(
            f"The {noun} of sequences are of the types {names}, but must all be "
            "strings, numbers or dates."
        )
    np.save(path, found)
