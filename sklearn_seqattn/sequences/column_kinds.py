"""The kinds of values that a column of events may hold, by dtype or by type."""

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from numbers import Real

import numpy as np
import pandas as pd
from pandas.api import types

NUMBERS, CATEGORIES = "numbers", "categories"
DURATIONS, TIMES = "durations", "dates or times"

#: The kinds of Python and NumPy types; the first entry that fits counts.
_KINDS_OF_TYPES = (
    (str, CATEGORIES),
    ((timedelta, np.timedelta64), DURATIONS),  # np.timedelta64 is also an Integral
    ((date, np.datetime64), TIMES),  # datetime and Timestamp are also dates
    ((Real, np.bool_, Decimal), NUMBERS),
)


def kind_of_dtype(dtype):
    """Return the kind of all values of a dtype; None if the dtype does not tell."""
    if isinstance(dtype, pd.CategoricalDtype):
        return CATEGORIES  # not cached, because its hash takes long
    return _kind_of_plain_dtype(dtype)


@lru_cache
def _kind_of_plain_dtype(dtype):
    """Return the kind of all values of a dtype that has no categories."""
    if dtype.kind in "mM":
        return DURATIONS if dtype.kind == "m" else TIMES
    if types.is_object_dtype(dtype) or dtype.kind == "c":
        return None
    if types.is_bool_dtype(dtype) or types.is_numeric_dtype(dtype):
        return NUMBERS
    return CATEGORIES if types.is_string_dtype(dtype) else None


def as_categories(values, where):
    """Return a column of categories, which are of one type and so have an order.

    Parameters
    ----------
    values : Series of shape (S,)
        Categories of any type, may be missing.
    where : str
        What the user calls the column.

    Returns
    -------
    Categorical of shape (S,)

    Raises
    ------
    TypeError
        If there are several kinds, such as strings beside numbers.
    """
    found = pd.Categorical(values.astype(object))
    first = next(iter(found.categories), None)
    for one in found.categories:
        if kind_of_type(type(one)) != kind_of_type(type(first)):
            raise TypeError(
                f"{where} holds {first!r} beside {one!r}; convert its categories to "
                "strings, for example with astype(str)."
            )
    return found


@lru_cache
def kind_of_type(kind):
    """Return the kind of values of a type; None if there is none."""
    fitting = (found for known, found in _KINDS_OF_TYPES if issubclass(kind, known))
    return next(fitting, None)
