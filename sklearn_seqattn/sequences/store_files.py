"""The files of a store: which they are, and the checks before they are read.

A store is a folder. ``values.npy`` holds the steps of all sequences end to end,
``offsets.npy`` where each begins, ``labels.npy`` and ``ids.npy`` what is known of each,
if anything is, and ``store.json`` which of them there are.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sklearn_seqattn.sequences.checks import NUMBERS
from sklearn_seqattn.sequences.mapped_rows import MappedRows
from sklearn_seqattn.sequences.wording import number_of

VALUES, OFFSETS, LABELS, IDS = "values.npy", "offsets.npy", "labels.npy", "ids.npy"
ABOUT = "store.json"
FORMAT, VERSION = "sklearn_seqattn.SequenceStore", 1
_KINDS_OF_LABELS = "biufUM"  # no objects, which would need pickle
_FIELDS = {"format": str, "version": int, "labels_of": str, "has_ids": bool}
_LABELS_OF = ("nothing", "sequences", "steps")


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class StoreFiles:
    """The open files of a store.

    Parameters
    ----------
    folder : Path
        Where they are.
    values : MappedRows
        The steps of all sequences, (S, D) or (S,).
    offsets : ndarray of shape (n + 1,), int64
        The first step of each sequence, and S.
    labels_of : {"nothing", "sequences", "steps"}
        What has labels.
    ids : ndarray of shape (n,) or None
        The id of each sequence.
    stamps : dict of str to tuple
        Size and time of change of each file.
    """

    folder: Path
    values: MappedRows
    offsets: np.ndarray
    labels_of: str
    ids: np.ndarray | None
    stamps: dict

    def check_unchanged(self):
        """Raise if a file is not what it was when the store was opened.

        Raises
        ------
        ValueError
            With the name of the file.
        """
        for name, stamp in self.stamps.items():
            if _stamp(self.folder / name) != stamp:
                raise ValueError(
                    f"{self.folder / name} has changed since the store was opened; "
                    "open it again by SequenceStore.open."
                )

    @cached_property
    def labels(self):
        """The labels of sequences (n,) or of steps (S,), or None.

        Those of steps stay in the file.
        """
        if self.labels_of == "nothing":
            return None
        mode = "r" if self.labels_of == "steps" else None
        return np.load(self.folder / LABELS, mmap_mode=mode, allow_pickle=False)


def open_files(folder):
    """Open the files of a store.

    Parameters
    ----------
    folder : path
        The store.

    Returns
    -------
    files : StoreFiles

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If the folder is no store, or a file does not hold what it should.
    """
    folder = Path(folder).absolute()
    if not folder.exists():
        raise FileNotFoundError(f"There is no store at {folder}.")
    about = _read_about(folder)
    offsets = _read_offsets(folder)
    n, n_steps = len(offsets) - 1, int(offsets[-1])
    shape, dtype, begin = _check_array(folder, VALUES, NUMBERS, n_steps, ndims=(1, 2))
    names = [ABOUT, VALUES, OFFSETS]
    if about["labels_of"] != "nothing":
        n_labels = n if about["labels_of"] == "sequences" else n_steps
        _check_array(folder, LABELS, _KINDS_OF_LABELS, n_labels)
        names.append(LABELS)
    ids = None
    if about["has_ids"]:
        _check_array(folder, IDS, _KINDS_OF_LABELS, n)
        ids = np.load(folder / IDS, allow_pickle=False)
        names.append(IDS)
    return StoreFiles(
        folder,
        MappedRows(folder / VALUES, shape, dtype, begin),
        offsets,
        about["labels_of"],
        ids,
        {name: _stamp(folder / name) for name in names},
    )


def _stamp(path):
    """Return what changes with a file; None if it is missing."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _read_about(folder):
    """Return the checked content of the small file that describes a store."""
    path = folder / ABOUT
    if not path.is_file():
        raise ValueError(
            f"{folder} is no store: it has no file {ABOUT}. Write a store by "
            "SequenceStore.from_generator or from_parquet."
        )
    try:
        about = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error
    is_known = isinstance(about, dict) and about.get("format") == FORMAT
    if not is_known or about.keys() != _FIELDS.keys():
        raise ValueError(f"{path} does not describe a store.")
    if about["version"] != VERSION:
        raise ValueError(
            f"{folder} is a store of version {about['version']!r}, but this is version "
            f"{VERSION}; write the store again."
        )
    for name, kind in _FIELDS.items():
        if type(about[name]) is not kind:
            raise ValueError(f"{path} has {name}={about[name]!r}, which is no {kind}.")
    if about["labels_of"] not in _LABELS_OF:
        raise ValueError(f"{path} has labels_of={about['labels_of']!r}.")
    return about


def _read_offsets(folder):
    """Return the checked offsets."""
    path = folder / OFFSETS
    _check_array(folder, OFFSETS, "i")
    offsets = np.load(path, allow_pickle=False).astype(np.int64, copy=False)
    if len(offsets) < 2:
        raise ValueError(f"{folder} holds no sequences.")
    if offsets[0] != 0:
        raise ValueError(f"{path} begins with {offsets[0]}, but must begin with 0.")
    is_wrong = offsets[1:] <= offsets[:-1]
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise ValueError(
            f"{path} says that sequence {row} begins at step {offsets[row]} and ends "
            f"at step {offsets[row + 1]}, but every sequence has at least one step."
        )
    return offsets


def _check_array(folder, name, kinds, n_rows=None, ndims=(1,)):
    """Return shape, dtype and begin of the array of a file, without reading it."""
    path = folder / name
    if not path.is_file():
        raise ValueError(f"{folder} has no file {name}, which belongs to the store.")
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, is_fortran, dtype = read(file)
        except Exception as error:  # headers are Python, and fail in any way
            raise ValueError(f"{path} is no file of one array: {error}.") from error
        begin = file.tell()
    if dtype.kind not in kinds or dtype.hasobject:
        raise ValueError(f"{path} holds values of dtype {dtype}, which is not allowed.")
    if len(shape) not in ndims or is_fortran or 0 in shape[1:]:
        raise ValueError(f"{path} holds an array of shape {shape}, which is no table.")
    if n_rows is not None and shape[0] != n_rows:
        raise ValueError(
            f"{path} has {number_of(shape[0], 'row')}, but the store needs {n_rows} "
            "there."
        )
    n_bytes = begin + dtype.itemsize * int(np.prod(shape, dtype=object))
    if path.stat().st_size != n_bytes:
        raise ValueError(
            f"{path} has {number_of(path.stat().st_size, 'byte')} instead of "
            f"{n_bytes}: it was not written to its end, or has changed. Write the "
            "store again."
        )
    return shape, dtype, begin
