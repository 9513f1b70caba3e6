"""Check the fields of a dataclass against their annotations."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np


@dataclass(frozen=True)
class Range:
    """Bounds of a number: ``low <= number <= high``.

    Parameters
    ----------
    low, high : float
        The bounds.
    open_high : bool, default=False
        Whether the number must be smaller than `high`.
    """

    low: float
    high: float
    open_high: bool = False

    def __contains__(self, number):
        below = number < self.high if self.open_high else number <= self.high
        return self.low <= number and below

    def __str__(self):
        return f"from {self.low} to {'below ' * self.open_high}{self.high}"


#: A number of units, channels, steps, ...
Size = Annotated[int, Range(1, 2**31 - 1)]
#: A number of things that may be missing.
Count = Annotated[int, Range(0, 2**31 - 1)]
#: A probability below one, such as a dropout rate.
Share = Annotated[float, Range(0, 1, open_high=True)]


def checked_values(instance):
    """Return the fields of a dataclass as plain values of their annotated types.

    Parameters
    ----------
    instance : dataclass
        Its annotations are ``bool``, ``int``, ``float``, ``str``, ``Literal``,
        ``tuple[X, ...]``, other classes, ``Annotated`` of a `Range`, and unions.

    Returns
    -------
    values : dict
        From name to value. Numbers of numpy become numbers of Python, lists tuples.

    Raises
    ------
    ValueError
        If a value has another type or is out of range.
    """
    hints = get_type_hints(type(instance), include_extras=True)
    return {
        field.name: _checked(getattr(instance, field.name), hints[field.name], field)
        for field in fields(instance)
    }


def _checked(value, kind, field):
    """Return the value as the first of its annotated types that it fits."""
    options = get_args(kind) if _is_union(kind) else (kind,)
    for option in options:
        try:
            return _read(value, option)
        except (TypeError, OverflowError):
            continue
    wanted = " or ".join(_describe(option) for option in options)
    raise ValueError(f"{field.name}={value!r} must be {wanted}.")


def _is_union(kind):
    """Return whether an annotation is a union of several."""
    return get_origin(kind) in (Union, UnionType)


def _read(value, kind):
    """Return a value as a type; raise TypeError where it is none of that type."""
    origin = get_origin(kind)
    if origin is Annotated:
        kind, bounds = get_args(kind)
        number = _read(value, kind)
        return _require(number in bounds, number)
    if origin is Literal:
        return _require(isinstance(value, str) and value in get_args(kind), value)
    if origin is tuple:
        _require(isinstance(value, list | tuple), value)
        return tuple(_read(one, get_args(kind)[0]) for one in value)
    if kind is bool:
        return bool(_require(isinstance(value, bool | np.bool_), value))
    if kind is int:
        is_int = isinstance(value, Integral) and not isinstance(value, bool)
        return int(_require(is_int, value))
    if kind is float:
        is_real = isinstance(value, Real) and not isinstance(value, bool)
        number = float(_require(is_real, value))
        return _require(math.isfinite(number), number)
    return _require(isinstance(value, kind), value)


def _require(condition, value):
    """Return the value where the condition holds."""
    if not condition:
        raise TypeError
    return value


def _describe(kind):
    """Describe an annotated type in words."""
    origin = get_origin(kind)
    if _is_union(kind):
        return " or ".join(map(_describe, get_args(kind)))
    if origin is Annotated:
        kind, bounds = get_args(kind)
        return f"{_describe(kind)} {bounds}"
    if origin is Literal:
        return " or ".join(map(repr, get_args(kind)))
    if origin is tuple:
        return f"a list of which each item is {_describe(get_args(kind)[0])}"
    words = {bool: "True or False", int: "an integer", float: "a number", str: "a name"}
    return {**words, NoneType: "None"}.get(kind, f"of type {kind.__name__}")
