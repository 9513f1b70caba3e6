"""Read a list of sequences: arrays, lists, strings or DataFrames."""

from itertools import chain

import numpy as np

from sklearn_seqattn.sequences.array_list import Pieces
from sklearn_seqattn.sequences.checks import (
    NUMBERS,
    STRINGS,
    check_dtype,
    check_integers,
    check_not_empty,
    check_text,
    holds_text,
    is_number_type,
    objects_to_float,
)
from sklearn_seqattn.sequences.frames import is_frame, read_frames


def read_list(items, *, tokens, channels_first, name):
    """Read a list without knowing what its elements are.

    Parameters
    ----------
    items : list
        One element a sequence, at least one.
    tokens, channels_first, name
        As in `check_sequences`.

    Returns
    -------
    values, lengths, columns
        As in `read_container`; numbers are `Pieces`.
    """
    kinds = {type(item): item for item in items}  # one item of each type
    if any(map(is_frame, kinds.values())):
        return read_frames(items, name)
    if all(issubclass(kind, str) for kind in kinds):
        items = [item.split() for item in items]
    arrays = [_to_array(item, index, name) for index, item in enumerate(items)]
    lengths = _check_lengths(arrays, channels_first, name)
    _check_same_kind(arrays, name)
    if arrays[0].dtype.kind in STRINGS:
        _refuse_2d_tokens(arrays, name)
        flat = np.array(list(chain.from_iterable(arrays)), dtype=object)
        return check_text(flat, lengths, name), lengths, None
    if tokens:
        _refuse_2d_tokens(arrays, name)
        return check_integers(np.concatenate(arrays), lengths, name), lengths, None
    values = _numbers(arrays, lengths, channels_first, name)
    values.check_finite(lengths, name)
    return values, lengths, None


def to_numpy(x, where):
    """Convert an object that offers `__array__`: a tensor, a Series, a frame."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{where} is a masked array, whose mask would be lost; fill it with NaN "
            "or drop the masked steps."
        )
    try:
        return np.asarray(x)
    except Exception as error:  # a foreign array type may fail in any way
        raise TypeError(
            f"{where} of type {type(x).__name__} cannot be read as a NumPy array: "
            f"{error}"
        ) from error


def _to_array(item, index, name):
    """Convert one element to an array, as cheaply as its type allows."""
    where = f"{name}[{index}]"
    if isinstance(item, list | tuple):
        array = _list_to_array(item, where)
    elif not hasattr(item, "__array__") or is_number_type(type(item)):
        found = "None" if item is None else f"of type {type(item).__name__}"
        raise TypeError(
            f"{where} is {found}; every element of {name} must be a sequence: an "
            "array or list of shape (n_steps,) or (n_steps, n_channels)."
        )
    else:
        array = to_numpy(item, where)
    if array.dtype.kind == "O" and array.ndim and array.size and not holds_text(array):
        lengths = np.repeat([0, len(array)], [index, 1])
        return objects_to_float(array, lengths, name)
    return array


def _list_to_array(item, where):
    """Convert a list of numbers, tokens or steps."""
    if item and isinstance(item[0], str):
        array = np.empty(len(item), dtype=object)
        array[:] = item
        return array
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(
            f"{where} has steps that differ in their number of channels; expected "
            "n_steps numbers, or n_steps lists of n_channels numbers."
        ) from error
    if array.dtype.kind == "U":  # NumPy made strings of the numbers beside them
        return np.asarray(item, dtype=object)
    return array


def _check_lengths(arrays, channels_first, name):
    """Count the steps of each sequence; raise for odd shapes and empty sequences."""
    if not {array.ndim for array in arrays} <= {1, 2}:
        index = next(i for i, a in enumerate(arrays) if a.ndim not in (1, 2))
        layout = "(n_channels, n_steps)" if channels_first else "(n_steps, n_channels)"
        raise ValueError(
            f"{name}[{index}] has shape {arrays[index].shape}, but a sequence has "
            f"shape (n_steps,) or {layout}."
        )
    axis = -1 if channels_first else 0
    lengths = np.array([array.shape[axis] for array in arrays], dtype=np.int64)
    check_not_empty(lengths, "0 steps", name)
    return lengths


def _check_same_kind(arrays, name):
    """Raise unless all dtypes are numeric, or all may hold text."""
    found = {array.dtype.kind for array in arrays}
    if found <= set(NUMBERS) or found <= set(STRINGS):
        return
    for index, array in enumerate(arrays):
        check_dtype(array.dtype, f"{name}[{index}]")
    nouns = ["tokens" if a.dtype.kind in STRINGS else "numbers" for a in arrays]
    index = next(i for i, noun in enumerate(nouns) if noun != nouns[0])
    raise TypeError(
        f"{name}[{index}] holds {nouns[index]}, but {name}[0] holds {nouns[0]}; all "
        "sequences need numbers, or all need tokens."
    )


def _refuse_2d_tokens(arrays, name):
    """Raise for tokens with channels."""
    for index, array in enumerate(arrays):
        if array.ndim == 2:
            raise ValueError(
                f"{name}[{index}] has shape {array.shape}, but a sequence of tokens "
                "has shape (n_steps,); pass several features an event as DataFrames."
            )


def _numbers(arrays, lengths, channels_first, name):
    """Take numeric sequences as (S, D), float32 only if all of them are."""
    arrays = [_as_2d(array, channels_first) for array in arrays]  # (T_i, D) each
    channels = np.array([array.shape[1] for array in arrays])
    if channels[0] == 0:
        raise ValueError(
            f"{name}[0] has 0 channels (shape {arrays[0].shape}); every step needs at "
            "least one number."
        )
    if (channels != channels[0]).any():
        index = int((channels != channels[0]).argmax())
        raise ValueError(
            f"{name}[{index}] has {_count(channels[index])}, but {name}[0] has "
            f"{channels[0]}; every sequence needs the same channels."
        )
    is_float32 = {array.dtype for array in arrays} == {np.dtype(np.float32)}
    return Pieces(arrays, lengths, np.dtype(np.float32 if is_float32 else np.float64))


def _as_2d(array, channels_first):
    """Return a view (T, D)."""
    if array.ndim == 1:
        return array[:, np.newaxis]
    return array.T if channels_first else array


def _count(n_channels):
    """Write a number of channels in words."""
    return f"{n_channels} channel" + ("" if n_channels == 1 else "s")
