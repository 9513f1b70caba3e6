"""Objects that are no sequences: refused by the name of their type, with a remedy."""

from collections.abc import Iterator, Mapping, MappingView, Set

import numpy as np
from scipy import sparse

#: What to do instead, by type; `{x}` is what the user calls the object.
_BY_TYPE = [
    ((bytes, bytearray), "decode bytes to strings first"),
    (Mapping, "pass list({x}.values())"),
    (MappingView, "pass list({x})"),
    (Iterator, "an iterator can be read only once; pass list({x})"),
    (Set, "a set has no order; pass a list"),
]

#: The same for types of libraries that are not imported here, by their bare name.
_BY_NAME = {
    "PackedSequence": (
        "pass the list of tensors that was packed, or unpack it: pad_packed_sequence "
        "returns padded tensors and lengths, to which each tensor is cut"
    ),
    "NestedTensor": "pass list({x}.unbind())",
    "RaggedTensor": "pass {x}.to_list()",
    "DataFrameGroupBy": "pass [group for _, group in {x}]",
    "SeriesGroupBy": "pass [group for _, group in {x}]",
}


def type_name(x):
    """Return the name of the type of `x`, with its library where it has one."""
    kind = type(x)
    library = kind.__module__.partition(".")[0]
    if library == "builtins":
        return kind.__qualname__
    return f"{library}.{kind.__qualname__}"


def remedy_for(x, where):
    """Return what to pass instead of an object that is not read, or None.

    Parameters
    ----------
    x : object
        Anything.
    where : str
        What the user calls it.

    Returns
    -------
    str or None
        None for everything that may be a sequence.

    Examples
    --------
    >>> from sklearn_seqattn.sequences.unreadable import remedy_for
    >>> remedy_for({"a": [1.0, 2.0]}, "X")
    'pass list(X.values())'
    """
    name = type(x).__name__
    if type(getattr(x, "is_nested", None)) is bool and x.is_nested:
        name = "NestedTensor"  # torch calls the type Tensor
    if name in _BY_NAME:
        return _BY_NAME[name].format(x=where)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return f"pass list({where}) if each field of the named tuple is an element"
    if sparse.issparse(x):
        return f"sparse data is not supported, pass {where}.toarray()"
    for kinds, remedy in _BY_TYPE:
        if isinstance(x, kinds):
            return remedy.format(x=where)
    return None


def refuse_unreadable(x, where):
    """Raise for an object that is not read.

    Parameters
    ----------
    x : object
        Anything.
    where : str
        What the user calls it.

    Raises
    ------
    TypeError
        With the type and what to pass instead.
    """
    remedy = remedy_for(x, where)
    if remedy is not None:
        raise TypeError(f"{where} is of type {type_name(x)}; {remedy}.")


def name_value(x):
    """Return how a message calls a value that is no sequence."""
    if x is None:
        return "None"
    if isinstance(x, float | np.floating) and np.isnan(x):
        return "NaN"
    if type(x).__name__ in ("NAType", "NaTType"):
        return str(x)
    return f"of type {type_name(x)}"
