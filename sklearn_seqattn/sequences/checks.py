"""Check the steps of all sequences, which are stored end to end in one array.

The checks run over whole arrays. Only if one fails is the first wrong value looked up,
so that the message can name the sequence and the step.
"""

import datetime
import reprlib
from collections import Counter

import numpy as np
import pandas as pd

NUMBERS = "biuf"  # dtype kinds that hold numbers
_FILL = "fill it with SequenceImputer, or drop such steps first"
_REPLACE = "every step needs finite numbers, so replace or drop such steps first"
_NO_TOKEN = "tokens are never missing, so drop such steps, or give them an id"
STRINGS = "OUT"  # dtype kinds that may hold strings


def locate(position, lengths):
    """Turn a position in flat storage into (index of the sequence, step in it)."""
    ends = np.cumsum(lengths)
    index = int(np.searchsorted(ends, position, side="right"))
    return index, int(position - (ends[index] - lengths[index]))


def odd_one_out(keys):
    """Return where the first unusual key is, and where a usual one.

    The usual key is the most frequent one; the first of those that are equally so.
    """
    usual, _ = Counter(keys).most_common(1)[0]
    odd = next(i for i, key in enumerate(keys) if key != usual)
    return odd, keys.index(usual)


def as_float(array):
    """Return `array` as it is if float32 or float64, else as float64."""
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float64)


def check_dtype(dtype, where):
    """Raise for a dtype that is neither numeric nor text."""
    if dtype.kind in NUMBERS + STRINGS:
        return
    if dtype.kind == "c":
        raise ValueError(
            f"{where} has dtype {dtype}. Complex data not supported: pass the real "
            "and the imaginary part as two channels."
        )
    remedies = {
        "M": "pass numbers instead, for example the seconds since the first step",
        "m": "pass numbers instead, for example seconds",
        "S": "decode the bytes to strings first",
    }
    remedy = remedies.get(dtype.kind, "pass numbers or strings")
    raise TypeError(f"{where} has dtype {dtype}, which is not supported; {remedy}.")


def check_shape(array, units, name):
    """Raise if an axis is empty."""
    for size, unit in zip(array.shape, units, strict=True):
        if size == 0:
            raise ValueError(
                f"{name} has 0 {unit} (shape={array.shape}) while a minimum of 1 is "
                "required."
            )


def check_not_empty(lengths, found, name):
    """Raise at the first sequence without steps; `found` says what it holds."""
    if lengths.min() == 0:
        raise ValueError(
            f"{name}[{lengths.argmin()}] has {found}, but every sequence needs at "
            "least one step; remove the empty sequences (and their targets)."
        )


def all_finite(array):
    """Return whether there is no NaN and no infinity; no array is made for it."""
    if array.size == 0:
        return True
    least, largest = array.min(), array.max()  # a NaN is both
    return bool(np.isfinite(least) and np.isfinite(largest))


def check_finite(
    values, lengths, name, *, channels=None, remedy=_FILL, allow_nan=False, first=0
):
    """Raise at the first infinity, or NaN, in numeric flat storage (S, D).

    `channels` are their names, if they have any; `remedy` says what to do about NaN;
    `first` is the place of the first of the values among all steps.
    """
    if all_finite(values):
        return
    is_wrong = np.isinf(values) if allow_nan else ~np.isfinite(values)
    if not is_wrong.any():
        return
    position, channel = np.argwhere(is_wrong)[0]
    index, step = locate(first + position, lengths)
    found = "NaN"
    if np.isinf(values[position, channel]):
        found, remedy = "infinity (inf)", _REPLACE
    where = (
        f"channel {channel}" if channels is None else f"column {channels[channel]!r}"
    )
    raise ValueError(
        f"{name}[{index}] contains {found} at step {step}, {where}; {remedy}."
    )


def holds_text(array):
    """Return whether an array of text or objects holds at least one string."""
    if array.dtype.kind != "O":
        return array.dtype.kind in STRINGS
    return any(issubclass(kind, str) for kind in set(map(type, array.flat)))


def check_text(flat, lengths, name):
    """Return `flat` as an object array of strings, or name the first other value.

    Where most values are no strings, the first string is named.
    """
    flat = flat.astype(object, copy=False)
    kinds = set(map(type, flat))
    if kinds <= {str}:
        return flat
    if all(issubclass(kind, str) for kind in kinds):  # such as numpy.str_
        return np.array(list(map(str, flat)), dtype=object)
    is_text = np.array([isinstance(value, str) for value in flat])
    is_wrong, usual = ~is_text, "other tokens are strings"
    if 2 * is_text.sum() < len(flat) and not pd.isna(flat).any():
        is_wrong, usual = is_text, "most values are no strings"
    position = int(is_wrong.argmax())
    index, step = locate(position, lengths)
    kind = type(flat[position]).__name__
    raise TypeError(
        f"{name}[{index}] holds {reprlib.repr(flat[position])} of type {kind} at step "
        f"{step}, but {usual}; tokens are all strings or all integers, and never "
        "missing."
    )


def check_integers(flat, lengths, name):
    """Return tokens as int64; floats pass only if every one is a whole number."""
    if flat.dtype.kind == "O":  # an empty object array stands among numbers
        flat = objects_to_float(flat, lengths, name)
    if flat.dtype.kind == "f":
        check_finite(flat[:, np.newaxis], lengths, name, remedy=_NO_TOKEN)
        is_fraction = flat != np.floor(flat)
        if is_fraction.any():
            position = int(is_fraction.argmax())
            index, step = locate(position, lengths)
            raise ValueError(
                f"{name}[{index}] holds {flat[position]} at step {step}, but tokens "
                "are strings or integers; round or bin the numbers first."
            )
    if flat.size and np.abs(flat).max().item() > np.iinfo(np.int64).max:
        index, step = locate(int(np.abs(flat).argmax()), lengths)
        raise ValueError(
            f"{name}[{index}] holds a number at step {step} that does not fit into "
            "int64; pass such tokens as strings."
        )
    return flat.astype(np.int64, copy=False)


def objects_to_float(array, lengths, name):
    """Return an object array of numbers as float64, missing ones as NaN.

    If a value is no number, the error names the first one.
    """
    kinds = set(map(type, array.flat))
    try:
        if bytes not in kinds:  # NumPy reads b"1" as a number
            if type(pd.NA) in kinds:
                array = np.where(pd.isna(array), np.nan, array)
            return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    for position, value in enumerate(array.flat):
        try:
            _to_float(value)
        except (TypeError, ValueError, OverflowError) as error:
            width = array.size // len(array)  # values a step
            index, step = locate(position // width, lengths)
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"{name}[{index}] holds {reprlib.repr(value)} at step {step}: {error}."
            ) from error
    raise TypeError(f"{name} holds values that cannot be read as numbers.")


def _to_float(value):
    """Return a number as float, or raise an error that says what it is instead."""
    if isinstance(value, bytes):
        raise TypeError("decode bytes to strings first")
    if isinstance(value, datetime.date | datetime.timedelta | np.datetime64):
        raise TypeError("pass numbers instead, for example the seconds since a start")
    if np.ndim(value):
        raise TypeError("a number is expected, not a sequence")
    return np.nan if value is pd.NA else float(value)
