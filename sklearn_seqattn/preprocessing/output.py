"""Give sequences back in the kind of container they came in."""

import numpy as np
import pandas as pd
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.metaestimators import available_if

from sklearn_seqattn.sequences.containers import container_ndim, is_nested_list


def to_padded(sequences, n_steps, side="post"):
    """Copy numeric sequences into an array (n, n_steps, D) padded with NaN.

    Parameters
    ----------
    sequences : Sequences
        Numeric, none longer than `n_steps`.
    n_steps : int
        Steps of the result.
    side : {"post", "pre"}, default="post"
        Where the padding stands: behind the steps or before them.

    Returns
    -------
    ndarray of shape (n, n_steps, D)
        Of the dtype of the sequences.

    Raises
    ------
    MemoryError
        With the size of the array that there is no room for.
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
            f"Out of memory on a padded array of {shape[0]} sequences, {n_steps} "
            f"steps and {shape[2]} channels; the longest sequence has "
            f"{sequences.lengths.max()} steps. Pad fewer sequences at a time, or "
            "shorter ones."
        ) from error
    return padded


def restore(sequences, X, *, n_features=None, channels_first=False):
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

    Returns
    -------
    ndarray of shape (n, T) or (n, T, D), or list of ndarray or of DataFrame
        Tables (also DataFrames) as 2-D arrays.
    """
    ndim = container_ndim(X)
    if ndim == 2 or (is_nested_list(X) and len(X[0]) == n_features):
        return sequences.values.reshape(len(sequences), -1)
    if ndim == 3:
        n_steps = X.shape[2 if channels_first else 1]
        padded = to_padded(sequences, n_steps)
        return padded.swapaxes(1, 2) if channels_first else padded
    return [
        _restore_element(values, x, channels_first)
        for values, x in zip(sequences.to_list(), X, strict=True)
    ]


def _restore_element(values, x, channels_first):
    """Return the steps of one sequence in the shape that `x` has."""
    if isinstance(x, pd.DataFrame):
        return pd.DataFrame(values, index=x.index, columns=x.columns)
    if values.ndim == 1:  # tokens
        return values
    if np.ndim(x) == 1:
        return values[:, 0]
    return values.T if channels_first else values


def _may_see_tables(transformer):
    """Tell whether a transformer is not fitted, or fitted on a table."""
    return not hasattr(transformer, "_input_kind") or hasattr(
        transformer, "n_features_in_"
    )


class TableFeatureNamesMixin(OneToOneFeatureMixin):
    """One name out for each column in, where sequences are the rows of a table.

    A list of sequences has no columns: after a fit on one there are no names, and
    `set_output` lets such lists pass unchanged.
    """

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
