"""Python values and arrays as JSON with named arrays, and back.

JSON has no tuples, no keys but strings and no arrays. These become objects with a key
that names the kind: ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}``,
``{"array": name}``, ``{"values": [...], "dtype": "<U5"}``.
"""

import math
import re

import numpy as np
import pandas as pd

from sklearn_seqattn.storage.files import FileFormatError

_MAX_DEPTH = 48
_LARGEST_INT = 2**63
_MAX_CHARACTERS = 2**24  # of an array of strings of equal width
_STRING_DTYPE = re.compile(r"<U[1-9]\d{0,4}|object")
_TIME_DTYPE = re.compile(r"[mM]8\[(Y|M|W|D|h|m|s|ms|us|ns)\]")


class Writer:
    """Turn values into JSON and collect their arrays.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays found so far, by the place of each.
    """

    def __init__(self):
        self.arrays = {}

    def write(self, value, where, depth=0):
        """Return a value as JSON.

        Parameters
        ----------
        value : None, bool, int, float, str, tuple, list, slice, dict or ndarray
            The value. Scalars of numpy become plain ones, and other array-likes of
            pandas become arrays.
        where : str
            Name of the value, for messages and as the name of an array.
        depth : int, default=0
            Number of values that this one is inside of.

        Returns
        -------
        value : object
            JSON.

        Raises
        ------
        TypeError
            If a value has another type or is nested too deep.
        """
        if depth > _MAX_DEPTH:
            raise TypeError(f"{where:.80} is nested too deep for a file.")
        if isinstance(value, pd.Series | pd.Index | pd.DataFrame):
            value = value.to_numpy()
        if isinstance(value, np.ndarray):
            return self._array(value, where, depth)
        if isinstance(value, slice):
            parts = [value.start, value.stop, value.step]
            return {"slice": self._items(parts, where, depth)}
        if isinstance(value, tuple | list):
            kind = "tuple" if isinstance(value, tuple) else "list"
            return {kind: self._items(value, where, depth)}
        if isinstance(value, dict):
            pairs = [
                [_scalar(k, where), self.write(v, f"{where}[{k!r}]", depth + 1)]
                for k, v in value.items()
            ]
            return {"dict": pairs}
        if value is None or isinstance(value, bool | int | float | str | np.generic):
            return _scalar(value, where)
        return self.write_object(value, where, depth)

    def write_object(self, value, where, depth):
        """Refuse an object; subclasses write those that they know."""
        raise _refusal(value, where)

    def _items(self, values, where, depth):
        """Return the elements of a list as JSON."""
        return [self.write(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(values)]

    def _array(self, array, where, depth):
        """Collect an array of numbers; write strings and objects into the JSON."""
        dtype = array.dtype.newbyteorder("=")
        kind = dtype.kind
        if isinstance(array, np.ma.MaskedArray):
            parts = [array.data, np.ma.getmaskarray(array)]
            return {"masked": self._items(parts, where, depth)}
        if kind in "mM":
            numbers = array.astype(dtype).view(np.int64)
            return {"time": dtype.str[1:], **self._array(numbers, where, depth)}
        if kind in "biuf" and dtype.itemsize <= 8:
            self.arrays[where] = array.astype(dtype, copy=False)
            return {"array": where}
        if kind not in "UO" or array.ndim != 1:
            raise TypeError(
                f"{where} is a {array.ndim}-d array of dtype {array.dtype}, "
                "which a file cannot hold; use numbers, or 1-d arrays of strings."
            )
        name = dtype.newbyteorder("<").str if kind == "U" else "object"
        if kind == "U" and array.size * int(name[2:]) > _MAX_CHARACTERS:
            name = "object"
        return {"values": self._items(array.tolist(), where, depth), "dtype": name}


def _scalar(value, where):
    """Return a scalar as JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and abs(value) < _LARGEST_INT:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    raise _refusal(value, where)


def _refusal(value, where):
    """Return the error of a value that no file can hold."""
    return TypeError(
        f"{where} is {value!r:.80}, of type {type(value).__name__}, which a "
        "file cannot hold; change it before saving, for example by set_params."
    )


class Reader:
    """Turn JSON and named arrays back into values.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays of the file. Each must be used once.
    """

    def __init__(self, arrays):
        self.arrays = dict(arrays)
        self._kinds = {
            ("array",): self._array,
            ("array", "time"): self._times,
            ("dict",): self._dict,
            ("dtype", "values"): self._strings,
            ("float",): self._float,
            ("list",): self._list,
            ("masked",): self._masked,
            ("slice",): self._slice,
            ("tuple",): lambda *args: tuple(self._list(*args)),
        }

    def read(self, value, where, depth=0):
        """Return the value that `Writer.write` has written.

        Parameters
        ----------
        value : object
            JSON.
        where : str
            Name of the value, for messages.
        depth : int, default=0
            Number of values that this one is inside of.

        Returns
        -------
        value : object

        Raises
        ------
        FileFormatError
            If it is nothing that a `Writer` writes.
        """
        if depth > _MAX_DEPTH:
            raise FileFormatError(f"{where:.80} is nested too deep.")
        if not isinstance(value, dict):
            return _read_scalar(value, where)
        if "__object__" in value:
            return self.read_object(value, where, depth)
        read = self._kinds.get(tuple(sorted(value)))
        if read is None:
            raise FileFormatError(f"{where} is of no known kind.")
        return read(value, where, depth)

    def read_object(self, node, where, depth):
        """Refuse an object; subclasses read those that they know."""
        raise FileFormatError(f"{where} is an object, which this file cannot hold.")

    def finish(self):
        """Refuse arrays that nothing has used."""
        if self.arrays:
            raise FileFormatError(
                f"it has arrays of no use: {sorted(self.arrays)[:3]}."
            )

    def _array(self, node, where, depth):
        """Return an array of the file, which cannot be used again."""
        name = node["array"]
        if not isinstance(name, str) or name not in self.arrays:
            raise FileFormatError(f"{where} names an array that is not there.")
        return self.arrays.pop(name).copy()

    def _times(self, node, where, depth):
        """Return an array of dates or durations."""
        numbers, dtype = self._array(node, where, depth), node["time"]
        known = isinstance(dtype, str) and _TIME_DTYPE.fullmatch(dtype)
        if not known or numbers.dtype != np.int64:
            raise FileFormatError(f"{where} is no array of times.")
        return numbers.view(dtype)

    def _list(self, node, where, depth):
        """Return a list."""
        ((_, values),) = node.items()
        return self._items(values, where, depth)

    def _items(self, values, where, depth):
        """Return the elements of a list."""
        if not isinstance(values, list):
            raise FileFormatError(f"{where} is not a list.")
        return [
            self.read(value, f"{where}[{i}]", depth + 1)
            for i, value in enumerate(values)
        ]

    def _masked(self, node, where, depth):
        """Return a masked array."""
        parts = self._list(node, where, depth)
        right = len(parts) == 2 and all(isinstance(p, np.ndarray) for p in parts)
        if not right or parts[0].shape != parts[1].shape or parts[1].dtype != bool:
            raise FileFormatError(f"{where} is no masked array.")
        return np.ma.MaskedArray(*parts)

    def _slice(self, node, where, depth):
        """Return a slice."""
        parts = self._list(node, where, depth)
        if len(parts) != 3 or not all(type(p) in (int, type(None)) for p in parts):
            raise FileFormatError(f"{where} is no slice.")
        return slice(*parts)

    def _dict(self, node, where, depth):
        """Return a dict."""
        pairs = node["dict"]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 for pair in pairs
        ):
            raise FileFormatError(f"{where} is not a list of pairs.")
        keys = [_read_scalar(key, where) for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise FileFormatError(f"{where} has a repeated key.")
        return {
            key: self.read(value, f"{where}[{key!r}]", depth + 1)
            for key, (_, value) in zip(keys, pairs, strict=True)
        }

    def _float(self, node, where, depth):
        """Return a float that JSON does not have."""
        if node["float"] not in ("inf", "-inf", "nan"):
            raise FileFormatError(f"{where} is no number.")
        return float(node["float"])

    def _strings(self, node, where, depth):
        """Return a vector of strings, or of objects."""
        values, dtype = self._items(node["values"], where, depth), node["dtype"]
        if not isinstance(dtype, str) or not _STRING_DTYPE.fullmatch(dtype):
            raise FileFormatError(f"{where} has the dtype {dtype!r:.20}.")
        if dtype == "object":
            array = np.empty(len(values), dtype=object)
            for i, value in enumerate(values):
                array[i] = value
            return array
        width = int(dtype[2:])
        if not all(isinstance(s, str) and len(s) <= width for s in values):
            raise FileFormatError(f"{where} does not hold strings as in {dtype!r}.")
        if width * len(values) > _MAX_CHARACTERS:  # numpy pads each to the width
            raise FileFormatError(f"{where} is too wide.")
        return np.array(values, dtype=dtype)


def _read_scalar(value, where):
    """Return a scalar of JSON."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST_INT:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise FileFormatError(f"{where} is of the type {type(value).__name__}.")
