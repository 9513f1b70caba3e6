"""Losses of single rows, by how outputs become predictions."""

import numpy as np
from scipy.special import log_expit, log_softmax


def _class_losses(outputs, targets):
    """Return the log loss of the code of each class."""
    return -log_softmax(outputs, axis=1)[np.arange(len(targets)), targets]


def _label_losses(outputs, targets):
    """Return the sum of the log losses of the labels of each row."""
    sides = np.where(np.asarray(targets) > 0.5, outputs, -outputs)
    return -log_expit(sides).sum(axis=1)


def _squared_errors(outputs, targets):
    """Return the sum of the squared errors of each row."""
    return ((outputs - targets) ** 2).sum(axis=1)


#: By the activation of outputs (n, K): a function of outputs and targets. Targets are
#: codes of classes (n,), or 0 and 1 for each label (n, K), or numbers (n, K).
ROW_LOSSES = {
    "softmax": _class_losses,
    "sigmoid": _label_losses,
    "identity": _squared_errors,
}
