"""Which number of a prediction is explained: the logit of a class, or a target."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.next_state.base import NextStateMixin


def steps_of(estimator):
    """Return the steps of a Pipeline, those of inner ones in their place.

    Parameters
    ----------
    estimator : estimator instance
        An estimator of this library, or a Pipeline that ends in one, fitted.

    Returns
    -------
    steps : list of estimator instances
        Those that pass everything on are left out; the last one predicts.

    Raises
    ------
    TypeError
        If the last step is no estimator of this library.
    NotFittedError
        If it is not fitted.
    """
    steps = _flat(estimator)
    last = steps[-1]
    if not isinstance(last, BaseSequenceEstimator | NextStateMixin):
        raise TypeError(
            f"estimator is, or ends in, {type(last).__name__}; expected an estimator "
            "of sequences of this library, or a Pipeline that ends in one."
        )
    check_is_fitted(last)
    return steps


def _flat(estimator):
    """Return the steps of nested Pipelines in one list."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step not in ("passthrough", None)]
    return [inner for step in steps for inner in _flat(step)]


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class ExplainedOutput:
    """One output for each sequence, to be explained.

    Parameters
    ----------
    estimator : estimator instance
        Predicts.
    columns : ndarray of shape (n,)
        The column of `scores` of each sequence.
    values : ndarray of shape (n,)
        The output for the sequences as they are.
    """

    estimator: object
    columns: np.ndarray
    values: np.ndarray

    def of(self, X, i):
        """Return the output that is explained of sequence i, for changed copies."""
        return scores(self.estimator, X)[:, self.columns[i]]


def scores(estimator, X):
    """Return what is explained of every class or target.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    X : sequences
        As in `fit`.

    Returns
    -------
    scores : ndarray of shape (n, K), float64
        The logits of a classifier, both of two classes; the log-probabilities of a
        next-state model; the predictions of a regressor.
    """
    if hasattr(estimator, "decision_function"):
        found = np.asarray(estimator.decision_function(X), dtype=np.float64)
        return np.stack([-found, found], axis=1) if found.ndim == 1 else found
    if is_classifier(estimator):
        return np.asarray(estimator.predict_log_proba(X), dtype=np.float64)
    found = np.asarray(estimator.predict(X), dtype=np.float64)
    return found.reshape(len(found), -1)


def explain(estimator, X, target):
    """Choose the output of each sequence that is explained.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    X : sequences
        As in `fit`.
    target : label, int or None
        A class; or the number of a target of a regressor; None is the predicted class,
        or the only target.

    Returns
    -------
    explained : ExplainedOutput

    Raises
    ------
    ValueError
        If there is no such class or target, or a choice is needed.
    TypeError
        If the estimator is a tagger.
    """
    last = steps_of(estimator)[-1]
    if isinstance(last, AttentionLSTMTagger):
        raise TypeError(
            "AttentionLSTMTagger has an output for each step, and importance is of one "
            "output a sequence; explain a classifier of windows around the step."
        )
    column = _column_of(last, target)  # before the work
    found = scores(estimator, X)
    columns = found.argmax(axis=1) if column is None else np.full(len(found), column)
    return ExplainedOutput(estimator, columns, found[np.arange(len(found)), columns])


def _column_of(last, target):
    """Return the column of a target, or None for the predicted class."""
    if is_classifier(last):
        return None if target is None else _column_of_class(last.classes_, target)
    n_targets = last.target_encoder_.n_outputs
    if target is None and n_targets > 1:
        raise ValueError(
            f"{type(last).__name__} predicts {n_targets} targets; set target to the "
            f"number of one, from 0 to {n_targets - 1}."
        )
    target = 0 if target is None else target
    if not isinstance(target, int | np.integer) or not 0 <= target < n_targets:
        raise ValueError(
            f"target={target!r} is no target of {type(last).__name__}, which has "
            f"{n_targets}, counted from 0."
        )
    return int(target)


def _column_of_class(classes, target):
    """Return the column of a class."""
    found = [k for k, known in enumerate(classes.tolist()) if known == target]
    if not found:
        raise ValueError(
            f"target={target!r} is no class of the estimator; its classes are "
            f"{classes.tolist()}."
        )
    return found[0]
