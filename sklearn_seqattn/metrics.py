"""Scorers for next-state estimators: all positions of a sequence, or the last."""

from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

_METRICS = ("accuracy", "top_k_accuracy", "neg_perplexity")
_POSITIONS = ("all", "last")


@dataclass(frozen=True)
class NextStateScorer:
    """A scorer of predicted states, for ``scoring=`` in model selection.

    Without y the states of X themselves are predicted, each from those before it;
    with y it is one state more, the last.

    Parameters
    ----------
    metric : {"accuracy", "top_k_accuracy", "neg_perplexity"}, default="accuracy"
        Share of right predictions; share of states among the k most probable;
        minus the perplexity, so that greater is better.
    positions : {"all", "last"}, default="all"
        Score every state from the second on, or the last of each sequence. They
        are different tasks: their scores cannot be compared.
    k : int, default=3
        The k of "top_k_accuracy".

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_seqattn import NextStateMarkov
    >>> from sklearn_seqattn.metrics import NextStateScorer
    >>> X = ["a b c a b c", "b c a b", "c a b c a"] * 4
    >>> scorer = NextStateScorer("top_k_accuracy", k=2)
    >>> cross_val_score(NextStateMarkov(), X, scoring=scorer, cv=2)
    array([1., 1.])
    """

    metric: str = "accuracy"
    positions: str = "all"
    k: int = 3

    def __post_init__(self):
        for name, value, known in (
            ("metric", self.metric, _METRICS),
            ("positions", self.positions, _POSITIONS),
        ):
            if value not in known:
                raise ValueError(f"{name}={value!r} is unknown; take one of {known}.")

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Score a fitted estimator, or a pipeline that ends in one.

        Parameters
        ----------
        estimator : NextStateMarkov, NextStateLSTM or Pipeline
            What to score.
        X : list of sequences of states
            The sequences.
        y : array-like of shape (n_sequences,) or None, default=None
            The state that follows each sequence.
        sample_weight : array-like of shape (n_sequences,) or None, default=None
            Weights of the sequences.

        Returns
        -------
        float
            The score; greater is better.
        """
        if isinstance(estimator, Pipeline):
            X, estimator = estimator[:-1].transform(X), estimator[-1]
        log_likelihood, hits, counts = estimator._score_positions(
            X,
            y,
            k=self.k if self.metric == "top_k_accuracy" else 1,
            last=self.positions == "last",
        )
        weight = np.ones(len(counts)) if sample_weight is None else sample_weight
        mean = np.average(
            np.stack([log_likelihood, hits]) / np.maximum(counts, 1),
            axis=1,
            weights=weight * counts,
        )
        return float(-np.exp(-mean[0]) if self.metric == "neg_perplexity" else mean[1])
