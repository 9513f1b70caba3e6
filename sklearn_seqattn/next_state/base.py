"""What every next-state estimator can do, from one primitive.

An estimator brings `_log_proba_batches`, the log-probabilities at every position
of a batch of encoded sequences; all predictions, scores, samples and rollouts
follow from it here.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    VersionedPickles,
    check_sample_weight,
    draw_seeds,
    validate_params,
)
from sklearn_seqattn.next_state.encoding import StateEncodingMixin
from sklearn_seqattn.next_state.generation import Continuations, draw, search


class NextStateMixin(StateEncodingMixin, ClassifierMixin, VersionedPickles):
    """Predictions and scores shared by the next-state estimators.

    Position t of a sequence is predicted from the t states before it. `predict`
    and its kin say what follows the whole sequence; `predict_positions` what
    follows each of its states. Scores over all positions (`score` without y,
    `score_samples`, `perplexity`) take every state from the second on.

    The columns of all distributions are `classes_`, and sum to one. A state that
    has no column, because it was not known at fit, counts as a wrong prediction
    and is scored with probability `unknown_mass_`.
    """

    #: Steps of sequences that are continued together, so that memory is bounded.
    _steps_together = 2**17

    def predict(self, X):
        """Predict the most probable state after each sequence.

        Parameters
        ----------
        X : list of sequences of states
            Sequences of any lengths; an empty one is legal where the estimator
            has a start symbol (``start_state=True``).

        Returns
        -------
        ndarray of shape (n_sequences,)
            The states.
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
        return self._score_positions(X)[0]

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
        log_likelihood, _, counts = self._score_positions(X)
        weight = check_sample_weight(sample_weight, counts)
        return float(np.exp(-(weight @ log_likelihood) / _total(weight @ counts)))

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
            return accuracy_score(y, self.predict(X), sample_weight=sample_weight)
        _, correct, counts = self._score_positions(X)
        weight = check_sample_weight(sample_weight, counts)
        return float((weight @ correct) / _total(weight @ counts))

    @validate_params(
        {
            "n": [Interval(Integral, 1, None, closed="left")],
            "max_length": [Interval(Integral, 1, None, closed="left"), None],
            "temperature": [Interval(Real, 0, None, closed="neither")],
            "top_k": [Interval(Integral, 1, None, closed="left"), None],
            "top_p": [Interval(Real, 0, 1, closed="right"), None],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def sample(
        self,
        n=1,
        prefix=None,
        *,
        max_length=None,
        temperature=1.0,
        top_k=None,
        top_p=None,
        random_state=None,
    ):
        """Draw sequences from the model.

        Parameters
        ----------
        n : int, default=1
            Number of sequences.
        prefix : sequence of states or None, default=None
            States that every sequence begins with; None begins with nothing,
            which needs ``start_state=True``.
        max_length : int or None, default=None
            Length at which a sequence stops, if the end (``end_state``) is not
            drawn before; None is the length of the longest sequence at fit.
        temperature : float, default=1.0
            Below 1 draws more probable states, above 1 more surprising ones.
        top_k : int or None, default=None
            Draw from the k most probable states only.
        top_p : float or None, default=None
            Draw from the fewest states that have this probability together.
        random_state : int, RandomState or None, default=None
            Source of randomness.

        Returns
        -------
        list of list of states
            The sequences, prefix included, the end state excluded.
        """
        check_is_fitted(self)
        prefix = [[] if prefix is None else prefix]
        given = self._read_states(prefix, reset=False)[0].tolist()
        limit = self.max_length_ if max_length is None else max_length
        generator = np.random.RandomState(*draw_seeds(random_state, 1))
        streams, drawn = self._encode(prefix), []
        for first, last in self._portions(n, max(limit, len(given))):
            drawn += draw(
                self._continuations(streams),
                last - first,
                max(limit - len(given), 0),
                self._end_column,
                generator,
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
            )
        return [given + self.classes_[columns].tolist() for columns in drawn]

    @validate_params(
        {
            "X": "no_validation",
            "n_steps": [Interval(Integral, 1, None, closed="left")],
            "strategy": [StrOptions({"greedy", "beam"})],
            "beam_width": [Interval(Integral, 1, None, closed="left")],
        },
        prefer_skip_nested_validation=True,
    )
    def rollout(self, X, n_steps, strategy="greedy", *, beam_width=5):
        """Continue each sequence in a probable way.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`.
        n_steps : int
            States to add.
        strategy : {"greedy", "beam"}, default="greedy"
            "greedy" takes the most probable state at each step; "beam" keeps the
            `beam_width` most probable continuations and returns the best.
        beam_width : int, default=5
            Width of the beam.

        Returns
        -------
        states : ndarray of shape (n_sequences, n_steps)
            The continuations; after the end state only the end state follows.
        probabilities : ndarray of shape (n_sequences, n_steps)
            Probability of each state given all before it; the product over a row
            is the probability of the continuation.
        """
        streams = self._encode(X)
        width = beam_width if strategy == "beam" else 1
        longest = int(streams.lengths.max()) + n_steps
        found = [
            search(
                self._continuations(streams.take(np.arange(first, last))),
                n_steps,
                width,
                self._end_column,
            )
            for first, last in self._portions(len(streams), width * longest)
        ]
        columns, log_proba = map(np.concatenate, zip(*found, strict=True))
        return self.classes_[columns], np.exp(log_proba)

    def _portions(self, n, n_steps):
        """Yield (first, last) of as many of n sequences as are continued together."""
        size = max(1, self._steps_together // max(1, n_steps))
        for first in range(0, n, size):
            yield first, min(first + size, n)

    def _continuations(self, streams):
        """Return the continuations of streams."""
        return Continuations(streams, self._last_log_proba)

    def _last_log_proba(self, streams):
        """Return the log-probabilities (n, K) of what follows each sequence."""
        found = np.empty((len(streams), len(self.classes_)))
        for indices, log_proba in self._log_proba_batches(streams, last=True):
            found[indices] = log_proba
        return found

    def _score_positions(self, X, y=None, *, k=1, last=False):
        """Return log-likelihood, hits and number of scored positions by sequence.

        With y the state that follows X is scored, too. A hit is a state among the
        k most probable; with `last` only the last scored position counts.
        """
        streams = self._encode(X, y)
        total = np.zeros((3, len(streams)))
        unseen = np.log(self.unknown_mass_)
        for indices, log_proba in self._log_proba_batches(streams):
            batch = streams.take(indices)
            rows = np.flatnonzero(batch.scored)
            sequence = np.repeat(np.arange(len(batch)), batch.lengths)[rows]
            if last:
                ends = np.diff(sequence, append=-1) != 0
                rows, sequence = rows[ends], sequence[ends]
            column = batch.following[rows]
            known = column >= 0
            found = log_proba[rows, np.maximum(column, 0)]
            hit = known & (_rank(log_proba[rows], found, column) < k)
            found = np.where(known, found, unseen)
            for row, values in enumerate((found, hit, np.ones(len(rows)))):
                total[row, indices] = np.bincount(sequence, values, len(batch))
        return total

    def _log_proba_batches(self, streams, last=False):
        """Yield (indices of sequences, log-probabilities of their rows).

        Every sequence comes once; its rows are all of its symbols, or with `last`
        the last symbol alone.
        """
        raise NotImplementedError


def _rank(log_proba, found, column):
    """Return how many columns are more probable than each row's own."""
    found = found[:, None]
    tied = (log_proba == found) & (np.arange(log_proba.shape[1]) < column[:, None])
    return ((log_proba > found) | tied).sum(axis=1)


def _total(count):
    """Return the number of scored positions, which must be positive."""
    if not count:
        raise ValueError(
            "X has no state to score: scores over all positions take the states "
            "from the second on, so give sequences of two states or more, or y."
        )
    return count
