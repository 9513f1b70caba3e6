"""Return sequences in the kind of container they came in, and rows with its labels."""

import numpy as np
import pandas as pd
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.metaestimators import available_if

from sklearn_seqattn._estimator import get_output_config
from sklearn_seqattn.sequences.containers import open_container
from sklearn_seqattn.sequences.frames import is_frame, to_pandas
from sklearn_seqattn.sequences.nested import nest
from sklearn_seqattn.sequences.tables import has_instances
from sklearn_seqattn.sequences.wording import number_of


def to_padded(sequences, n_steps, side="post"):
    """Copy numeric sequences into an array (n, n_steps, D) padded with NaN.

    Parameters
    ----------
    sequences : Sequences
        Numeric, none longer than `n_steps`.
    n_steps : int
        Steps of the result.
    side : {"post", "pre"}, default="post"
        Whether the padding follows the steps or precedes them.

    Returns
    -------
    ndarray of shape (n, n_steps, D)
        Of the dtype of the sequences.

    Raises
    ------
    MemoryError
        If the array does not fit into memory; the message says how large it is.
    """
    values, lengths = sequences.values, sequences.lengths[:, np.newaxis]  # (n, 1)
    shape = (len(sequences), n_steps, values.shape[1])
    try:
        steps = np.arange(n_steps)
        is_real = steps < lengths if side == "post" else steps >= n_steps - lengths
        padded = np.full(shape, np.nan, dtype=values.dtype)
        padded[is_real] = values
    except MemoryError as error:
        raise MemoryError(
            f"Out of memory on a padded array of {number_of(shape[0], 'sequence')}, "
            f"{number_of(n_steps, 'step')} and {number_of(shape[2], 'channel')}; the "
            f"longest sequence has {number_of(sequences.lengths.max(), 'step')}. Pad "
            "fewer sequences at a time, or shorter ones."
        ) from error
    return padded


def restore(sequences, X, *, n_features=None, channels_first=False, columns=None):
    """Return sequences in the container that `X` is.

    Parameters
    ----------
    sequences : Sequences
        As many, and as long, as those of `X`.
    X : container
        What the user passed.
    n_features : int or None, default=None
        Width of the table that was seen in `fit`. A list of lists comes back as a
        table if it has this width; any other list comes back as a list.
    channels_first : bool, default=False
        Whether `X` has the channels before the steps.
    columns : Index or None, default=None
        The column names of frames, if they are not those of `X`.

    Returns
    -------
    ndarray of shape (n, T) or (n, T, D), list of ndarray or of DataFrame, or DataFrame
        An array for a table, also for a DataFrame: 2-D if there is one channel. A
        table of nested columns for such a one, with its static columns as they were.
        Frames of other libraries come back as those of pandas.
    """
    container = open_container(X, channels_first=channels_first)
    if _is_table(container, sequences, n_features):
        if sequences.values.size == sequences.lengths.sum():
            return sequences.values.reshape(len(sequences), -1)
        padded = to_padded(sequences, int(sequences.lengths[0]))
        return padded.swapaxes(1, 2) if channels_first else padded
    if container.ndim == 3:
        n_steps = container.items.shape[2 if channels_first else 1]
        padded = to_padded(sequences, n_steps)
        return padded.swapaxes(1, 2) if channels_first else padded
    elements = [
        _restore_element(values, x, channels_first, columns)
        for values, x in zip(sequences.to_list(), container.items, strict=True)
    ]
    if container.nested is None:
        return elements
    return nest(elements, container, columns, channels_first=channels_first)


def _is_table(container, sequences, n_features):
    """Return whether sequences come back as a table."""
    if container.is_texts:  # a column of strings, each of them one token
        return container.table is not None and len(sequences.values) == len(sequences)
    n_columns = container.n_columns_by_hand
    return container.ndim == 2 or (n_columns is not None and n_columns == n_features)


def _restore_element(values, x, channels_first, columns):
    """Return the steps of one sequence in the shape that `x` has."""
    if is_frame(x):
        frame = to_pandas(x)
        if isinstance(values, pd.DataFrame):
            return values.set_axis(frame.index)
        columns = frame.columns if columns is None else columns
        return pd.DataFrame(values, index=frame.index, columns=columns)
    if values.ndim == 1:  # tokens
        return values
    if np.ndim(x) == 1 and values.shape[1] == 1:  # else an array of steps
        return values[:, 0]
    return values.T if channels_first else values


def label_rows(transformer, rows, X):
    """Index rows by instance if X is a long table and `set_output` asks for pandas.

    scikit-learn would label one row a sequence by the index of X, which has one row a
    step.

    Parameters
    ----------
    transformer : estimator instance
        Whose `set_output` counts.
    rows : ndarray of shape (n, n_features)
        One row a sequence.
    X : container
        What the user passed.

    Returns
    -------
    ndarray or DataFrame of shape (n, n_features)
        The same rows.
    """
    is_long = isinstance(X, pd.DataFrame | pd.Series) and has_instances(X)
    if not is_long or get_output_config("transform", transformer)["dense"] != "pandas":
        return rows
    return pd.DataFrame(rows, index=X.index.get_level_values(0).unique())


def _may_see_tables(transformer):
    """Return whether a transformer is not fitted, or returns tables for tables."""
    if not hasattr(transformer, "_input_kind"):
        return True
    return hasattr(transformer, "n_features_in_") and transformer._keeps_tables


class TableFeatureNamesMixin(OneToOneFeatureMixin):
    """One name out for each column in, where sequences are the rows of a table.

    A list of sequences has no columns. After a fit on a list there are no names, and
    `set_output` returns lists unchanged.
    """

    _keeps_tables = True  # False if channels are appended

    @available_if(_may_see_tables)
    def get_feature_names_out(self, input_features=None):
        """Get output feature names, which are those of the input table.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns; by default those seen in `fit`, or x0, x1, ...

        Returns
        -------
        ndarray of str objects
            The names.
        """
        return super().get_feature_names_out(input_features)
