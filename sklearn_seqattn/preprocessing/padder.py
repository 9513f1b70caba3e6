"""Pad sequences to one array, and remove the padding again."""

from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    VersionedPickles,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.preprocessing.output import to_padded
from sklearn_seqattn.sequences import Sequences, check_sequences, validate_sequences
from sklearn_seqattn.sequences.wording import number_of


class SequencePadder(TransformerMixin, VersionedPickles, BaseEstimator):
    """Pad sequences with NaN to one 3-D array.

    The estimators of this library need no padding. The padder is for other estimators
    that need one array, and for libraries that use the same layout. Missing values
    (NaN) inside a sequence stay. `inverse_transform` takes steps at the padded end that
    are NaN in all channels for padding, also where they were missing.

    Parameters
    ----------
    max_len : int or None, default=None
        Steps of the output; longer sequences are truncated. If None, nothing is
        truncated: the output is as long as the longest sequence of `fit` and of
        `transform`.
    truncation : {"post", "pre"}, default="post"
        Whether steps are removed at the end or at the beginning.
    padding : {"post", "pre"}, default="post"
        Whether NaN steps follow the sequence or precede it. The estimators of this
        library read trailing NaN steps as padding and refuse leading ones, so that
        ``padding="pre"`` is for other libraries.
    channels_first : bool, default=False
        Whether arrays are (n, D, T) and elements of lists (D, T_i), on both sides.

    Attributes
    ----------
    max_len_ : int
        Steps of the output: `max_len`, or the longest sequence seen in `fit`.
    input_size_ : int
        Channels D.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    SequenceScaler : Scale each channel.

    Examples
    --------
    >>> from sklearn_seqattn import SequencePadder
    >>> padder = SequencePadder()
    >>> padded = padder.fit_transform([[1.0, 2.0, 3.0], [4.0]])
    >>> padded[:, :, 0]
    array([[ 1.,  2.,  3.],
           [ 4., nan, nan]])
    >>> [x.ravel().tolist() for x in padder.inverse_transform(padded)]
    [[1.0, 2.0, 3.0], [4.0]]
    """

    _parameter_constraints = {
        "max_len": [Interval(Integral, 1, None, closed="left"), None],
        "truncation": [StrOptions({"post", "pre"})],
        "padding": [StrOptions({"post", "pre"})],
        "channels_first": ["boolean"],
    }

    def __init__(
        self, *, max_len=None, truncation="post", padding="post", channels_first=False
    ):
        self.max_len = max_len
        self.truncation = truncation
        self.padding = padding
        self.channels_first = channels_first

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the length of the longest sequence.

        Parameters
        ----------
        X : container of numeric sequences
            As in `SequenceScaler.fit`.
        y : None
            Ignored.

        Returns
        -------
        SequencePadder
            The fitted transformer.
        """
        with rollback_on_error(self):
            longest = int(self._read(X, reset=True).lengths.max())
            self.max_len_ = longest if self.max_len is None else int(self.max_len)
        return self

    def transform(self, X):
        """Pad, and truncate where `max_len` is given.

        Parameters
        ----------
        X : container of numeric sequences
            With the channels seen in `fit`.

        Returns
        -------
        ndarray of shape (n, T, D), or (n, D, T) if `channels_first`
            Of dtype float32 if the input is, else float64.
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        if self.max_len is None:
            n_steps = max(self.max_len_, int(sequences.lengths.max()))
        else:
            n_steps = self.max_len_
            sequences = _truncated(sequences, n_steps, self.truncation)
        padded = to_padded(sequences, n_steps, self.padding)
        return padded.swapaxes(1, 2) if self.channels_first else padded

    def inverse_transform(self, X):
        """Remove the padding.

        Parameters
        ----------
        X : array-like of shape (n, T, D), or (n, D, T) if `channels_first`
            What `transform` returned.

        Returns
        -------
        list of ndarray of shape (T_i, D), or (D, T_i) if `channels_first`
            The sequences, without what was truncated.

        Raises
        ------
        ValueError
            If `X` is no such array.
        """
        check_is_fitted(self)
        X = np.asarray(X)
        if X.ndim != 3:
            raise ValueError(
                f"X has {number_of(X.ndim, 'dimension')}, but a padded array has 3; "
                "pass what transform returned."
            )
        if self.channels_first:
            X = X.swapaxes(1, 2)  # (n, T, D)
        is_reversed = self.padding == "pre"
        sequences = check_sequences(
            X[:, ::-1] if is_reversed else X, allow_nan=True
        ).to_list()
        if is_reversed:
            sequences = [steps[::-1] for steps in sequences]
        return [steps.T for steps in sequences] if self.channels_first else sequences

    def _read(self, X, *, reset):
        """Validate numeric input."""
        return validate_sequences(
            self,
            X,
            tokens=False,
            channels_first=self.channels_first,
            allow_nan=True,
            reset=reset,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _truncated(sequences, n_steps, side):
    """Keep at most `n_steps` steps of each sequence."""
    lengths = sequences.lengths
    excess = np.maximum(lengths - n_steps, 0)
    if not excess.any():
        return sequences
    first = excess if side == "pre" else np.zeros_like(excess)
    step = np.arange(lengths.sum()) - np.repeat(sequences.starts, lengths)
    first = np.repeat(first, lengths)
    is_kept = (step >= first) & (step < first + n_steps)
    return Sequences(sequences.values[is_kept], lengths - excess)
