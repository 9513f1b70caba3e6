"""NextStateMarkov: the next state from counts of what followed before."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
)

from sklearn_seqattn._estimator import (
    Interval,
    StrOptions,
    fit_context,
    rollback_on_error,
)
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.next_state.contexts import context_rows
from sklearn_seqattn.next_state.ngrams import NgramModel

_BATCH_CELLS = 2**22  # probabilities held at once


class NextStateMarkov(NextStateMixin, BaseEstimator):
    """Predict the next state from counts of what followed the last few states.

    Parameters
    ----------
    order : int, default=3
        Number of preceding states that the prediction may depend on.
    smoothing : {"kneser_ney", "additive", "backoff"}, default="kneser_ney"
        With c(h, w) the number of times that state w followed the context h, and
        K classes:

        * "kneser_ney" interpolates contexts of all lengths up to `order`:
          p(w | h) = max(c(h, w) - D, 0) / c(h) + b(h) p(w | h'), where h' is h
          without its first state, b(h) the mass that the discounts D free, and
          the counts of shorter contexts are the numbers of distinct states seen
          before (h, w). The empty context is interpolated with 1 / K.
        * "additive" is p(w | h) = (c(h, w) + alpha) / (c(h) + alpha K) with h of
          full length, or from the beginning of the sequence.
        * "backoff" is the same with h the longest context, of at most `order`
          states, that was seen at fit: a Markov model of variable order.
    alpha : float, default=0.1
        Pseudo-count of "additive" and "backoff".
    discount : float or None, default=None
        D of "kneser_ney". None estimates one for counts of 1, of 2 and of 3 or
        more at each length, from the counts of counts (modified Kneser-Ney), a
        single one where counts are too few, and 1/2 where there are none.
    start_state : bool, default=True
        Whether a start symbol is put before each sequence: the first state is learned
        and an empty sequence is legal. Set it to False if sequences are windows of
        longer ones.
    end_state : bool, default=False
        Whether the end of a sequence is learned as one more class: "<end>" among
        strings, -1 among integers. It is the last of `classes_`.
    min_count : int, default=1
        Rarer states are read as one unknown state and are no classes.
    target : str or None, default=None
        Where X is events with several features: the column of the states. The other
        features are ignored.
    columns : list of str or None, default=None
        Names of the features, where events are plain tuples.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The states, sorted, then the end state if it is learned: strings (dtype
        object) or integers.
    end_state_ : str, int or None
        The class of the end, or None.
    unknown_mass_ : float
        Probability of a state without a class in scores: the share of rare states
        at fit or, if none is rare, of states that occurred once.
    max_length_ : int
        Longest sequence at fit.
    vocabulary_ : Vocabulary
        The states and how often each was seen.
    events_ : EventFeatures or None
        Reads the states of events.
    model_ : NgramModel
        The counts and tables.

    See Also
    --------
    NextStateLSTM : The same methods by a recurrent network.

    References
    ----------
    S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for
    language modeling", Computer Speech & Language 13 (1999).

    Examples
    --------
    >>> from sklearn_seqattn import NextStateMarkov
    >>> X = ["open check pay close", "open check check pay close", "open close"]
    >>> model = NextStateMarkov(order=2, end_state=True).fit(X)
    >>> model.predict(["open check check"])
    array(['pay'], dtype=object)
    >>> states, probabilities = model.rollout(["open check"], 3)
    >>> states.tolist()
    [['pay', 'close', '<end>']]
    """

    _parameter_constraints = {
        "order": [Interval(Integral, 0, None, closed="left")],
        "smoothing": [StrOptions({"kneser_ney", "additive", "backoff"})],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "discount": [Interval(Real, 0, 1, closed="neither"), None],
        **NextStateMixin._state_constraints,
    }

    def __init__(
        self,
        *,
        order=3,
        smoothing="kneser_ney",
        alpha=0.1,
        discount=None,
        start_state=True,
        end_state=False,
        min_count=1,
        target=None,
        columns=None,
    ):
        self.order = order
        self.smoothing = smoothing
        self.alpha = alpha
        self.discount = discount
        self.start_state = start_state
        self.end_state = end_state
        self.min_count = min_count
        self.target = target
        self.columns = columns

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Fit the counts of what follows each context.

        Parameters
        ----------
        X : list of sequences of states, or list of DataFrame
            Lists of strings or of integers, or strings of states separated by
            white space; or events with several features, of which `target` is the
            state.
        y : array-like of shape (n_sequences,) or None, default=None
            The state that follows each sequence, if there is one to learn from.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            Weight of each sequence; k counts as k copies.

        Returns
        -------
        NextStateMarkov
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If `X` or `y` is none of these, a value is missing or infinite, or a
            parameter does not suit them.
        """
        return self._count(X, y, sample_weight, first=True)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Add the counts of more sequences, which may have new states.

        The result is that of one fit on all sequences together, unless a state was
        too rare for `min_count` in an earlier call.

        Parameters
        ----------
        X : list of sequences of states
            As in `fit`.
        y : array-like of shape (n_sequences,) or None, default=None
            As in `fit`.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            As in `fit`.

        Returns
        -------
        NextStateMarkov
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and if `X` or `y` is not like that of the first call.
        """
        return self._count(X, y, sample_weight, first=not hasattr(self, "model_"))

    def _count(self, X, y, sample_weight, *, first):
        """Fit the n-gram model; later calls add to the counts of earlier ones."""
        if not first and self.order != self.model_.order:
            raise ValueError(
                f"order is now {self.order}, but the counts so far are of order "
                f"{self.model_.order}. Set it back, or call fit."
            )
        with rollback_on_error(self):
            streams, weights, moved = self._learn_states(
                X, y, sample_weight, first=first
            )
            before = None if first else self.model_.renumbered(moved)
            self.model_ = NgramModel(
                self.order,
                self.vocabulary_.n_ids,
                len(self.classes_),
                smoothing=self.smoothing,
                alpha=self.alpha,
                discount=self.discount,
            ).learn(streams, weights, before)
        return self

    def _log_proba_batches(self, streams, last=False):
        """Yield (indices, log-probabilities) in batches of bounded memory."""
        cells = np.cumsum(streams.lengths * len(self.classes_))
        contexts = context_rows(streams.ids, streams.lengths, self.order, last=last)
        ends = np.cumsum(streams.lengths)
        bounds = np.flatnonzero(np.diff(cells // _BATCH_CELLS, prepend=-1))
        for begin, end in zip(bounds, [*bounds[1:], len(streams)], strict=True):
            rows = slice(begin, end)
            if not last:
                rows = slice(streams.starts[begin], ends[end - 1])
            yield np.arange(begin, end), self.model_.log_proba(contexts[rows])
