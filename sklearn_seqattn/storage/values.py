"""Plain Python values and arrays as JSON with named arrays, and back.

JSON has no tuples, no keys but strings and no arrays. What it lacks becomes an
object with one key that says what it is: ``{"tuple": [...]}``,
``{"dict": [[key, value], ...]}``, ``{"array": name}``, ``{"states": [...]}``.
"""

import math
import re

import numpy as np
import pandas as pd

from sklearn_seqattn.storage.files import FileFormatError

_MAX_DEPTH = 32
_LARGEST_INT = 2**63
_MAX_CHARACTERS = 2**24  # of an array of strings of equal width
_STRING_DTYPE = re.compile(r"<U[1-9]\d{0,4}|object")


class Writer:
    """Turn values into JSON, setting arrays apart.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays met so far, by the place they were met at.
    """

    def __init__(self):
        self.arrays = {}

    def write(self, value, where):
        """Give a value as JSON.

        Parameters
        ----------
        value : None, bool, int, float, str, tuple, list, dict or ndarray
            The value; numbers of numpy become plain ones, and other array-likes of
            pandas become arrays.
        where : str
            What the value is, for messages and for the names of arrays.

        Returns
        -------
        value : object
            What `json.dumps` takes.

        Raises
        ------
        TypeError
            If a value is of another type.
        """
        if isinstance(value, pd.Series | pd.Index | pd.DataFrame):
            value = value.to_numpy()
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, tuple | list):
            kind = "tuple" if isinstance(value, tuple) else "list"
            return {kind: [self.write(v, f"{where}[{i}]") for i, v in enumerate(value)]}
        if isinstance(value, dict):
            items = value.items()
            return {
                "dict": [
                    [self.write(k, where), self.write(v, f"{where}[{k!r}]")]
                    for k, v in items
                ]
            }
        return _scalar(value, where)

    def _array(self, array, where):
        """Set numbers apart; write strings and other states where they stand."""
        if array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
            self.arrays[where] = array
            return {"array": where}
        if array.dtype.kind not in "UO" or array.ndim != 1:
            raise TypeError(
                f"{where} is an array of dtype {array.dtype}, which a model file "
                "cannot hold; use numbers or strings."
            )
        dtype = (
            array.dtype.newbyteorder("<").str if array.dtype.kind == "U" else "object"
        )
        if array.dtype.kind == "U" and array.size * int(dtype[2:]) > _MAX_CHARACTERS:
            dtype = "object"
        states = [_scalar(state, where) for state in array.tolist()]
        return {"states": states, "dtype": dtype}


def _scalar(value, where):
    """Give a single value as JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and abs(value) < _LARGEST_INT:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    raise TypeError(
        f"{where} is {value!r:.80}, of type {type(value).__name__}, which a "
        f"file cannot hold; change it before saving, for example by set_params."
    )


class Reader:
    """Turn JSON and named arrays back into values.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays of the file; each is to be used once.
    """

    def __init__(self, arrays):
        self.arrays = dict(arrays)

    def read(self, value, where, depth=0):
        """Give the value that `Writer.write` has written.

        Parameters
        ----------
        value : object
            From JSON.
        where : str
            What the value is, for messages.
        depth : int, default=0
            How deep inside other values it stands.

        Returns
        -------
        value : object

        Raises
        ------
        FileFormatError
            If it is nothing that a `Writer` writes.
        """
        if depth > _MAX_DEPTH:
            raise FileFormatError(f"{where} is nested too deep.")
        if not isinstance(value, dict):
            return _read_scalar(value, where)
        kinds = {
            "tuple": lambda v: tuple(self._items(v, where, depth)),
            "list": lambda v: self._items(v, where, depth),
            "dict": lambda v: self._dict(v, where, depth),
            "array": lambda v: self.array(v, where),
            "float": lambda v: _read_float(v, where),
        }
        if value.keys() == {"states", "dtype"}:
            return _read_states(value["states"], value["dtype"], where)
        if len(value) != 1 or not value.keys() <= kinds.keys():
            raise FileFormatError(f"{where} is of no known kind.")
        ((kind, content),) = value.items()
        return kinds[kind](content)

    def array(self, name, where):
        """Take an array of the file; it cannot be taken again."""
        if not isinstance(name, str) or name not in self.arrays:
            raise FileFormatError(f"{where} names an array that is not there.")
        return self.arrays.pop(name).copy()

    def finish(self):
        """Refuse arrays that nothing has used."""
        if self.arrays:
            raise FileFormatError(
                f"it has arrays of no use: {sorted(self.arrays)[:3]}."
            )

    def _items(self, values, where, depth):
        """Read the elements of a list."""
        if not isinstance(values, list):
            raise FileFormatError(f"{where} is not a list.")
        return [
            self.read(value, f"{where}[{i}]", depth + 1)
            for i, value in enumerate(values)
        ]

    def _dict(self, pairs, where, depth):
        """Read the pairs of a dict."""
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 for pair in pairs
        ):
            raise FileFormatError(f"{where} is not a list of pairs.")
        keys = [_read_scalar(key, where) for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise FileFormatError(f"{where} has a key that stands twice.")
        values = [
            self.read(value, f"{where}[{key!r}]", depth + 1)
            for key, (_, value) in zip(keys, pairs, strict=True)
        ]
        return dict(zip(keys, values, strict=True))


def _read_scalar(value, where):
    """Check a single value."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST_INT:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise FileFormatError(f"{where} is of the type {type(value).__name__}.")


def _read_float(value, where):
    """Read a float that JSON does not have."""
    if value not in ("inf", "-inf", "nan"):
        raise FileFormatError(f"{where} is no number.")
    return float(value)


def _read_states(states, dtype, where):
    """Read an array of strings, or of objects that are strings, numbers or booleans."""
    if not isinstance(states, list) or not isinstance(dtype, str):
        raise FileFormatError(f"{where} is no array of states.")
    if not _STRING_DTYPE.fullmatch(dtype):
        raise FileFormatError(f"{where} has the dtype {dtype!r:.20}.")
    states = [_read_scalar(state, where) for state in states]
    array = np.empty(len(states), dtype=object)
    array[:] = states
    if dtype == "object":
        return array
    width = int(dtype[2:])
    if not all(isinstance(s, str) and len(s) <= width for s in states):
        raise FileFormatError(f"{where} does not hold strings as in {dtype!r}.")
    if width * len(states) > _MAX_CHARACTERS:  # numpy pads each to the width
        raise FileFormatError(f"{where} is too wide.")
    return array.astype(dtype)
