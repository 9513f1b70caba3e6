"""Write and check the fitted attributes of an estimator by a table.

A table maps the name of each attribute to an `Attribute`, in the order in which they
are read. `pack` turns a value into plain values and arrays. `check` is called as
``check(value, where, estimator)`` when the attributes before it are set; it returns
the value to set.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sklearn_seqattn.persistence.checks import (
    check_choice,
    check_labels,
    check_size,
    check_states,
    refuse,
)
from sklearn_seqattn.sequences.fitted_input import KINDS
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.storage.values import Reader


@dataclass(frozen=True)
class Attribute:
    """How one fitted attribute is written and checked."""

    check: Callable
    pack: Callable = lambda value: value
    optional: bool = False
    check_at_save: bool = True  # not where the check builds a network


def simple(check, *limits, optional=False):
    """Return an `Attribute` of one plain value."""
    return Attribute(
        lambda value, where, _: check(value, where, *limits), optional=optional
    )


def _check_columns(value, where, _):
    """Return the names of columns, or None."""
    return None if value is None else pd.Index(check_labels(value, where))


def _check_feature_names(value, where, estimator):
    """Return as many names as the table had columns."""
    names = check_states(value, where, getattr(estimator, "n_features_in_", 0))
    if value.dtype != object or not all(isinstance(name, str) for name in names):
        raise FileFormatError(f"{where} must hold strings.")
    return names


def _pack_columns(columns):
    """Return column names as a list."""
    return None if columns is None else columns.tolist()


#: What every fitted estimator keeps about its X.
INPUT = {
    "n_features_in_": simple(check_size, optional=True),
    "feature_names_in_": Attribute(_check_feature_names, optional=True),
    "input_size_": simple(check_size, optional=True),
    "_input_kind": simple(check_choice, KINDS, optional=True),
    "_input_columns": Attribute(_check_columns, _pack_columns, optional=True),
    "_static_columns": Attribute(_check_columns, _pack_columns, optional=True),
}


def pack_attributes(estimator, table):
    """Return the fitted attributes of an estimator, none if it is not fitted."""
    found = vars(estimator)
    return {
        name: attribute.pack(found[name])
        for name, attribute in table.items()
        if name in found
    }


def check_written(estimator, table, nodes, arrays, where):
    """Refuse attributes, except networks, that would be refused when they are read."""
    reader = Reader(arrays)
    for name, attribute in table.items():
        if name in nodes and attribute.check_at_save:
            place = f"{where}.{name}"
            attribute.check(reader.read(nodes[name], place), place, estimator)


def set_attributes(estimator, table, packed, where):
    """Check fitted attributes, which are not trusted, and set them."""
    if not isinstance(packed, dict):
        refuse(where, packed, "an object of attributes")
    needed = {name for name, attribute in table.items() if not attribute.optional}
    if packed and not needed <= packed.keys() <= table.keys():
        wrong = sorted(needed - packed.keys()) + sorted(packed.keys() - table.keys())
        raise FileFormatError(f"{where} lacks, or should not have, {wrong[:5]}.")
    for name, attribute in table.items():
        if name in packed:
            value = attribute.check(packed[name], f"{where}.{name}", estimator)
            setattr(estimator, name, value)


def check_input(estimator, where):
    """Refuse a fitted estimator that does not know what it was fitted on."""
    needed = {"_input_kind", "_input_columns"}
    if getattr(estimator, "_input_kind", None) == "numbers":
        needed.add("input_size_")
    if not needed <= vars(estimator).keys():
        raise FileFormatError(f"{where} does not say what it was fitted on.")
