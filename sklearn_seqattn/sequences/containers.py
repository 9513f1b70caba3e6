"""Read any container that may hold sequences into flat storage.

Every reader returns ``(values, lengths, columns)``: the steps of all sequences end
to end (of numeric arrays in a list, or padded, only as if: see `Pieces`), the number of
steps of each sequence, and the column names of event frames (None for anything else).
How a container is read depends on its type alone, so that a list of arrays that happen
to share a length is treated like any other list.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from sklearn_seqattn.sequences.array_list import Pieces
from sklearn_seqattn.sequences.checks import (
    NUMBERS,
    all_finite,
    as_float,
    check_dtype,
    check_finite,
    check_integers,
    check_not_empty,
    check_text,
    holds_text,
    is_number_type,
    objects_to_float,
)
from sklearn_seqattn.sequences.event_columns import numeric_columns
from sklearn_seqattn.sequences.lists import read_list, to_numpy

_EXPECTED = (
    "expected a list of sequences, a 3-D array (n_sequences, n_steps, n_channels) or "
    "a 2-D table (n_sequences, n_steps)"
)

_ONLY_PADDING = (
    "only trailing steps that are NaN in all channels are read as padding, so fill or "
    "drop such steps first"
)


def read_container(X, *, tokens, channels_first, name):
    """Read `X`; the parameters are those of `check_sequences`."""
    if not isinstance(X, list | tuple):
        X = _outer_array(X, name)
    if isinstance(X, list | tuple) or X.ndim == 1:
        _check_outer_list(X, name)
        read = read_list(
            list(X), tokens=tokens, channels_first=channels_first, name=name
        )
    elif X.ndim == 2:
        read = _read_table(X, tokens, name)
    else:
        read = _read_padded(X, channels_first, name)
    _check_wanted_kind(read[0], tokens, name)
    return read


def container_ndim(X):
    """Return 2 for a table, 3 for a padded array and 1 for a list of sequences."""
    if isinstance(X, list | tuple):
        return 1
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def is_nested_list(X):
    """Tell whether `X` is a list of equally long lists of scalars.

    Such a list is a table written by hand; a list of arrays never is.
    """
    return (
        isinstance(X, list | tuple)
        and all(isinstance(x, list | tuple) and len(x) == len(X[0]) for x in X)
        and np.ndim(X[0][0]) == 0
    )


def _outer_array(X, name):
    """Return a container that is no list as an array of 1 to 3 dimensions."""
    if sparse.issparse(X):
        raise TypeError(
            f"{name} is a sparse container, but dense data is required; use "
            f"{name}.toarray()."
        )
    if not hasattr(X, "__array__"):
        raise TypeError(f"{name} is of type {type(X).__name__}; {_EXPECTED}.")
    array = to_numpy(X, name)
    if array.ndim not in (1, 2, 3):
        raise ValueError(f"{name} has {array.ndim} dimensions; {_EXPECTED}.")
    check_dtype(array.dtype, name)
    return array


def _check_outer_list(X, name):
    """Raise for a list without elements, or of numbers instead of sequences."""
    if len(X) == 0:
        raise ValueError(
            f"{name} has 0 sample(s) while a minimum of 1 is required; {_EXPECTED}."
        )
    if all(is_number_type(kind) for kind in set(map(type, X))):
        raise ValueError(
            f"{name} is 1-D, but several sequences are expected. Reshape your data: "
            f"numpy.reshape({name}, (1, -1)) if it is one sequence, "
            f"numpy.reshape({name}, (-1, 1)) if each value is a sequence of one step."
        )


def _read_table(array, tokens, name):
    """Read a table (n, T): n univariate sequences of T steps, or of T tokens."""
    _check_shape(array, ["sample(s)", "feature(s)"], name)
    n_sequences, n_steps = array.shape
    lengths = np.full(n_sequences, n_steps)
    flat = array.reshape(-1)  # (n * T,)
    if holds_text(flat):
        return check_text(flat, lengths, name), lengths, None
    if flat.dtype.kind == "O":
        flat = objects_to_float(flat, lengths, name)
    if tokens:
        return check_integers(flat, lengths, name), lengths, None
    values = as_float(flat[:, np.newaxis])
    check_finite(values, lengths, name)
    return values, lengths, None


def _read_padded(array, channels_first, name):
    """Read an array (n, T, D) in which trailing all-NaN steps are padding."""
    if array.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{name} is a 3-D array of dtype {array.dtype}, but a 3-D array holds "
            "numbers; pass tokens as a list of lists."
        )
    if channels_first:
        array = array.swapaxes(1, 2)  # (n, C, T) -> (n, T, C)
    _check_shape(array, ["sample(s)", "step(s)", "channel(s)"], name)
    array = as_float(array)
    _, n_steps, n_channels = array.shape
    lengths = _lengths_without_padding(array)
    check_not_empty(lengths, "only NaN, and so 0 steps", name)
    if lengths.min() == n_steps and array.flags.c_contiguous:
        values = array.reshape(-1, n_channels)
        check_finite(values, lengths, name, remedy=_ONLY_PADDING)
    else:
        rows = [row[:length] for row, length in zip(array, lengths, strict=True)]
        values = Pieces(rows, lengths, array.dtype)
        values.check_finite(lengths, name, remedy=_ONLY_PADDING)
    return values, lengths, None


def _lengths_without_padding(array):
    """Count the steps up to the last one that is not NaN in all channels."""
    n_sequences, n_steps, _ = array.shape
    if all_finite(array):
        return np.full(n_sequences, n_steps)
    is_real = ~np.isnan(array).all(axis=2)  # (n, T)
    lengths = n_steps - is_real[:, ::-1].argmax(axis=1)
    return np.where(is_real.any(axis=1), lengths, 0)


def _check_shape(array, units, name):
    """Raise if an axis is empty."""
    for size, unit in zip(array.shape, units, strict=True):
        if size == 0:
            raise ValueError(
                f"{name} has 0 {unit} (shape={array.shape}) while a minimum of 1 is "
                "required."
            )


def _check_wanted_kind(values, tokens, name):
    """Raise if the kind that was read is not the kind that was asked for."""
    is_frame = isinstance(values, pd.DataFrame)
    if tokens is True and values.ndim == 2:
        raise TypeError(
            f"{name} has channels or columns, but sequences of tokens are expected: "
            "1-D sequences of strings or integers; select one column."
        )
    if tokens is False and is_frame:
        columns = list(values.columns[~numeric_columns(values)])
        raise TypeError(
            f"{name} has columns that are not numeric, {columns}, but numbers are "
            "expected; encode them first, for example with EventEncoder."
        )
    if tokens is False and values.ndim == 1:
        raise TypeError(
            f"{name} holds tokens (strings), but numbers are expected; put an "
            "'embedding' first in front_end, or encode the tokens as numbers."
        )
