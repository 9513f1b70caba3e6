"""What an estimator was fitted on: remembered by `fit`, compared by `predict`."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.checks import check_not_empty
from sklearn_seqattn.sequences.static_columns import compare_static
from sklearn_seqattn.sequences.wording import number_of

_TEXTS, _TOKENS, _INTEGERS = "texts", "strings (tokens)", "integers (tokens)"
_NUMBERS, _EVENTS = "numbers", "events with categories or dates"
#: What `_input_kind` may be.
KINDS = (_NUMBERS, _TEXTS, _TOKENS, _INTEGERS, _EVENTS)


def remember_input(estimator, container, sequences):
    """Store on an estimator what it is fitted on.

    Parameters
    ----------
    estimator : estimator instance
        Gets `_input_kind`, `_input_columns`, `input_size_` for numbers,
        `n_features_in_` for a list of lists that is a table, and `_static_columns`
        where static columns are read.
    container : Container
        What the user passed.
    sequences : Sequences
        What it holds.
    """
    _forget(estimator, "input_size_", "_static_columns")
    if sequences.static is not None:
        estimator._static_columns = sequences.static.columns
    if container.table is None:
        _forget(estimator, "n_features_in_", "feature_names_in_")
        n_columns = container.n_columns_by_hand
        if n_columns is not None:
            estimator.n_features_in_ = n_columns
    if sequences.kind == "numeric":
        estimator.input_size_ = sequences.values.shape[1]
    estimator._input_kind = _kind_of(container, sequences)
    estimator._input_columns = sequences.columns


def reads_tokens(estimator):
    """Return whether an estimator was fitted on tokens or texts.

    Parameters
    ----------
    estimator : estimator instance
        One that was not fitted on sequences has no `_input_kind`.

    Returns
    -------
    bool
    """
    return getattr(estimator, "_input_kind", None) in (_TEXTS, _TOKENS, _INTEGERS)


def with_missing_categories(estimator, sequences):
    """Read numbers as events if all categories of some fitted events may be missing.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    sequences : Sequences
        A column without any value reads as numbers.

    Returns
    -------
    Sequences
    """
    columns = sequences.columns
    if estimator._input_kind != _EVENTS or sequences.kind != "numeric":
        return sequences
    if columns is None or not columns.equals(estimator._input_columns):
        return sequences
    sequences = sequences.joined()  # of a nested frame
    values = sequences.values
    if not np.isnan(values).all(axis=0).any():
        return sequences
    return replace(sequences, values=pd.DataFrame(values, columns=columns))


def compare_input(estimator, container, sequences):
    """Compare sequences with those that an estimator was fitted on.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    container : Container
        What the user passed.
    sequences : Sequences
        What it holds.

    Raises
    ------
    ValueError
        If they differ in kind, in columns, in static columns or in channels.
    """
    name, fitted = type(estimator).__name__, estimator._input_kind
    compare_static(sequences.static, getattr(estimator, "_static_columns", None), name)
    kind = _kind_of(container, sequences)
    if len(sequences.values) == 0:  # empty lists, of which the kind is not known
        if not reads_tokens(estimator):
            check_not_empty(sequences.lengths, "0 steps", "X")
        return
    if kind != fitted and not {kind, fitted} <= {_TEXTS, _TOKENS}:
        raise ValueError(
            f"X holds {kind}, but {name} was fitted on {fitted}; pass the same kind of "
            "sequences."
        )
    columns, found = estimator._input_columns, sequences.columns
    if columns is not None and found is not None and not found.equals(columns):
        raise ValueError(
            f"X has the columns {list(found)}, but {name} was fitted on "
            f"{list(columns)}; pass the same columns in the same order."
        )
    if sequences.kind == "numeric":
        _compare_channels(estimator, sequences)


def _compare_channels(estimator, sequences):
    """Raise if the number of channels is not that of the fit."""
    fitted, found = estimator.input_size_, sequences.values.shape[1]
    if fitted == found:
        return
    remedy = "pass the same channels"
    if found == 1 and (sequences.lengths == fitted).all():
        remedy += ", or [X] if X is one sequence"
    raise ValueError(
        f"X has {number_of(found, 'channel')} a step, but {type(estimator).__name__} "
        f"was fitted on {fitted}; {remedy}."
    )


def refuse_one_sequence(estimator, container):
    """Refuse a sequence that is not wrapped in a list, if the fit tells that it is one.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    container : Container
        What the user passed.

    Raises
    ------
    ValueError
        If one frame, one array or one list of tokens was passed to an estimator that
        was fitted on a list of such ones.
    """
    name = type(estimator).__name__
    if container.is_texts and estimator._input_kind == _TOKENS:
        texts = container.items
        if len(texts) > 1 and not any(len(text.split()) > 1 for text in texts):
            raise ValueError(
                f"X is a list of {len(texts)} strings without white space, but {name} "
                "was fitted on sequences of tokens: for one sequence pass [X], for "
                "sequences of one token pass [[x] for x in X]."
            )
    table = container.table
    if table is None or not (container.ndim == 2 or container.is_texts):
        return
    fitted = _fitted_on(estimator, table)
    if fitted is not None:
        raise ValueError(
            f"X is a table of shape {table.shape}, which is read as "
            f"{number_of(len(table), 'sequence')}, but {name} was fitted on a list of "
            f"{fitted}: for one sequence pass [X]."
        )
    is_list = not hasattr(estimator, "n_features_in_")
    if is_list and estimator._input_kind == _NUMBERS and _is_column(table):
        raise ValueError(
            f"X is a table of shape {table.shape}, but {name} was fitted on a list of "
            "sequences: for one sequence pass [X], for sequences of one step pass "
            "list(X)."
        )


def _fitted_on(estimator, table):
    """Describe the sequences of the fit if the table must be one of them; or None."""
    columns, kind = estimator._input_columns, estimator._input_kind
    is_frame = isinstance(table, pd.DataFrame)
    if is_frame and columns is not None and list(table.columns) == list(columns):
        return "DataFrames with the same columns"
    if hasattr(estimator, "n_features_in_"):
        return None
    if kind == _NUMBERS and estimator.input_size_ > 1:
        return f"sequences of {estimator.input_size_} channels"
    return kind if kind == _EVENTS else None


def _is_column(table):
    """Return whether a table of several rows has a single column."""
    return table.shape[1] == 1 and len(table) > 1


def _forget(estimator, *attributes):
    """Delete attributes of an earlier fit."""
    for attribute in attributes:
        if hasattr(estimator, attribute):
            delattr(estimator, attribute)


def _kind_of(container, sequences):
    """Name the kind of sequences in words."""
    if sequences.kind == "tokens":
        if sequences.values.dtype != object:
            return _INTEGERS
        return _TEXTS if container.is_texts else _TOKENS
    return _EVENTS if sequences.kind == "events" else _NUMBERS
