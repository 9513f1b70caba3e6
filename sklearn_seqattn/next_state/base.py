"""The methods that all next-state estimators have.

An estimator implements `_log_proba_batches`, the log-probabilities at every position
of encoded sequences. All predictions and scores are computed from it here.
"""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import VersionedPickles
from sklearn_seqattn.next_state.encoding import StateEncodingMixin
from sklearn_seqattn.next_state.generation import GenerationMixin
from sklearn_seqattn.next_state.scores import (
    following_states,
    mean_over_positions,
    score_rows,
    scored_rows,
    share_of_hits,
)
from sklearn_seqattn.next_state.streams import rows_of


class NextStateMixin(
    StateEncodingMixin, GenerationMixin, ClassifierMixin, VersionedPickles
):
    """Predictions and scores shared by the next-state estimators.

    Position t of a sequence is predicted from the t states before it. `predict`,
    `predict_proba` and `predict_topk` predict what follows the whole sequence;
    `predict_positions` what follows each of its states. Scores over all positions
    (`score` without y, `score_samples`, `perplexity`) take every state from the
    second on.

    The columns of all distributions are `classes_`, and each row sums to one. A state
    that was unknown at fit has no column. In scores it counts as a wrong prediction
    and has the probability `unknown_mass_`.
    """

    def predict(self, X):
        """Predict the most probable state after each sequence.

        Parameters
        ----------
        X : list of sequences of states
            Sequences of any lengths, in any container that `fit` takes. An empty
            one is legal where the estimator has a start symbol
            (``start_state=True``).

        Returns
        -------
        ndarray of shape (n_sequences,)
            The states: strings (dtype object) or int64, as `classes_`.
        """
        log_proba = self.predict_log_proba(X)
        return self.classes_[log_proba.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the distribution of the state after each sequence.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_sequences, n_classes)
            Probabilities; columns are `classes_`.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X):
        """Predict the log-probabilities of the state after each sequence.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_sequences, n_classes)
            Log-probabilities; columns are `classes_`.
        """
        return self._last_log_proba(self._encode(X))

    def predict_topk(self, X, k=5):
        """Predict the k most probable states after each sequence.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.
        k : int, default=5
            Number of states, at most ``len(classes_)``.

        Returns
        -------
        states : ndarray of shape (n_sequences, k)
            The states, the most probable first.
        probabilities : ndarray of shape (n_sequences, k)
            Their probabilities.

        Raises
        ------
        ValueError
            If `k` is no number of classes, or X is not like that of `fit`.
        """
        check_is_fitted(self)
        if not isinstance(k, Integral) or not 1 <= k <= len(self.classes_):
            raise ValueError(
                f"k={k!r} must be an integer from 1 to {len(self.classes_)}, the "
                "number of classes."
            )
        proba = self.predict_proba(X)
        order = np.argsort(-proba, axis=1, kind="stable")[:, :k]
        return self.classes_[order], np.take_along_axis(proba, order, axis=1)

    def predict_positions(self, X):
        """Predict the distribution after every state of each sequence, in one pass.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.

        Returns
        -------
        list of ndarray of shape (n_states, n_classes)
            Row t is the distribution of what follows the first t + 1 states of
            the sequence; the last row is that of `predict_proba`.
        """
        streams = self._encode(X)
        found = [None] * len(streams)
        skip = int(streams.has_start)
        for indices, log_proba in self._log_proba_batches(streams):
            bounds = np.cumsum(streams.lengths[indices])
            parts = np.split(np.exp(log_proba), bounds[:-1])
            for i, part in zip(indices, parts, strict=True):
                found[i] = part[skip:]
        return found

    def score_positions(self, X, y=None, *, k=1, last=False):
        """Score the predicted states of each sequence.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`. Every state from the second on is predicted from those
            before it.
        y : array-like of shape (n_sequences,) or None, default=None
            The state that follows each sequence, which is one more to predict.
        k : int, default=1
            A state among the k most probable is a hit.
        last : bool, default=False
            Whether only the last of these states of each sequence counts.

        Returns
        -------
        DataFrame of n_sequences rows
            "log_likelihood", the sum of the log-probabilities of the states; "hits",
            the number of states among the k most probable; "positions", the number of
            states predicted. A state unknown at fit is no hit and has the probability
            `unknown_mass_`.

        Examples
        --------
        >>> from sklearn_seqattn import NextStateMarkov
        >>> X = ["a b c a b c", "b c a b"]
        >>> NextStateMarkov().fit(X).score_positions(X)[["hits", "positions"]]
           hits  positions
        0     5          5
        1     3          3
        """
        streams = self._encode(X, y)
        log_likelihood = np.zeros(len(streams))
        hits, positions = np.zeros((2, len(streams)), dtype=np.int64)
        for indices, log_proba in self._log_proba_batches(streams):
            rows, sequence, following = scored_rows(streams.take(indices), last=last)
            found, hit = score_rows(
                log_proba[rows], following, k=k, unknown_mass=self.unknown_mass_
            )
            n = len(indices)
            log_likelihood[indices] = np.bincount(sequence, found, n)
            hits[indices] = np.bincount(sequence[hit], minlength=n)
            positions[indices] = np.bincount(sequence, minlength=n)
        return pd.DataFrame(
            {"log_likelihood": log_likelihood, "hits": hits, "positions": positions}
        )

    def compare_positions(self, X, y=None, *, last=False):
        """Return the true and the predicted state of each position that is scored.

        Parameters
        ----------
        X : list of sequences of states
            As in `score_positions`.
        y : array-like of shape (n_sequences,) or None, default=None
            As in `score_positions`.
        last : bool, default=False
            As in `score_positions`.

        Returns
        -------
        DataFrame of n_positions rows
            "true" and "predicted", the states (dtype object), also those unknown at
            fit, and "sequence", the index of the sequence in X.
        """
        streams = self._encode(X, y)
        true = following_states(streams, self._read_states(X, reset=False)[0], y)
        predicted = np.full(len(true), None, dtype=object)
        for indices, log_proba in self._log_proba_batches(streams):
            rows = rows_of(streams.starts[indices], streams.lengths[indices])
            predicted[rows] = self.classes_[log_proba.argmax(axis=1)]
        rows, sequence, _ = scored_rows(streams, last=last)
        states = {"true": true[rows], "predicted": predicted[rows]}
        return pd.DataFrame(states, dtype=object).assign(sequence=sequence)

    def score_samples(self, X):
        """Return the log-likelihood of each sequence, given its first state.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_sequences,)
            Sum over t of the log-probability of state t + 1 in row t of
            `predict_positions`; a state unknown at fit contributes
            ``log(unknown_mass_)``. Zero for a sequence of one state.
        """
        return self.score_positions(X)["log_likelihood"].to_numpy()

    def perplexity(self, X, sample_weight=None):
        """Return the perplexity per predicted state; lower is better.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`; at least one of two states.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            Weights of the sequences.

        Returns
        -------
        float
            The exp of minus the mean log-probability of the states from the second
            on: 1 is perfect, K is a guess among K states.
        """
        scores = self.score_positions(X)
        mean = mean_over_positions(
            scores["log_likelihood"], scores["positions"], sample_weight
        )
        return float(np.exp(-mean))

    def score(self, X, y=None, sample_weight=None):
        """Return the accuracy of the predicted states.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.
        y : array-like of shape (n_sequences,) or None, default=None
            The state that follows each sequence; None scores every state of X
            from the second on.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            Weights of the sequences.

        Returns
        -------
        float
            Share of right predictions.
        """
        if y is not None:
            return share_of_hits(y, self.predict(X), sample_weight)
        scores = self.score_positions(X)
        return mean_over_positions(scores["hits"], scores["positions"], sample_weight)

    def _last_log_proba(self, streams):
        """Return the log-probabilities (n, K) of what follows each sequence."""
        found = np.empty((len(streams), len(self.classes_)))
        for indices, log_proba in self._log_proba_batches(streams, last=True):
            found[indices] = log_proba
        return found

    def _log_proba_batches(self, streams, last=False):
        """Yield (indices of sequences, log-probabilities of their rows).

        Every sequence comes once; its rows are all of its symbols, or with `last`
        the last symbol alone.
        """
        raise NotImplementedError
