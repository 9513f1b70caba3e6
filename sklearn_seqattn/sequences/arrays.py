"""One object that holds numbers or tokens, converted to a NumPy array."""

from collections.abc import Sequence

import numpy as np

from sklearn_seqattn.sequences.checks import holds_text, objects_to_float
from sklearn_seqattn.sequences.unreadable import name_value, refuse_unreadable


def is_number_type(kind):
    """Return whether objects of type `kind` are single numbers."""
    return issubclass(kind, bool | int | float | complex | np.number | np.bool_)


def is_array_like(x):
    """Return whether the type of an object says that it holds several values.

    Arrays, tensors and Series of any library have ``__array__``; lists, tuples,
    ranges and deques are sequences of Python; other buffers have a ``memoryview``.

    Parameters
    ----------
    x : object
        Anything but a frame.

    Returns
    -------
    bool
        Strings, bytes, mappings and single numbers are none.
    """
    if isinstance(x, str | bytes | bytearray | np.generic) or is_number_type(type(x)):
        return False
    return isinstance(x, Sequence) or has_array(x)


def has_array(x):
    """Return whether NumPy converts an object at once: an array, a Series, a buffer."""
    if hasattr(x, "__array__"):
        return True
    try:
        memoryview(x).release()
    except TypeError:
        return False
    return True


def to_numpy(x, where):
    """Convert an array, a tensor, a Series, a frame or a buffer.

    Parameters
    ----------
    x : object
        What `is_array_like` says yes to, but no list; or a pandas DataFrame.
    where : str
        What the user calls it.

    Returns
    -------
    ndarray
        A view where that is possible. Tensors come without gradients, on the CPU.

    Raises
    ------
    TypeError
        If values of a masked array would be lost, or the conversion fails.
    """
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise TypeError(
                f"{where} is a masked array, whose mask would be lost; fill it with "
                "NaN or drop the masked steps."
            )
        return x.data
    try:
        return np.asarray(_plain_tensor(x) if hasattr(x, "detach") else x)
    except Exception as error:  # a foreign array type may fail in any way
        raise TypeError(
            f"{where} of type {type(x).__name__} cannot be read as a NumPy array: "
            f"{error}"
        ) from error


def _plain_tensor(tensor):
    """Return a tensor that NumPy can read, without importing torch."""
    tensor = tensor.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def array_or_sequence(x, where, expected):
    """Convert what NumPy converts at once; other sequences stay as they are.

    Parameters
    ----------
    x : object
        Anything but a frame.
    where : str
        What the user calls it.
    expected : str
        What the error says if it is nothing of the kind.

    Returns
    -------
    ndarray, or a sequence of Python

    Raises
    ------
    TypeError
        If the object cannot be read.
    """
    refuse_unreadable(x, where)
    if not is_array_like(x):
        raise TypeError(f"{where} is {name_value(x)}; {expected}.")
    return to_numpy(x, where) if has_array(x) else x


def to_arrays(items, name, expected):
    """Convert the sequences of a list; objects without text become numbers.

    Parameters
    ----------
    items : list
        Sequences as `to_array` takes them.
    name : str
        What the user calls the list.
    expected : str
        As in `to_array`.

    Returns
    -------
    arrays : list of ndarray
    """
    arrays = [to_array(item, f"{name}[{i}]", expected) for i, item in enumerate(items)]
    for i, array in enumerate(arrays):
        if array.dtype.kind == "O" and array.ndim and array.size:
            is_text = isinstance(array.flat[0], str) or holds_text(array)
            if not is_text:
                lengths = np.repeat([0, len(array)], [i, 1])
                arrays[i] = objects_to_float(array, lengths, name)
    return arrays


def to_array(item, where, expected):
    """Convert one sequence.

    Parameters
    ----------
    item : object
        An array, list, tensor, Series or any other sequence.
    where : str
        What the user calls it.
    expected : str
        What the error says if it is nothing of the kind.

    Returns
    -------
    ndarray
        Of any shape and dtype; tokens of a list are objects.

    Raises
    ------
    TypeError, ValueError
        If the object cannot be read.
    """
    if type(item) not in (list, tuple, np.ndarray):
        item = array_or_sequence(item, where, expected)
    if not isinstance(item, np.ndarray):
        return _list_to_array(item, where)
    is_objects = item.dtype.kind == "O" and item.ndim == 1 and len(item)
    if is_objects and is_array_like(item[0]):  # as pyarrow returns nested lists
        return _list_to_array(item.tolist(), where)
    return item


def _list_to_array(item, where):
    """Convert a list of numbers, tokens or steps."""
    if len(item) and isinstance(item[0], str):
        array = np.empty(len(item), dtype=object)
        array[:] = item
        return array
    if len(item) and hasattr(item[0], "detach"):
        item = [to_numpy(step, where) for step in item]
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(
            f"{where} has steps that differ in their number of channels; expected "
            "n_steps numbers, or n_steps lists of n_channels numbers."
        ) from error
    if array.dtype.kind in "US":  # NumPy made strings of numbers
        return np.asarray(item, dtype=object)
    return array
