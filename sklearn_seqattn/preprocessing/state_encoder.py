"""Tokens to integer ids, and back."""

import reprlib
import warnings
from collections.abc import Set
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    Interval,
    VersionedPickles,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.preprocessing.output import TableFeatureNamesMixin, restore
from sklearn_seqattn.preprocessing.vocabulary import (
    FIRST_ID,
    UNKNOWN_ID,
    Vocabulary,
)
from sklearn_seqattn.sequences import (
    Sequences,
    check_sequences,
    validate_sequences,
)

_NAMED = 5  # unknown states that the warning names


class StateEncoder(
    TableFeatureNamesMixin, TransformerMixin, VersionedPickles, BaseEstimator
):
    """Encode tokens (states, words, events) as integers.

    Id 0 is reserved for padding; `transform` never returns it. Id 1 is the id of every
    state that is not in the vocabulary. State k of the vocabulary has id k + 2.

    Parameters
    ----------
    min_count : int, default=1
        States that occur less often in `fit` are not in the vocabulary.
    vocabulary : array-like or None, default=None
        The states in the order of their ids. With None they are learned in `fit`;
        else `min_count` is ignored.

    Attributes
    ----------
    vocabulary_ : ndarray of shape (n_states,)
        The states: objects (strings) or int64; sorted, unless `vocabulary` is given.
    n_ids_ : int
        Number of ids, n_states + 2.
    n_features_in_ : int
        Columns seen in `fit`, if `X` was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of these columns, if they are all strings.

    See Also
    --------
    EventEncoder : Encode events with several features.

    Examples
    --------
    >>> from sklearn_seqattn import StateEncoder
    >>> encoder = StateEncoder().fit(["C G Am F", "C F G"])
    >>> encoder.vocabulary_
    array(['Am', 'C', 'F', 'G'], dtype=object)
    >>> encoder.transform([["G", "C"], ["C", "Dm"]])
    [array([5, 3]), array([3, 1])]
    >>> encoder.inverse_transform([[3, 1]])
    [array(['C', None], dtype=object)]
    """

    _parameter_constraints = {
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "vocabulary": ["array-like", None],
    }

    def __init__(self, *, min_count=1, vocabulary=None):
        self.min_count = min_count
        self.vocabulary = vocabulary

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : container of token sequences
            A list of sequences of strings or of integers, a list of strings (split at
            white space), or a table (n, T) of tokens.
        y : None
            Ignored.

        Returns
        -------
        StateEncoder
            The fitted transformer.
        """
        with rollback_on_error(self):
            sequences = validate_sequences(
                self, X, tokens=True, allow_empty=True, reset=True
            )
            return self._fit_sequences(sequences)

    def transform(self, X):
        """Replace each token by its id.

        Parameters
        ----------
        X : container of token sequences
            Strings if `fit` saw strings, integers if it saw integers.

        Returns
        -------
        list of ndarray of shape (T_i,), or ndarray of shape (n, T)
            The ids, int64; a table for a table. An empty sequence becomes one unknown
            state.
        """
        check_is_fitted(self)
        sequences = validate_sequences(
            self, X, tokens=True, allow_empty=True, reset=False
        )
        return self._restore(self._transform_sequences(sequences), X)

    def inverse_transform(self, X):
        """Replace each id by its state.

        Parameters
        ----------
        X : container of ids
            A list of sequences of ids or a table (n, T).

        Returns
        -------
        list of ndarray of shape (T_i,), or ndarray of shape (n, T)
            The states as objects; None for the ids of padding and of unknown states.

        Raises
        ------
        TypeError, ValueError
            If `X` holds other numbers than ids of `transform`.
        """
        check_is_fitted(self)
        ids = check_sequences(X, tokens=True)
        if ids.values.dtype == object:
            raise TypeError("X holds strings, but inverse_transform expects ids.")
        is_wrong = (ids.values < 0) | (ids.values >= self.n_ids_)
        if is_wrong.any():
            raise ValueError(
                f"X holds the id {ids.values[is_wrong][0]}, but ids run from 0 to "
                f"{self.n_ids_ - 1}."
            )
        states = np.append([None] * FIRST_ID, self.vocabulary_.astype(object))
        return self._restore(ids.with_values(states[ids.values]), X)

    def _fit_sequences(self, sequences, weights=None):
        """Learn from validated token sequences; weights are per sequence."""
        tokens = sequences.values
        if len(tokens) == 0:
            raise ValueError(
                "X holds only empty sequences; there is no state to learn."
            )
        if self.vocabulary is None:
            if weights is not None:
                weights = np.repeat(weights, sequences.lengths)
            vocabulary = Vocabulary.learn(tokens, weights, self.min_count)
        else:
            vocabulary = Vocabulary(_check_vocabulary(self.vocabulary, tokens.dtype))
        self.vocabulary_, self.n_ids_ = vocabulary.states, vocabulary.n_ids
        return self

    def _transform_sequences(self, sequences):
        """Encode validated token sequences as int64 ids."""
        ids = Vocabulary(self.vocabulary_).ids_of(sequences.values)
        is_empty = sequences.lengths == 0
        if not is_empty.any():
            return sequences.with_values(ids)
        ids = np.insert(ids, sequences.starts[is_empty], UNKNOWN_ID)
        lengths = sequences.lengths + is_empty
        return Sequences(ids, lengths, static=sequences.static)

    def _restore(self, sequences, X):
        """Return sequences in the container that `X` is."""
        return restore(sequences, X, n_features=getattr(self, "n_features_in_", None))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def warn_unknown(states, *, stacklevel, noun="state"):
    """Warn once of unknown states: how many distinct ones, and the first few.

    Parameters
    ----------
    states : ndarray of shape (S,)
        The unknown states as they came, repeated or not; none gives no warning.
    stacklevel : int
        As in `warnings.warn`, counted from the caller.
    noun : str, default="state"
        What the user calls one of them.
    """
    unknown = pd.unique(states).tolist()
    if not unknown:
        return
    named = ", ".join(map(reprlib.repr, unknown[:_NAMED]))
    more = ", ..." if len(unknown) > _NAMED else ""
    nouns = f"{noun} is" if len(unknown) == 1 else f"{noun}s are"
    warnings.warn(
        f"{len(unknown)} {nouns} unknown to the model and read as one unknown {noun}: "
        f"{named}{more}.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )


def states_of_unknown_sequences(sequences, ids):
    """Return the states of the sequences of which no state is known.

    Parameters
    ----------
    sequences : Sequences
        States.
    ids : Sequences
        Their ids; one unknown state for an empty sequence.

    Returns
    -------
    ndarray
        The states of those sequences; none of an empty one.
    """
    starts = np.cumsum(ids.lengths) - ids.lengths
    is_unknown = np.logical_and.reduceat(ids.values == UNKNOWN_ID, starts)
    return sequences.take(is_unknown).joined().values


def _check_vocabulary(vocabulary, dtype):
    """Return a vocabulary given by the user as an array of the dtype of the tokens."""
    if isinstance(vocabulary, Set):
        raise TypeError(
            "vocabulary is a set, which has no order, but the order decides the ids; "
            "pass a list, for example sorted(vocabulary)."
        )
    states = check_sequences(
        [list(vocabulary)], tokens=True, input_name="vocabulary"
    ).values
    if states.dtype != dtype:
        raise ValueError(
            f"vocabulary holds {states[0]!r}, but the states of X are "
            f"{'strings' if dtype.kind == 'O' else 'integers'}; both need one type."
        )
    is_repeated = pd.Series(states).duplicated()
    if is_repeated.any():
        raise ValueError(
            f"vocabulary holds {states[is_repeated][0]!r} more than once; every state "
            "needs one id."
        )
    return states
