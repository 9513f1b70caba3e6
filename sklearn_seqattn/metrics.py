"""Scorers of next states and of labels of steps, for model selection."""

import math
from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from sklearn_seqattn.attention_lstm.step_scores import score_predictions
from sklearn_seqattn.next_state.scores import mean_over_positions, mean_over_states

_OF_CLASSES = ("balanced_accuracy", "f1_macro")
_METRICS = ("accuracy", "top_k_accuracy", "neg_perplexity", *_OF_CLASSES)
_POSITIONS = ("all", "last")
_OF_STEPS = ("accuracy", *_OF_CLASSES)


class _TakesWeights:
    """Scorer that takes weights also where scikit-learn's scorer of several asks it."""

    def _accept_sample_weight(self):
        return True


@dataclass(frozen=True)
class NextStateScorer(_TakesWeights):
    """A scorer of predicted states, for ``scoring=`` in model selection.

    The states of X are predicted, each from those before it. y, if given, is one
    more state to predict, the last.

    Parameters
    ----------
    metric : {"accuracy", "top_k_accuracy", "neg_perplexity", "balanced_accuracy", \
            "f1_macro"}, default="accuracy"
        Share of right predictions; share of states among the k most probable;
        minus the perplexity, so that greater is better; mean over the states that
        occur of the share of right predictions; mean of F1 over the states that
        occur or are predicted. The last two are those of scikit-learn under these
        names.
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
        _check_choice("metric", self.metric, _METRICS)
        _check_choice("positions", self.positions, _POSITIONS)

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Score a fitted estimator.

        Parameters
        ----------
        estimator : NextStateMarkov, NextStateLSTM, Pipeline or search
            The fitted estimator: a next-state estimator, a pipeline that ends in one,
            or a search of scikit-learn over these, nested in any way.
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

        Raises
        ------
        TypeError
            If the estimator predicts no next states.
        ValueError
            If X and y have no state to score.
        """
        estimator, X = _final_estimator(estimator, X)
        if self.metric in _OF_CLASSES:
            found = estimator.compare_positions(X, y, last=self.positions == "last")
            return mean_over_states(self.metric, found, len(X), sample_weight)
        scores = estimator.score_positions(
            X,
            y,
            k=self.k if self.metric == "top_k_accuracy" else 1,
            last=self.positions == "last",
        )
        measured = "log_likelihood" if self.metric == "neg_perplexity" else "hits"
        mean = mean_over_positions(scores[measured], scores["positions"], sample_weight)
        return -math.exp(-mean) if self.metric == "neg_perplexity" else mean


@dataclass(frozen=True)
class StepScorer(_TakesWeights):
    """A scorer of predicted labels of steps, for ``scoring=`` in model selection.

    All steps that have a label count alike, however long their sequences are.

    Parameters
    ----------
    metric : {"accuracy", "balanced_accuracy", "f1_macro"}, default="accuracy"
        Share of right predictions; mean over the labels that occur of the share of
        right predictions; mean of F1 over the labels that occur or are predicted. They
        are those of scikit-learn under these names.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_seqattn import AttentionLSTMTagger
    >>> from sklearn_seqattn.metrics import StepScorer
    >>> X = ["a b a b", "b a b", "a a b a"] * 4
    >>> y = [["A" if word == "a" else "B" for word in x.split()] for x in X]
    >>> tagger = AttentionLSTMTagger(max_epochs=20, random_state=0)
    >>> cross_val_score(tagger, X, y, scoring=StepScorer("f1_macro"), cv=2)
    array([1., 1.])
    """

    metric: str = "accuracy"

    def __post_init__(self):
        _check_choice("metric", self.metric, _OF_STEPS)

    def __call__(self, estimator, X, y, sample_weight=None):
        """Score a fitted estimator.

        Parameters
        ----------
        estimator : AttentionLSTMTagger, Pipeline or search
            The fitted estimator, or any other whose `predict` returns an array of
            labels a sequence.
        X : sequences
            The sequences.
        y : list of array-like of shape (T_i,)
            Their labels, as `AttentionLSTMTagger.fit` takes them. A label that was
            never seen counts as wrong.
        sample_weight : array-like of shape (n,), list of arrays of shape (T_i,) or \
                None, default=None
            Weights of sequences or of steps.

        Returns
        -------
        float
            The score; greater is better.

        Raises
        ------
        ValueError, TypeError
            If y does not have one label for each step, or no step has a label.
        """
        return score_predictions(self.metric, estimator, X, y, sample_weight)


def _check_choice(name, value, known):
    """Raise for a value that is none of those known."""
    if value not in known:
        raise ValueError(f"{name}={value!r} is unknown; take one of {known}.")


def _final_estimator(estimator, X):
    """Return the next-state estimator inside searches and pipelines, and its input."""
    while not hasattr(estimator, "score_positions"):
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            if len(estimator) > 1:
                X = estimator[:-1].transform(X)
            estimator = estimator[-1]
        else:
            raise TypeError(
                f"{type(estimator).__name__} has no score_positions; NextStateScorer "
                "takes NextStateMarkov or NextStateLSTM, a Pipeline that ends in one, "
                "or a search over these that is fitted with refit=True."
            )
    return estimator, X
