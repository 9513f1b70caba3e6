"""Encode static columns as one vector a sequence."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.preprocessing.distinct_categories import warn_distinct
from sklearn_seqattn.preprocessing.gain import as_float32, check_range, standardize
from sklearn_seqattn.sequences.event_columns import check_kinds, numeric_columns


class StaticEncoder:
    """Encode the static columns of sequences as numbers.

    Columns of numbers come first, in their order. Columns of categories follow,
    one-hot encoded: a category that was not seen in `fit` is zero in all channels of
    its column.

    Parameters
    ----------
    standardize : bool
        Whether numbers are standardized.

    Attributes
    ----------
    numbers_ : list
        The names of the columns of numbers.
    center_, scale_ : ndarray of shape (n_numbers,), float64
        What is subtracted from numbers, and what they are divided by.
    categories_ : dict of ndarray
        The categories of each column of them, sorted, by its name.
    """

    def __init__(self, *, standardize):
        self.standardize = standardize

    def fit(self, static, weights):
        """Learn scales and categories.

        Parameters
        ----------
        static : DataFrame of n rows
            As `read_static` returns it.
        weights : ndarray of shape (n,)
            The weight of each row.

        Returns
        -------
        StaticEncoder
            The encoder itself.

        Raises
        ------
        ValueError
            If the variance of a column is out of range.
        """
        warn_distinct(static)
        is_number = numeric_columns(static)
        numbers = static.loc[:, is_number]
        self.numbers_ = list(numbers.columns)
        self.center_ = np.zeros(len(self.numbers_))
        self.scale_ = np.ones(len(self.numbers_))
        if self.standardize and self.numbers_:
            with np.errstate(over="ignore", invalid="ignore"):
                scaler = StandardScaler().fit(numbers.to_numpy(), None, weights)
            self.center_, self.scale_ = scaler.mean_, scaler.scale_
            check_range(np.stack([scaler.mean_, scaler.var_]), self._names)
        self.categories_ = {
            name: np.unique(column.to_numpy(object))
            for name, column in static.loc[:, ~is_number].items()
        }
        return self

    def transform(self, static):
        """Return one vector for each row.

        Parameters
        ----------
        static : DataFrame of n rows
            With the columns of `fit`, as `read_static` returns it.

        Returns
        -------
        ndarray of shape (n, `output_size`), float32

        Raises
        ------
        ValueError
            If a column is of another kind than in `fit`, or a number is out of the
            range of float32.
        """
        check_kinds(static, self.categories_, "X")
        numbers = static[self.numbers_].to_numpy(np.float64)
        with np.errstate(over="ignore"):
            numbers = as_float32(
                standardize(numbers, self.center_, self.scale_), self._names
            )
        one_hot = [
            pd.get_dummies(static[name].cat.set_categories(known), dtype=np.float32)
            for name, known in self.categories_.items()
        ]
        return np.hstack([numbers, *one_hot])

    @property
    def output_size(self):
        """The size of the vectors."""
        return len(self.numbers_) + sum(map(len, self.categories_.values()))

    @property
    def _names(self):
        """What to call numbers in error messages."""
        return [f"the static column {name!r}" for name in self.numbers_]
