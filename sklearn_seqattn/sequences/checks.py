"""Check the steps of sequences in flat storage: every sequence end to end.

The checks run over whole arrays; only when one fails is the first wrong value looked
up, so that the message can name the sequence and the step.
"""

import reprlib

import numpy as np

NUMBERS = "biuf"  # dtype kinds that hold numbers
_FILL = "every step needs finite numbers, so fill or drop such steps first"
STRINGS = "OUT"  # dtype kinds that may hold strings


def locate(position, lengths):
    """Turn a position in flat storage into (index of the sequence, step in it)."""
    ends = np.cumsum(lengths)
    index = int(np.searchsorted(ends, position, side="right"))
    return index, int(position - (ends[index] - lengths[index]))


def is_number_type(kind):
    """Tell whether objects of type `kind` are single numbers."""
    return issubclass(kind, bool | int | float | complex | np.number | np.bool_)


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


def check_not_empty(lengths, found, name):
    """Raise at the first sequence without steps; `found` says what it holds."""
    if lengths.min() == 0:
        raise ValueError(
            f"{name}[{lengths.argmin()}] has {found}, but every sequence needs at "
            "least one step; remove the empty sequences (and their targets)."
        )


def all_finite(array):
    """Tell whether there is no NaN and no infinity; no array is made for it."""
    if array.size == 0:
        return True
    least, largest = array.min(), array.max()  # a NaN is both
    return bool(np.isfinite(least) and np.isfinite(largest))


def check_finite(values, lengths, name, *, channels=None, remedy=_FILL):
    """Raise at the first NaN or infinity in numeric flat storage (S, D).

    `channels` are their names, if they have any.
    """
    if all_finite(values):
        return
    position, channel = np.argwhere(~np.isfinite(values))[0]
    index, step = locate(position, lengths)
    found = "NaN" if np.isnan(values[position, channel]) else "infinity (inf)"
    where = (
        f"channel {channel}" if channels is None else f"column {channels[channel]!r}"
    )
    raise ValueError(
        f"{name}[{index}] contains {found} at step {step}, {where}; {remedy}."
    )


def holds_text(array):
    """Tell whether an array of text or objects holds at least one string."""
    if array.dtype.kind != "O":
        return array.dtype.kind in STRINGS
    return any(issubclass(kind, str) for kind in set(map(type, array.flat)))


def check_text(flat, lengths, name):
    """Return `flat` as an object array of strings, or name the first other value."""
    flat = flat.astype(object, copy=False)
    if all(issubclass(kind, str) for kind in set(map(type, flat))):
        return flat
    position = next(p for p, value in enumerate(flat) if not isinstance(value, str))
    index, step = locate(position, lengths)
    kind = type(flat[position]).__name__
    raise TypeError(
        f"{name}[{index}] holds {reprlib.repr(flat[position])} of type {kind} at step "
        f"{step}, but other tokens are strings; tokens are all strings or all "
        "integers, and never missing."
    )


def check_integers(flat, lengths, name):
    """Return tokens as int64; floats pass only if every one is a whole number."""
    if flat.dtype.kind == "f":
        check_finite(flat[:, np.newaxis], lengths, name)
        is_fraction = flat != np.floor(flat)
        if is_fraction.any():
            position = int(is_fraction.argmax())
            index, step = locate(position, lengths)
            raise ValueError(
                f"{name}[{index}] holds {flat[position]} at step {step}, but tokens "
                "are strings or integers; round or bin the numbers first."
            )
    if np.abs(flat).max() > np.iinfo(np.int64).max:
        index, step = locate(int(np.abs(flat).argmax()), lengths)
        raise ValueError(
            f"{name}[{index}] holds a number at step {step} that does not fit into "
            "int64; pass such tokens as strings."
        )
    return flat.astype(np.int64, copy=False)


def objects_to_float(array, lengths, name):
    """Convert an object array of numbers, or name the first value that is none."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        width = array.size // len(array)  # values a step: 1, or the channels of (T, D)
        position, value = next(_not_numbers(array))
        index, step = locate(position // width, lengths)
        raise type(error)(
            f"{name}[{index}] holds {reprlib.repr(value)} at step {step}: {error}."
        ) from error


def _not_numbers(array):
    """Yield (position, value) of the values that float() refuses."""
    for position, value in enumerate(array.flat):
        try:
            float(value)
        except (TypeError, ValueError):
            yield position, value
