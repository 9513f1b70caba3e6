"""Scores of predicted labels of steps."""

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score, recall_score

from sklearn_seqattn.attention_lstm.sample_weights import read_weights
from sklearn_seqattn.attention_lstm.step_labels import check_step_labels
from sklearn_seqattn.sequences.target_order import check_same_steps


def score_steps(metric, predicted, y, sample_weight=None):
    """Return a score over the steps that have a label.

    Parameters
    ----------
    metric : {"accuracy", "balanced_accuracy", "f1_macro"}
        As in `mean_over_classes`, and the share of right predictions.
    predicted : list of ndarray of shape (T_i,)
        The predicted labels of each sequence.
    y : list of array-like of shape (T_i,)
        The labels, as a tagger takes them.
    sample_weight : array-like of shape (n,), list of arrays of shape (T_i,) or None
        Weights of sequences or of steps.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If y or `sample_weight` do not fit, or no step counts.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.step_scores import score_steps
    >>> predicted = [np.array(["a", "b"]), np.array(["b"])]
    >>> score_steps("accuracy", predicted, [["a", None], ["a"]])
    0.5
    """
    lengths = np.array(list(map(len, predicted)))
    _, weights = read_weights(sample_weight, lengths)
    labels = check_step_labels(y, lengths).counted(weights)
    known, weights = labels.known, weights[labels.known]
    both = labels.values[known], np.concatenate(predicted)[known]
    codes, _ = pd.factorize(np.concatenate([one.astype(object) for one in both]))
    true, found = np.split(codes, 2)
    if metric == "accuracy":
        return float(accuracy_score(true, found, sample_weight=weights))
    return mean_over_classes(metric, true, found, weights)


def score_predictions(metric, estimator, X, y, sample_weight=None):
    """Return a score of what a fitted estimator predicts; parameters as above."""
    check_same_steps(X, y)
    return score_steps(metric, estimator.predict(X), y, sample_weight)


def mean_over_classes(metric, true, predicted, weights):
    """Return the mean over classes of their recall or of their F1.

    Parameters
    ----------
    metric : {"balanced_accuracy", "f1_macro"}
        Recall of the classes that occur, or F1 of all that occur or are predicted, as
        scikit-learn defines them.
    true, predicted : ndarray of shape (m,), int64
        Codes of classes.
    weights : ndarray of shape (m,)
        The weight of each.

    Returns
    -------
    float
    """
    options = {"average": "macro", "sample_weight": weights, "zero_division": 0}
    if metric == "f1_macro":
        return float(f1_score(true, predicted, **options))
    return float(recall_score(true, predicted, labels=np.unique(true), **options))
