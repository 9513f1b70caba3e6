"""Which number of a prediction is explained: of a class, of a target or of a label."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.sequences.wording import number_of

_LEAST = np.finfo(np.float32).tiny  # of probabilities, which are float32


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
            "of sequences of this library, or a Pipeline that ends in one. Of a search "
            "it is best_estimator_."
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
    steps : ndarray of shape (n,) or None, default=None
        The step of each sequence whose label is explained, for a tagger.
    """

    estimator: object
    columns: np.ndarray
    values: np.ndarray
    steps: np.ndarray | None = None

    def of(self, X, i):
        """Return the output that is explained of sequence i, for changed copies."""
        if self.steps is None:
            return scores(self.estimator, X)[:, self.columns[i]]
        proba = self.estimator.predict_proba(X)
        logits = label_logits([one[self.steps[i]] for one in proba])
        return logits[:, self.columns[i]]


def label_logits(proba):
    """Return the logit of each label, log(p / (1 - p)).

    Parameters
    ----------
    proba : array-like of shape (n, K)
        The probability of each label.

    Returns
    -------
    logits : ndarray of shape (n, K), float64

    Examples
    --------
    >>> from sklearn_seqattn.inspection.explained import label_logits
    >>> label_logits([[0.5, 0.25, 0.25]]).round(2)
    array([[ 0. , -1.1, -1.1]])
    """
    logs = np.log(np.maximum(np.asarray(proba, np.float64), _LEAST))
    others = [np.delete(logs, k, axis=1) for k in range(logs.shape[1])]
    return logs - np.stack([logsumexp(one, axis=1) for one in others], axis=1)


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


def explain(estimator, X, target, step=None):
    """Choose the output of each sequence that is explained.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    X : sequences
        As in `fit`.
    target : label, int or None
        A class or label; or the number of a target of a regressor; None is the
        predicted class, the most probable label, or the only target.
    step : int, array-like of shape (n,) or None, default=None
        The step whose label is explained, of a tagger alone.

    Returns
    -------
    explained : ExplainedOutput

    Raises
    ------
    ValueError
        If there is no such class, target or step, or a choice is needed.
    """
    last = steps_of(estimator)[-1]
    if isinstance(last, AttentionLSTMTagger):
        return _explain_step(estimator, last, X, target, step)
    if step is not None:
        raise ValueError(
            f"step={step!r} is for AttentionLSTMTagger; {type(last).__name__} has one "
            "output a sequence, so leave step=None."
        )
    column = _column_of(last, target)  # before the work
    found = scores(estimator, X)
    columns = found.argmax(axis=1) if column is None else np.full(len(found), column)
    return ExplainedOutput(estimator, columns, found[np.arange(len(found)), columns])


def _explain_step(estimator, last, X, target, step):
    """Choose the label of a step of each sequence."""
    if step is None:
        raise ValueError(
            "AttentionLSTMTagger has a label for each step; set step to the one to "
            "explain, or to one for each sequence."
        )
    column = None if target is None else _column_of_class(last.classes_, target)
    proba = estimator.predict_proba(X)
    steps = _check_steps(step, [len(one) for one in proba])
    logits = label_logits([one[t] for one, t in zip(proba, steps, strict=True)])
    columns = logits.argmax(1) if column is None else np.full(len(logits), column)
    values = logits[np.arange(len(logits)), columns]
    return ExplainedOutput(estimator, columns, values, steps)


def _check_steps(step, lengths):
    """Return the step of each sequence, counted from its start."""
    steps, lengths = np.asarray(step), np.asarray(lengths)
    if steps.dtype.kind not in "iu" or steps.shape not in ((), lengths.shape):
        raise ValueError(
            f"step={step!r:.60} must be an integer, or one for each sequence: X has "
            f"{number_of(len(lengths), 'sequence')}."
        )
    steps = np.broadcast_to(steps, lengths.shape)
    is_wrong = (steps < -lengths) | (steps >= lengths)
    if is_wrong.any():
        i = int(is_wrong.argmax())
        raise ValueError(
            f"step={steps[i]} is no step of sequence {i}, which has "
            f"{number_of(lengths[i], 'step')}."
        )
    return np.where(steps < 0, steps + lengths, steps)


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
