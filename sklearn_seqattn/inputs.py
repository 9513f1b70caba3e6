"""From checked sequences to what a network reads: scaled numbers or ids."""

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_seqattn.preprocessing import StateEncoder


class InputEncoder:
    """Encode the sequences of an estimator, as learnt from its training part.

    Numbers are standardised channel by channel over all steps. Tokens become
    ids. Of events, numeric columns are standardised and the others one-hot
    encoded; categories that were never seen are all zeros.

    Parameters
    ----------
    standardize : bool
        Whether numbers are standardised.
    vocabulary : array-like or None
        The tokens; None learns them.
    min_count : int
        Rarer tokens are unknown.
    """

    def __init__(self, *, standardize, vocabulary, min_count):
        self.standardize = standardize
        self.vocabulary = vocabulary
        self.min_count = min_count

    def fit(self, sequences, weights):
        """Learn scales, categories or the vocabulary.

        Parameters
        ----------
        sequences : Sequences
            The training part, n sequences.
        weights : ndarray of shape (n,)
            The weight of each.

        Returns
        -------
        self : InputEncoder
        """
        self.kind_ = sequences.kind
        if self.kind_ == "tokens":
            self.states_ = StateEncoder(
                vocabulary=self.vocabulary, min_count=self.min_count
            )._fit_sequences(sequences)
            self.n_ids_, self.output_size_ = self.states_.n_ids_, 1
            return self
        self.n_ids_ = None
        self.steps_ = self._make_steps()
        if self.kind_ == "numeric":
            of_step = np.repeat(weights, sequences.lengths)
            self.steps_.fit(sequences.values, sample_weight=of_step)
        else:
            self.steps_.fit(sequences.values)
        self.output_size_ = self.steps_.transform(sequences.values[:1]).shape[1]
        return self

    def _make_steps(self):
        """Make the transformer of single steps."""
        scaler = StandardScaler(with_mean=self.standardize, with_std=self.standardize)
        if self.kind_ == "numeric":
            return scaler
        numbers = make_column_selector(dtype_include="number")
        others = make_column_selector(dtype_exclude="number")
        categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        return make_column_transformer((scaler, numbers), (categories, others))

    def transform(self, sequences):
        """Encode sequences.

        Parameters
        ----------
        sequences : Sequences
            Of the kind of the training part.

        Returns
        -------
        sequences : Sequences
            Numbers in float32, (S, D), or ids in int64, (S,).

        Raises
        ------
        ValueError
            If a number is out of the range of float32.
        """
        if self.kind_ == "tokens":
            return self.states_._transform_sequences(sequences)
        with np.errstate(over="ignore"):
            values = self.steps_.transform(sequences.values).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError(
                "X has numbers whose scale is beyond float32 (about 3e38); divide "
                "them by a constant first."
            )
        return sequences.with_values(values)
