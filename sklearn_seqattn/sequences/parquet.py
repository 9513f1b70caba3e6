"""Read Parquet files in parts, and write their sequences into a store."""

from importlib import import_module
from itertools import pairwise
from os import PathLike

import numpy as np

#: Rows that are read at once: of steps, and of whole sequences.
_STEPS_AT_ONCE, _SEQUENCES_AT_ONCE = 2**15, 2**5

#: Bytes of a file that are read ahead.
_BUFFER = 2**20


def parquet_to_store(paths, writer, *, values, id, label, step_label):
    """Write the sequences of Parquet files into a store.

    Parameters
    ----------
    paths, values, id, label, step_label
        As in `SequenceStore.from_parquet`.
    writer : StoreWriter
        The store.
    """
    if label is not None and step_label is not None:
        raise ValueError("Give one of label and step_label, not both.")
    paths = [paths] if isinstance(paths, str | PathLike) else list(paths)
    names = [values] if isinstance(values, str) else list(values)
    if not paths or not names:
        raise ValueError("Give at least one file, and at least one column of values.")
    files = [_open(path) for path in paths]
    columns = dict.fromkeys([*names, id, label, step_label])
    columns = [column for column in columns if column is not None]
    kinds = {
        _holds_lists(file, path, columns, names)
        for file, path in zip(files, paths, strict=True)
    }
    if len(kinds) > 1:
        raise ValueError("Some files have columns of lists, others of single numbers.")
    has_lists = kinds.pop()
    if not has_lists and id is None:
        raise ValueError(
            f"The columns {names} hold one step a row; name the column that says to "
            "which sequence a row belongs by id=."
        )
    table = _Columns(names, id, label, step_label, is_flat=isinstance(values, str))
    kind = _ListRows if has_lists else _LongRows
    rows = kind(table, writer)
    for path, file in zip(paths, files, strict=True):
        for batch in file.iter_batches(kind.at_once, columns=columns):
            rows.write(batch, path)


def _open(path):
    """Open a Parquet file."""
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            "Reading Parquet files needs pyarrow: pip install sklearn_seqattn[parquet]."
        ) from error
    pyarrow = import_module("pyarrow")
    try:
        return parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file: {error}") from error


def _holds_lists(file, path, columns, names):
    """Return whether the columns of values hold lists; raise for missing columns."""
    schema = file.schema_arrow
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise ValueError(
            f"{path} has no column {missing[0]!r}; its columns are {schema.names}."
        )
    types = import_module("pyarrow.types")
    is_list = [_is_list(types, schema.field(name).type) for name in names]
    if all(is_list) or not any(is_list):
        return all(is_list)
    odd = names[is_list.index(not is_list[0])]
    raise ValueError(
        f"{path}: the columns {names[0]!r} and {odd!r} of values hold lists and single "
        "values; all must hold the same."
    )


def _is_list(types, kind):
    """Return whether a type of pyarrow is one of lists."""
    checks = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return any(check(kind) for check in checks)


class _Columns:
    """Which columns hold what."""

    def __init__(self, names, id, label, step_label, *, is_flat):
        self.names, self.is_flat = names, is_flat
        self.id, self.label, self.step_label = id, label, step_label


class _LongRows:
    """Rows that are steps, sorted by id."""

    at_once = _STEPS_AT_ONCE

    def __init__(self, columns, writer):
        self.columns, self.writer = columns, writer
        self._seen = set()
        self._id = self._label = None

    def write(self, batch, path):
        """Write the rows of a batch."""
        columns = self.columns
        channels = [_numbers(batch.column(c), c, path) for c in columns.names]
        steps = channels[0] if columns.is_flat else _stacked(channels, columns, path)
        ids = _scalars(batch.column(columns.id), columns.id, path)
        labels = of_steps = None
        if columns.label is not None:
            labels = _scalars(batch.column(columns.label), columns.label, path)
        if columns.step_label is not None:
            column = batch.column(columns.step_label)
            of_steps = _numbers(column, columns.step_label, path)
        starts = np.flatnonzero(ids[1:] != ids[:-1]) + 1
        bounds = [0, *starts.tolist(), len(ids)] if len(ids) else [0]
        for first, last in pairwise(bounds):
            rows = slice(first, last)
            self._enter(ids[first], None if labels is None else labels[rows], path)
            tags = None if of_steps is None else of_steps[rows]
            self.writer.append(steps[rows], tags)

    def _enter(self, id, labels, path):
        """Begin the sequence of some rows, or go on with it."""
        where = f"{path}: the sequence of {self.columns.id}={_written(id)}"
        if not self._seen or id != self._id:
            if id in self._seen:
                raise ValueError(
                    f"{where} begins again after that of {_written(self._id)}; sort "
                    f"the rows by {self.columns.id!r} first, steps of a sequence in "
                    "their order."
                )
            self._seen.add(id)
            self._id = id
            self._label = None if labels is None else labels[0]
            self.writer.begin(where, label=self._label, id=id)
        if labels is not None and (labels != self._label).any():
            other = labels[labels != self._label][0]
            raise ValueError(
                f"{where} has the labels {_written(self._label)} and "
                f"{_written(other)} in column {self.columns.label!r}; name labels of "
                "steps by step_label=."
            )


