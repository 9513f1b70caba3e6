"""Check single values that a file holds."""

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.storage.files import FileFormatError

#: No size, count or length in a file may be larger.
LARGEST_SIZE = 2**31 - 1


def refuse(where, found, wanted):
    """Raise a FileFormatError that names a value and what was expected."""
    shown = (
        f"{found!r:.60}"
        if isinstance(found, bool | int | float | str)
        else (f"of the type {type(found).__name__}")
    )
    raise FileFormatError(f"{where} is {shown}, not {wanted}.")


def check_int(value, where, low=0, high=LARGEST_SIZE):
    """Return an integer from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        refuse(where, value, f"an integer from {low} to {high}")
    return value


def check_size(value, where):
    """Return an integer of at least 1."""
    return check_int(value, where, 1)


def check_float(value, where, low=-np.inf, high=np.inf):
    """Return a finite float from `low` to `high`."""
    if type(value) is not float or not (np.isfinite(value) and low <= value <= high):
        refuse(where, value, f"a number from {low} to {high}")
    return value


def check_positive(value, where):
    """Return a finite number above zero, unchanged."""
    if type(value) not in (int, float) or not 0 < value < np.inf:
        refuse(where, value, "a number above 0")
    return value


def check_bool(value, where):
    """Return a boolean."""
    if not isinstance(value, bool):
        refuse(where, value, "a boolean")
    return value


def check_choice(value, where, choices):
    """Return one of some strings."""
    if not isinstance(value, str) or value not in choices:
        refuse(where, value, f"one of {', '.join(map(repr, choices))}")
    return value


def check_keys(value, where, keys):
    """Return a dict that has exactly these keys."""
    if not isinstance(value, dict) or value.keys() != set(keys):
        refuse(where, value, f"an object with the fields {sorted(keys)}")
    return value


def check_array(value, where, *, kind, shape, finite=True, positive=False):
    """Return an array of numbers, checked.

    Parameters
    ----------
    value : object
        What was read from a file.
    where : str
        Name of the value, for messages.
    kind : str
        Allowed kinds of dtype, such as "f" or "iu".
    shape : tuple
        The wanted shape, with None for an axis of any length.
    finite : bool, default=True
        Refuse NaN and infinity.
    positive : bool, default=False
        Refuse numbers that are not above 0.

    Returns
    -------
    value : ndarray
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kind:
        refuse(where, value, f"an array of the kind {kind!r}")
    fits = len(value.shape) == len(shape) and all(
        wanted in (None, found)
        for found, wanted in zip(value.shape, shape, strict=True)
    )
    if not fits:
        raise FileFormatError(f"{where} has the shape {value.shape}, not {shape}.")
    if finite and not np.isfinite(value).all():
        raise FileFormatError(f"{where} holds NaN or infinity.")
    if positive and (value <= 0).any():
        raise FileFormatError(f"{where} holds a number that is not positive.")
    return value


def check_states(value, where, n=None):
    """Return a vector of distinct states: strings, numbers, booleans or times."""
    if not isinstance(value, np.ndarray) or value.ndim != 1 or not len(value):
        refuse(where, value, "a vector")
    if n not in (None, len(value)):
        raise FileFormatError(f"{where} has {number_of(len(value), 'state')}, not {n}.")
    times = value.dtype.kind in "mM" and not np.isnat(value).any()
    kinds = set() if times else {type(state) for state in value.tolist()}
    if len(kinds) > 1 or not kinds <= {str, int, float, bool}:
        raise FileFormatError(f"{where} mixes types or holds none of strings, numbers.")
    if pd.unique(value).size < len(value):
        raise FileFormatError(f"{where} has a repeated state.")
    return value


def check_labels(value, where):
    """Return a list of distinct strings or integers, such as names of columns."""
    if not isinstance(value, list) or not all(type(v) in (str, int) for v in value):
        refuse(where, value, "a list of names")
    if len(set(value)) < len(value):
        raise FileFormatError(f"{where} has a repeated name.")
    return value
