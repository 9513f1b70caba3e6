"""Draw sequences from a next-state model, and continue them."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._estimator import Interval, StrOptions, draw_seeds, validate_params
from sklearn_seqattn.next_state.decoding import Continuations, beam_search, draw


class GenerationMixin:
    """`sample` and `rollout` of the next-state estimators.

    They need `_encode`, `_last_log_proba` and what `StateEncodingMixin` sets.
    """

    #: Steps of sequences that are continued together, so that memory is bounded.
    _steps_together = 2**17

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
        """Return random sequences of the model.

        Parameters
        ----------
        n : int, default=1
            Number of sequences.
        prefix : sequence of states or of events, or None, default=None
            What every sequence begins with; None begins with nothing, which needs
            ``start_state=True``. A model of events takes states, too; their other
            features are unknown then.
        max_length : int or None, default=None
            Length at which a sequence stops, if the end (``end_state``) is not
            drawn before; None is the length of the longest sequence at fit.
        temperature : float, default=1.0
            Divides the logits. Below 1 probable states are drawn more often, above 1
            improbable ones.
        top_k : int or None, default=None
            Draw from the k most probable states only.
        top_p : float or None, default=None
            Draw from the fewest states that have this probability together.
        random_state : int, RandomState or None, default=None
            Source of randomness; the global generator stays as it is.

        Returns
        -------
        list of list of states
            The sequences, prefix included, the end state excluded.

        Raises
        ------
        ValueError
            If there is neither a prefix nor a start symbol.
        """
        check_is_fitted(self)
        if prefix is None and not self.start_state:
            raise ValueError(
                "sample needs a prefix here: without a start symbol "
                "(start_state=False) there is nothing to predict from."
            )
        prefix = [[] if prefix is None else prefix]
        given, _, _ = self._read_states(prefix, reset=False, states_alone=True)
        given = given.tolist()
        limit = self.max_length_ if max_length is None else max_length
        generator = np.random.RandomState(*draw_seeds(random_state, 1))
        streams, drawn = self._encode(prefix, states_alone=True), []
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
        """Return a probable continuation of each sequence.

        Parameters
        ----------
        X : list of sequences of states
            As in `predict`. A model of events takes sequences of states, too; their
            other features are unknown then.
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
        streams = self._encode(X, states_alone=True)
        width = beam_width if strategy == "beam" else 1
        longest = int(streams.lengths.max()) + n_steps
        found = [
            beam_search(
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
        """Yield the bounds of the parts of n sequences that are continued together."""
        size = max(1, self._steps_together // max(1, n_steps))
        for first in range(0, n, size):
            yield first, min(first + size, n)

    def _continuations(self, streams):
        """Return the continuations of some streams."""
        return Continuations(streams, self._last_log_proba)
