"""The encoder of static columns, in files."""

import numpy as np

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_keys,
    check_labels,
    check_states,
    refuse,
)
from sklearn_seqattn.preprocessing.static_encoder import StaticEncoder
from sklearn_seqattn.storage.files import FileFormatError

_PARTS = {"numbers", "center", "scale", "names", "categories"}


def pack_static(encoder):
    """Return what the encoder of static columns has learned; None without one."""
    if encoder is None:
        return None
    return {
        "numbers": encoder.numbers_,
        "center": encoder.center_,
        "scale": encoder.scale_,
        "names": list(encoder.categories_),
        "categories": list(encoder.categories_.values()),
    }


def check_static(value, where, estimator):
    """Return the encoder of the static columns of an estimator; None without any."""
    columns = getattr(estimator, "_static_columns", None)
    if (value is None) != (columns is None):
        raise FileFormatError(f"{where} and _static_columns belong together.")
    if value is None:
        return None
    check_keys(value, where, _PARTS)
    encoder = StaticEncoder(standardize=estimator.standardize)
    encoder.numbers_ = check_labels(value["numbers"], f"{where}.numbers")
    shape = (len(encoder.numbers_),)
    encoder.center_ = check_array(
        value["center"], f"{where}.center", kind="f", shape=shape
    )
    encoder.scale_ = check_array(
        value["scale"], f"{where}.scale", kind="f", shape=shape, positive=True
    )
    names = check_labels(value["names"], f"{where}.names")
    known = value["categories"]
    if not isinstance(known, list) or len(known) != len(names):
        refuse(f"{where}.categories", known, "the categories of each column")
    for states in known:
        check_states(states, f"{where}.categories")
        if not np.array_equal(np.sort(states), states):
            raise FileFormatError(f"{where} has categories that are not sorted.")
    encoder.categories_ = dict(zip(names, known, strict=True))
    both = [*encoder.numbers_, *names]
    if len(both) != len(columns) or set(both) != set(columns):
        raise FileFormatError(f"{where} has other columns than the estimator.")
    return encoder
