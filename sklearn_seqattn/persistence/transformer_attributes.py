"""What the transformers have learnt, from plain values that are not trusted."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_int,
    check_keys,
    check_labels,
    check_states,
    refuse,
)
from sklearn_seqattn.persistence.networks import unpack_kernels
from sklearn_seqattn.preprocessing.vocabulary import FIRST_ID
from sklearn_seqattn.storage.files import FileFormatError


def check_columns(value, where, _):
    """Read the column names of events, or None."""
    return None if value is None else pd.Index(check_labels(value, where))


def pack_columns(columns):
    """Write column names as a list."""
    return None if columns is None else columns.tolist()


def check_feature_names(value, where, estimator):
    """Read as many names as the table had columns."""
    names = check_states(value, where, getattr(estimator, "n_features_in_", 0))
    if value.dtype != object or not all(isinstance(name, str) for name in names):
        raise FileFormatError(f"{where} must hold strings.")
    return names


def check_channels(value, where, estimator):
    """Read one number for each channel."""
    n = getattr(estimator, "input_size_", None)
    return check_array(value, where, kind="f", shape=(n,))


def check_scales(value, where, estimator):
    """Read one number above zero for each channel."""
    value = check_channels(value, where, estimator)
    wanted = getattr(estimator, "center_", value)
    if value.shape != wanted.shape or (value <= 0).any():
        raise FileFormatError(f"{where} must hold a positive number a channel.")
    return value


def check_vocabulary(value, where, estimator):
    """Read states that are all strings, as objects, or all integers."""
    value = check_states(value, where)
    if value.dtype != np.int64 and not (
        value.dtype == object and isinstance(value[0], str)
    ):
        raise FileFormatError(f"{where} must hold strings or integers.")
    return value


def check_n_ids(value, where, estimator):
    """Read the number of ids that follows from the vocabulary."""
    n = len(estimator.vocabulary_) + FIRST_ID
    return check_int(value, where, n, n)


def check_number_columns(value, where, estimator):
    """Read which columns are numeric."""
    columns = getattr(estimator, "_input_columns", value)
    return check_array(value, where, kind="b", shape=(len(columns),), finite=False)


def pack_one_hot(encoder):
    """Write the names and the categories of the columns of a OneHotEncoder."""
    if encoder is None:
        return None
    return {"names": list(encoder.feature_names_in_), "categories": encoder.categories_}


def check_one_hot(value, where, estimator):
    """Fit a OneHotEncoder to its categories once more."""
    if value is None:
        return None
    check_keys(value, where, {"names", "categories"})
    names, categories = check_labels(value["names"], where), value["categories"]
    if not isinstance(categories, list) or len(names) != len(categories):
        refuse(where, categories, "the categories of each column")
    others, columns = ~estimator._is_number, getattr(estimator, "_input_columns", None)
    wanted = names if columns is None else columns[others].tolist()
    if names != wanted or len(names) != np.count_nonzero(others):
        raise FileFormatError(f"{where} has other columns than the events.")
    for states in categories:
        check_states(states, where)
        if not np.array_equal(np.sort(states), states):
            raise FileFormatError(f"{where} has categories that are not sorted.")
    n_rows = max(map(len, categories), default=0)
    rows = {
        name: np.append(states, np.repeat(states[:1], n_rows - len(states)))
        for name, states in zip(names, categories, strict=True)
    }
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return encoder.fit(pd.DataFrame(rows, columns=names))


def check_kernels(value, where, estimator):
    """Build random convolutions."""
    kernels = unpack_kernels(value, where)
    if kernels.input_size != estimator.input_size_:
        raise FileFormatError(f"{where} has other channels than the estimator.")
    return kernels
