"""One validator for every container of sequences.

Estimators and transformers call `validate_sequences` and get `Sequences`.
"""

from dataclasses import replace

import numpy as np
from sklearn.utils.validation import validate_data

from sklearn_seqattn.sequences.containers import (
    check_wanted_kind,
    open_container,
    read_container,
)
from sklearn_seqattn.sequences.fitted_input import (
    compare_input,
    refuse_one_sequence,
    remember_input,
    with_missing_categories,
)
from sklearn_seqattn.sequences.flat_storage import Sequences
from sklearn_seqattn.sequences.static_columns import read_static, refuse_static
from sklearn_seqattn.sequences.store import SequenceStore
from sklearn_seqattn.sequences.stored_steps import StoredSteps, read_store
from sklearn_seqattn.sequences.zero_padding import warn_zero_padding


def check_sequences(
    X,
    *,
    tokens=None,
    channels_first=False,
    allow_empty=False,
    allow_nan=False,
    input_name="X",
    join=True,
):
    """Read sequences from any accepted container, or say what is wrong with it.

    Parameters
    ----------
    X : list, array-like or DataFrame
        One of

        * a list of sequences, each an array, tensor, Series, list or any other
          sequence of shape (T_i,) or (T_i, D). Any sequence of Python, an object
          array and a Series are such lists;
        * an array (n, T, D), in which trailing steps that are NaN in all channels
          are padding;
        * a table (n, T), array or DataFrame: one univariate sequence a row;
        * a list of token sequences, or of strings that are split at white space; a
          table of one column of strings is such a list of texts;
        * a list of DataFrames with the same columns, one row an event;
        * a DataFrame whose row index has two levels, (instance, time): one sequence
          an instance, in the order in which they first occur; dates of the second
          level are one more column;
        * a table whose cells hold sequences: its columns are the channels. Columns
          of single values beside them are refused here;
        * a `SequenceStore`, whose numbers stay in files if not `join`.

        DataFrames and Series may be those of pandas, polars, pyarrow or modin.
    tokens : bool or None, default=None
        Whether the sequences are tokens. By default strings are tokens and numbers
        are numbers. If True, integers are tokens, too, and other numbers are refused;
        if False, strings are refused.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i). Tables, tokens,
        stores and DataFrames are not affected.
    allow_empty : bool, default=False
        Whether sequences of tokens may have no steps.
    allow_nan : bool, default=False
        Whether values may be missing: NaN among numbers, and no category in a column
        of categories. Tokens are never missing.
    input_name : str, default="X"
        What error messages call the input.
    join : bool, default=True
        Whether the values of a list of numeric arrays are copied into one array.
        If not, they are an `ArrayList`.

    Returns
    -------
    Sequences
        The values may share memory with `X`.

    Raises
    ------
    TypeError
        If the container or the type of a value is not accepted.
    ValueError
        If a sequence is empty, has other channels than the first, infinity, or NaN
        where it is not allowed.

    Examples
    --------
    >>> from sklearn_seqattn.sequences import check_sequences
    >>> check_sequences(["a rose is", "a rose"]).to_list()
    [array(['a', 'rose', 'is'], dtype=object), array(['a', 'rose'], dtype=object)]
    >>> check_sequences([[[1, 2], [3, 4]], [[5]]])
    Traceback (most recent call last):
        ...
    ValueError: X[1] has 1 channel, but X[0] has 2; every sequence needs the same
    channels.
    """
    container = open_container(X, channels_first=channels_first, name=input_name)
    sequences = _read(
        container,
        tokens=tokens,
        channels_first=channels_first,
        allow_empty=allow_empty,
        allow_nan=allow_nan,
        name=input_name,
    )
    if join:
        _refuse_stored(sequences, input_name, "this function")
    return sequences.joined() if join else sequences


def _refuse_stored(sequences, name, reader):
    """Raise for numbers in files, which may not fit into memory."""
    if isinstance(sequences.values, StoredSteps):
        raise TypeError(
            f"{name} is a SequenceStore, but {reader} needs all numbers in memory; "
            f"pass a list of as many as fit, such as list({name}[:1000])."
        )


def _read(container, *, static="refuse", reader="check_sequences", **options):
    """Return the sequences of a container, and its static columns where wanted."""
    if static == "refuse":
        refuse_static(container.static, options["name"], reader)
    if isinstance(container.items, SequenceStore):
        return _read_stored(container.items, **options)
    values, lengths, columns = read_container(container, **options)
    sequences = Sequences(values, np.asarray(lengths, dtype=np.int64), columns)
    if columns is None and container.has_named_channels:
        sequences = replace(sequences, columns=container.nested)
    if static == "read" and container.static is not None:
        read = read_static(container.static, options["name"])
        sequences = replace(sequences, static=read)
    return sequences


def _read_stored(store, *, tokens, allow_nan, name, **_):
    """Return the sequences of a store, which has steps first and no empty ones."""
    sequences = read_store(store, tokens=tokens, allow_nan=allow_nan, name=name)
    check_wanted_kind(sequences.values, tokens, name)
    return sequences


def validate_sequences(
    estimator,
    X,
    *,
    tokens=None,
    channels_first=False,
    allow_empty=False,
    allow_nan=False,
    static="refuse",
    reset,
    join=True,
):
    """Check `X` for an estimator, which remembers what it was fitted on.

    A table sets and checks `n_features_in_` and `feature_names_in_` as everywhere in
    scikit-learn. A rectangular list of lists sets `n_features_in_` but is never
    checked against it, because ragged lists may be rectangular by accident. Numeric
    sequences set and check the number of channels, `input_size_`.

    Parameters
    ----------
    estimator : estimator instance
        The estimator.
    X : list, array-like, DataFrame or Container
        As in `check_sequences`, or what `open_container` made of it.
    tokens : bool or None, default=None
        As in `check_sequences`.
    channels_first : bool, default=False
        As in `check_sequences`.
    allow_empty : bool, default=False
        As in `check_sequences`.
    allow_nan : bool, default=False
        As in `check_sequences`.
    static : {"refuse", "ignore", "read"}, default="refuse"
        What happens to columns of single values beside nested columns.
    reset : bool
        Whether to remember what `X` is like (in `fit`) or to compare `X` with what
        is remembered (in `predict` and `transform`).
    join : bool, default=True
        As in `check_sequences`.

    Returns
    -------
    Sequences
        The values may share memory with `X`.

    Raises
    ------
    ValueError
        If `X` differs from what the estimator was fitted on, and whatever
        `check_sequences` raises.

    Warns
    -----
    UserWarning
        In `fit`, if many sequences end or begin with steps that are all zero.
    """
    container = open_container(X, channels_first=channels_first)
    if not reset:
        refuse_one_sequence(estimator, container)
    if container.table is not None and (reset or hasattr(estimator, "n_features_in_")):
        # Before the values: a table with other columns has other values.
        validate_data(estimator, container.table, reset=reset, skip_check_array=True)
    sequences = _read(
        container,
        tokens=tokens,
        channels_first=channels_first,
        allow_empty=allow_empty,
        allow_nan=allow_nan,
        static=static,
        reader=type(estimator).__name__,
        name="X",
    )
    if join:
        _refuse_stored(sequences, "X", type(estimator).__name__)
    if reset:
        warn_zero_padding(sequences)
        remember_input(estimator, container, sequences)
    else:
        if allow_nan:
            sequences = with_missing_categories(estimator, sequences)
        compare_input(estimator, container, sequences)
    return sequences.joined() if join else sequences
