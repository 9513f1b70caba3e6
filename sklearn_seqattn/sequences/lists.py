"""Read a list of sequences: arrays, lists, strings or DataFrames."""

from itertools import chain

import numpy as np

from sklearn_seqattn.sequences.array_list import ArrayList
from sklearn_seqattn.sequences.arrays import is_array_like, to_arrays
from sklearn_seqattn.sequences.checks import (
    NUMBERS,
    STRINGS,
    check_dtype,
    check_integers,
    check_not_empty,
    check_text,
    odd_one_out,
)
from sklearn_seqattn.sequences.frames import is_frame, read_frames
from sklearn_seqattn.sequences.unreadable import (
    name_value,
    refuse_unreadable,
    remedy_for,
    type_name,
)
from sklearn_seqattn.sequences.wording import number_of

_ELEMENT = (
    "every element of {} must be a sequence: an array or list of shape (n_steps,) or "
    "(n_steps, n_channels)"
)
_TEXT = "other elements of {} are texts; drop it, or pass an empty text instead"


def read_list(items, *, tokens, channels_first, allow_empty, allow_nan, name):
    """Read a list without knowing what its elements are.

    Parameters
    ----------
    items : list
        One element a sequence, at least one.
    tokens, channels_first, allow_empty, allow_nan, name
        As in `check_sequences`.

    Returns
    -------
    values, lengths, columns
        As in `read_container`; numbers are an `ArrayList`.
    """
    kind = _check_elements(items, name)
    if kind == "frame":
        return read_frames(items, name, allow_nan=allow_nan)
    if kind == "text":
        arrays = [np.array(item.split(), dtype=object) for item in items]
    else:
        arrays = to_arrays(items, name, _ELEMENT.format(name))
    lengths = _count_steps(arrays, channels_first, name)
    is_tokens = _check_same_kind(arrays, name) or (
        allow_empty and not lengths.any() and arrays[0].ndim == 1
    )
    if not (allow_empty and (tokens or is_tokens)):
        check_not_empty(lengths, "0 steps", name)
    if tokens or is_tokens:
        _refuse_2d_tokens(arrays, name)
    if is_tokens:
        flat = np.array(list(chain.from_iterable(arrays)), dtype=object)
        return check_text(flat, lengths, name), lengths, None
    if tokens:
        return check_integers(np.concatenate(arrays), lengths, name), lengths, None
    values = _numbers(arrays, lengths, channels_first, name)
    values.check_finite(values.starts, lengths, name, allow_nan=allow_nan)
    return values, lengths, None


def _check_elements(items, name):
    """Return the kind of all elements, "text", "frame" or "array", by their types."""
    examples = {type(item): item for item in items}
    kinds = {kind: _kind_of(example) for kind, example in examples.items()}
    if len(set(kinds.values())) == 1 and None not in kinds.values():
        return kinds[type(items[0])]
    found = [kinds[type(item)] for item in items]
    if None in found:
        index = found.index(None)
        refuse_unreadable(items[index], f"{name}[{index}]")
        expected = (_TEXT if "text" in found else _ELEMENT).format(name)
        raise TypeError(f"{name}[{index}] is {name_value(items[index])}; {expected}.")
    odd, usual = odd_one_out(found)
    raise TypeError(
        f"{name}[{odd}] is of type {type_name(items[odd])}, but {name}[{usual}] is of "
        f"type {type_name(items[usual])}; all sequences need the same kind of "
        "container."
    )


def _kind_of(item):
    """Return the kind of an element; None for one that is no sequence."""
    if isinstance(item, str):
        return "text"
    if remedy_for(item, "") is not None:
        return None
    if is_frame(item):
        return "frame"
    return "array" if is_array_like(item) else None


def _count_steps(arrays, channels_first, name):
    """Return the number of steps of each sequence; raise for other shapes."""
    if not {array.ndim for array in arrays} <= {1, 2}:
        index = next(i for i, a in enumerate(arrays) if a.ndim not in (1, 2))
        layout = "(n_channels, n_steps)" if channels_first else "(n_steps, n_channels)"
        raise ValueError(
            f"{name}[{index}] has shape {arrays[index].shape}, but a sequence has "
            f"shape (n_steps,) or {layout}."
        )
    axis = -1 if channels_first else 0
    return np.array([array.shape[axis] for array in arrays], dtype=np.int64)


def _check_same_kind(arrays, name):
    """Return whether the sequences are tokens; raise for a mix of tokens and numbers.

    An empty sequence has no values, so that its dtype says nothing.
    """
    filled = [index for index, array in enumerate(arrays) if array.size]
    kinds = {arrays[index].dtype.kind for index in filled}
    if kinds <= set(NUMBERS):
        return False
    if kinds <= set(STRINGS):
        return True
    for index in filled:
        check_dtype(arrays[index].dtype, f"{name}[{index}]")
    nouns = [
        "tokens" if arrays[index].dtype.kind in STRINGS else "numbers"
        for index in filled
    ]
    odd, usual = odd_one_out(nouns)
    raise TypeError(
        f"{name}[{filled[odd]}] holds {nouns[odd]}, but {name}[{filled[usual]}] holds "
        f"{nouns[usual]}; all sequences need numbers, or all need tokens."
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
    """Return numeric sequences as (S, D), float32 only if all of them are."""
    arrays = [_as_2d(array, channels_first) for array in arrays]  # (T_i, D) each
    channels = [array.shape[1] for array in arrays]
    if 0 in channels:
        index = channels.index(0)
        raise ValueError(
            f"{name}[{index}] has 0 channels (shape {arrays[index].shape}); every step "
            "needs at least one number."
        )
    if len(set(channels)) > 1:
        odd, usual = odd_one_out(channels)
        raise ValueError(
            f"{name}[{odd}] has {number_of(channels[odd], 'channel')}, but "
            f"{name}[{usual}] has {channels[usual]}; every sequence needs the same "
            "channels."
        )
    is_float32 = {array.dtype for array in arrays} == {np.dtype(np.float32)}
    dtype = np.dtype(np.float32 if is_float32 else np.float64)
    return ArrayList(arrays, lengths, dtype)


def _as_2d(array, channels_first):
    """Return a view (T, D)."""
    if array.ndim == 1:
        return array[:, np.newaxis]
    return array.T if channels_first else array
