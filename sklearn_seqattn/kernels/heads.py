"""Linear heads of the partner: what is fitted to features, and how fits are added."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.kernels.gram_ridge import PASSES
from sklearn_seqattn.kernels.ridge import (
    fit_ridge_classification,
    fit_ridge_regression,
    left_out_regression,
    logit_factor,
)

#: From so many features a row on, coordinates of the rows are fitted instead.
_MANY_FEATURES = 16


def fit_in_span(head, features, targets, weights, advance=ignore):
    """Fit a head on the coordinates of rows in their span, if there are few rows.

    Ridge regression sees inner products of rows alone, and these are the same in fewer
    numbers. On features it takes a product with all of them for each penalty. With many
    rows the decomposition takes longer than that.

    Parameters
    ----------
    head : ClassHead or NumberHead
        What is fitted.
    features : FeatureTable or ndarray of shape (n, p)
        Standardized features.
    targets, weights : ndarray of shape (n, ...) and (n,)
        As the head takes them.
    advance : callable, optional
        As the head takes it.

    Returns
    -------
    coef, intercept, left_out : ndarray of shape (K, p), (K,) and (n, K)
        As the head returns them.
    """
    n, n_features = features.shape
    if n_features < _MANY_FEATURES * n:
        return head.fit(features, targets, weights, advance)
    features = features[:].astype(float)
    squares, vectors = np.linalg.eigh(features @ features.T)
    numbers = np.finfo(float)
    least = max(squares[-1] * n * numbers.eps, numbers.tiny)  # rows may be equal
    lengths = np.sqrt(np.maximum(squares, least))
    coef, intercept, left_out = head.fit(vectors * lengths, targets, weights, advance)
    return coef / lengths @ vectors.T @ features, intercept, left_out


@dataclass(frozen=True)
class ClassHead:
    """Logits of classes, or of labels.

    Parameters
    ----------
    n_outputs : int
        Classes or labels K.
    multilabel : bool
        Whether the columns are labels of their own.
    """

    n_outputs: int
    multilabel: bool

    passes = PASSES  # through the rows of a fit

    def fit(self, features, targets, weights, advance=ignore):
        """Return coefficients, intercepts and values for sequences left out."""
        indicators = self._indicators(targets)
        return fit_ridge_classification(features, indicators, weights, advance)

    def combine(self, left_out, targets, weights):
        """Return the shares (m, K) of m fits, all equal, and the shift of their sum."""
        factor = logit_factor(
            left_out.mean(0),
            self._indicators(targets),
            weights,
            multilabel=self.multilabel,
        )
        shares = np.full((len(left_out), self.n_outputs), factor / len(left_out))
        return shares, np.zeros(self.n_outputs)

    def _indicators(self, targets):
        """Return 1 for each class or label that a sequence has, else 0."""
        if self.multilabel:
            return targets > 0.5
        return np.eye(self.n_outputs)[targets]


@dataclass(frozen=True)
class NumberHead:
    """Predictions of numbers, on the scale of the outputs of the network.

    Parameters
    ----------
    linearize : callable
        Turns targets into numbers that least squares may fit.
    stack : callable
        Returns the shares and the shift of least loss, from predictions (m, n, K) for
        sequences left out, targets and weights.
    folds : list of ndarray of int64
        Which sequences are left out together.
    """

    linearize: Callable
    stack: Callable
    folds: list

    @property
    def passes(self):
        """How often rows are gone through: by a fit without each fold, and a last."""
        return PASSES * len(self.folds)

    def fit(self, features, targets, weights, advance=ignore):
        """Return coefficients, intercepts and predictions for sequences left out."""
        targets = self.linearize(targets)
        left_out = left_out_regression(
            features, targets, weights, folds=self.folds, advance=advance
        )
        found = fit_ridge_regression(features, targets, weights, advance)
        return *found, left_out

    def combine(self, left_out, targets, weights):
        """Return the shares (m, K) of m fits, and the shift of their sum (K,)."""
        return self.stack(left_out, targets, weights)