def _written(value):
    """Return how messages write an id or a label."""
    return repr(value.item() if isinstance(value, np.generic) else value)


class _ListRows:
    """Rows that are sequences: cells are lists."""

    at_once = _SEQUENCES_AT_ONCE

    def __init__(self, columns, writer):
        self.columns, self.writer = columns, writer
        self._n_rows = 0

    def write(self, batch, path):
        """Write the rows of a batch."""
        columns = self.columns
        ids, labels = (
            None if name is None else _scalars(batch.column(name), name, path)
            for name in (columns.id, columns.label)
        )
        for row in range(len(batch)):
            where = f"{path}: the sequence of row {self._n_rows}"
            self._n_rows += 1
            self.writer.begin(
                where,
                id=None if ids is None else ids[row],
                label=None if labels is None else labels[row],
            )
            channels = [_cell(batch.column(c), row, c, where) for c in columns.names]
            steps = (
                channels[0] if columns.is_flat else _joined(channels, columns, where)
            )
            name, of_steps = columns.step_label, None
            if name is not None:
                of_steps = _cell(batch.column(name), row, name, where)
            self.writer.append(steps, of_steps)


def _joined(channels, columns, where):
    """Return the channels of a sequence side by side."""
    lengths = [len(channel) for channel in channels]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{where} has {lengths} steps in the columns {columns.names}; all channels "
            "need the same steps."
        )
    if len(channels) == 1 and channels[0].ndim == 2:
        return channels[0]
    return _stacked(channels, columns, where)


def _stacked(channels, columns, where):
    """Return columns of numbers as channels."""
    if any(channel.ndim != 1 for channel in channels):
        raise ValueError(
            f"{where}: lists of steps that are lists stand alone, but values="
            f"{columns.names} names several columns."
        )
    return np.stack(channels, axis=1)


def _cell(column, row, name, where):
    """Return the numbers of a list, (T,), or of a list of lists, (T, D)."""
    types = import_module("pyarrow.types")
    if not _is_list(types, column.type):
        raise TypeError(f"{where}: column {name!r} holds {column.type}, but no lists.")
    cell = column[row]
    if not cell.is_valid:
        raise ValueError(f"{where} is missing in column {name!r}.")
    inner = cell.values
    if not _is_list(types, inner.type):
        return _numbers(inner, name, where)
    if inner.null_count:
        raise ValueError(f"{where} has a missing step in column {name!r}.")
    lengths = np.asarray(inner.value_lengths())
    if len(set(lengths.tolist())) > 1:
        raise ValueError(
            f"{where} has steps of {lengths.min()} to {lengths.max()} numbers in "
            f"column {name!r}; all need the same channels."
        )
    flat = _numbers(inner.flatten(), name, where)
    return flat.reshape(len(inner), -1) if len(inner) else np.empty((0, 1))


def _numbers(column, name, where):
    """Return a column of numbers; missing ones are NaN."""
    types = import_module("pyarrow.types")
    kind = column.type
    is_number = types.is_integer(kind) or types.is_floating(kind)
    if not (is_number or types.is_boolean(kind)):
        raise TypeError(
            f"{where}: column {name!r} holds {kind}, but numbers are expected; encode "
            "other values as integers first."
        )
    if column.null_count and not types.is_floating(kind):
        raise ValueError(
            f"{where}: column {name!r} of type {kind} has missing values, which only "
            "floating-point numbers can have; fill them first."
        )
    return column.to_numpy(zero_copy_only=False)


def _scalars(column, name, path):
    """Return a column of ids or labels, none of them missing."""
    types = import_module("pyarrow.types")
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_nested(column.type):
        raise TypeError(
            f"{path}: column {name!r} holds {column.type}, but single values are "
            "expected; name lists of labels of steps by step_label=."
        )
    values = column.to_numpy(zero_copy_only=False)
    if column.null_count or (types.is_floating(column.type) and np.isnan(values).any()):
        raise ValueError(
            f"{path}: column {name!r} has missing values; fill them first."
        )
    return values
