"""Fitted attributes of the transformers."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

from sklearn_seqattn._ids import FIRST_ID
from sklearn_seqattn.persistence.attributes import (
    INPUT,
    Attribute,
    pack_attributes,
    set_attributes,
    simple,
)
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_int,
    check_keys,
    check_labels,
    check_size,
    check_states,
    refuse,
)
from sklearn_seqattn.persistence.static_attributes import check_static, pack_static
from sklearn_seqattn.persistence.time_attributes import check_times, pack_times
from sklearn_seqattn.preprocessing import (
    EventEncoder,
    SequenceImputer,
    SequencePadder,
    SequenceResampler,
    SequenceScaler,
    StateEncoder,
)
from sklearn_seqattn.storage.files import FileFormatError


def check_channels(value, where, estimator):
    """Return one number for each channel."""
    n = getattr(estimator, "input_size_", None)
    return check_array(value, where, kind="f", shape=(n,))


def check_scales(value, where, estimator):
    """Return one number above zero for each channel."""
    value = check_channels(value, where, estimator)
    shape = getattr(estimator, "center_", value).shape
    return check_array(value, where, kind="f", shape=shape, positive=True)


def check_vocabulary(value, where, estimator):
    """Return states that are all strings, as objects, or all integers."""
    value = check_states(value, where)
    if value.dtype != np.int64 and not (
        value.dtype == object and isinstance(value[0], str)
    ):
        raise FileFormatError(f"{where} must hold strings or integers.")
    return value


def check_n_ids(value, where, estimator):
    """Return the number of ids that follows from the vocabulary."""
    n = len(estimator.vocabulary_) + FIRST_ID
    return check_int(value, where, n, n)


def check_number_columns(value, where, estimator):
    """Return which columns are numeric."""
    columns = getattr(estimator, "_input_columns", value)
    return check_array(value, where, kind="b", shape=(len(columns),), finite=False)


def check_imputed_columns(value, where, estimator):
    """Return which columns of events are numeric, None if X held only numbers."""
    return None if value is None else check_number_columns(value, where, estimator)


def check_statistics(value, where, estimator):
    """Return one number for each channel of numbers."""
    is_number = estimator._is_number
    n = estimator.input_size_ if is_number is None else np.count_nonzero(is_number)
    return check_array(value, where, kind="f", shape=(n,))


def check_missing(value, where, estimator):
    """Return for each channel of numbers whether it had missing values."""
    shape = estimator.statistics_.shape
    return check_array(value, where, kind="b", shape=shape, finite=False)


def pack_one_hot(encoder):
    """Return the names and the categories of the columns of a OneHotEncoder."""
    if encoder is None:
        return None
    names = list(getattr(encoder, "feature_names_in_", []))
    return {"names": names, "categories": encoder.categories_}


def check_one_hot(value, where, estimator):
    """Return a OneHotEncoder, fitted to its categories again."""
    if value is None:
        return None
    check_keys(value, where, {"names", "categories"})
    names, categories = check_labels(value["names"], where), value["categories"]
    if not isinstance(categories, list) or len(names) != len(categories):
        refuse(where, categories, "the categories of each column")
    times = [column.column for column in estimator.times_]
    others, columns = ~estimator._is_number, getattr(estimator, "_input_columns", None)
    wanted = [*names, *times] if columns is None else columns[others].tolist()
    wanted = [str(name) for name in wanted if name not in times]
    if names != wanted or len(names) + len(times) != np.count_nonzero(others):
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


#: The attributes of each transformer, in the order in which they are read.
ESTIMATORS = {
    EventEncoder: {
        **INPUT,
        "_is_number": Attribute(check_number_columns, optional=True),
        "times_": Attribute(check_times, pack_times),
        "encoder_": Attribute(check_one_hot, pack_one_hot),
    },
    SequenceImputer: {
        **INPUT,
        "_is_number": Attribute(check_imputed_columns),
        "statistics_": Attribute(check_statistics),
        "has_missing_": Attribute(check_missing),
    },
    SequencePadder: {**INPUT, "max_len_": simple(check_size)},
    SequenceResampler: INPUT,
    SequenceScaler: {
        **INPUT,
        "center_": Attribute(check_channels),
        "scale_": Attribute(check_scales),
    },
    StateEncoder: {
        **INPUT,
        "vocabulary_": Attribute(check_vocabulary),
        "n_ids_": Attribute(check_n_ids),
    },
}

_STEPS = {kind.__name__: kind for kind in (EventEncoder, SequenceScaler, StateEncoder)}

#: The transformers that an InputEncoder may have, one after the other.
_CHAINS = (
    [],
    ["StateEncoder"],
    ["SequenceScaler"],
    ["EventEncoder"],
    ["EventEncoder", "SequenceScaler"],
)


def pack_input_encoder(encoder):
    """Return the transformers of an InputEncoder as plain values and arrays."""
    return {
        "steps": [
            [type(step).__name__, pack_attributes(step, ESTIMATORS[type(step)])]
            for step in encoder.steps_
        ],
        "output_size": encoder.output_size_,
        "static": pack_static(encoder.static_),
    }


def check_input_encoder(value, where, estimator):
    """Return an InputEncoder with its transformers."""
    if isinstance(value, dict):  # of files from before there were static columns
        value = {"static": None, **value}
    check_keys(value, where, {"steps", "output_size", "static"})
    steps = value["steps"]
    if not isinstance(steps, list) or not all(
        isinstance(step, list) and len(step) == 2 for step in steps
    ):
        refuse(where, steps, "a list of pairs of name and attributes")
    if [name for name, _ in steps] not in _CHAINS:
        raise FileFormatError(f"{where} has steps that do not follow each other.")
    encoder = estimator._input_encoder()
    encoder.n_ids_, encoder.steps_ = None, []
    encoder.output_size_ = check_size(value["output_size"], where)
    for name, packed in steps:
        step = _STEPS[name]()
        set_attributes(step, ESTIMATORS[type(step)], packed, f"{where}.{name}")
        encoder.steps_.append(step)
        encoder.n_ids_ = getattr(step, "n_ids_", None)
    encoder.static_ = check_static(value["static"], f"{where}.static", estimator)
    encoder.name_channels(getattr(estimator, "_input_columns", None))
    return encoder
