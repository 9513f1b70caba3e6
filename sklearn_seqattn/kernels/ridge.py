"""A linear head in closed form: ridge regression, tuned by leaving one out.

A fit returns plain weights, so that the head is one linear layer.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.kernels.feature_table import FeatureTable, row_parts
from sklearn_seqattn.kernels.gram_ridge import GramRidge

#: Penalties to choose from; the largest leave little but the mean of the targets.
ALPHAS = np.logspace(-2, 7, 19)

#: Bounds of the logarithm of the factor that turns ridge values into logits.
_LOG_FACTORS = (-7.0, 7.0)


def fit_ridge_regression(features, targets, sample_weight=None, advance=ignore):
    """Fit targets by ridge regression, one penalty a target.

    Parameters
    ----------
    features : FeatureTable or ndarray of shape (n, p)
        Standardized features, n of at least 2.

    targets : ndarray of shape (n, K)
        Targets of any scale.

    sample_weight : ndarray of shape (n,), default=None
        Weights of at least 0; all 1 by default.

    advance : callable, optional
        Called with numbers of rows, `PASSES` times n in all.

    Returns
    -------
    coef : ndarray of shape (K, p)

    intercept : ndarray of shape (K,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.ridge import fit_ridge_regression
    >>> x = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> coef, intercept = fit_ridge_regression(x, 3 * x + 1)
    >>> print(coef.round(2), intercept.round(2))
    [[3.]] [1.]
    """
    return _fit(features, targets, sample_weight, advance, per_target=True)[:2]


def left_out_regression(
    features, targets, sample_weight=None, *, folds, advance=ignore
):
    """Predict the targets of each fold by a fit to the others.

    Each fit chooses its own penalty, so that the errors include this choice.

    Parameters
    ----------
    features, targets, sample_weight, advance
        As in `fit_ridge_regression`, n of at least 3; `advance` gets the rows of each
        fit.
    folds : list of ndarray of int64
        The rows of each fold, at least two folds.

    Returns
    -------
    predictions : ndarray of shape (n, K)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.ridge import left_out_regression
    >>> x = np.linspace(-1, 1, 5)[:, np.newaxis]
    >>> left_out_regression(x, 3 * x + 1, folds=np.arange(5)[:, None]).round(1).T
    array([[-2. , -0.5,  1. ,  2.5,  4. ]])
    """
    predictions = np.empty(targets.shape)
    for left_out in folds:
        kept = np.setdiff1d(np.arange(len(targets)), left_out)
        weights = None if sample_weight is None else sample_weight[kept]
        coef, intercept = fit_ridge_regression(
            _select(features, kept), targets[kept], weights, advance
        )
        for part in row_parts(len(left_out), features.shape[1]):
            rows = left_out[part]
            predictions[rows] = features[rows] @ coef.T + intercept
    return predictions


def fit_ridge_classification(features, indicators, sample_weight=None, advance=ignore):
    """Fit class indicators by ridge regression.

    One penalty for all classes is chosen by the squared error of leaving one sequence
    out.

    Parameters
    ----------
    features : FeatureTable or ndarray of shape (n, p)
        Standardized features, n of at least 2.

    indicators : ndarray of shape (n, K)
        1 where a sequence is of the class, else 0; for two classes K is 2.

    sample_weight : ndarray of shape (n,), default=None
        Weights of at least 0; all 1 by default.

    advance : callable, optional
        As in `fit_ridge_regression`.

    Returns
    -------
    coef : ndarray of shape (K, p)

    intercept : ndarray of shape (K,)
        ``features @ coef.T + intercept`` is near 1 for the class, near -1 for others.

    left_out : ndarray of shape (n, K)
        The same of each row by the fit to the other rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.ridge import fit_ridge_classification
    >>> x = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> indicators = np.hstack([x < 0, x >= 0])
    >>> coef, intercept, left_out = fit_ridge_classification(x, indicators)
    >>> ((x @ coef.T + intercept).argmax(1) == (x[:, 0] >= 0)).all()
    np.True_
    >>> left_out.shape
    (20, 2)
    """
    signs = 2.0 * indicators - 1.0
    return _fit(features, signs, sample_weight, advance, per_target=False)


def logit_factor(values, indicators, sample_weight=None, *, multilabel=False):
    """Return the factor that makes logits of values, with the least log loss.

    Labels are smoothed by the weight of one sequence, so that values which are right
    for all sequences do not become logits without bounds.

    Parameters
    ----------
    values : ndarray of shape (n, K)
        Values for sequences that they were not fitted to; the higher the more probable.

    indicators : ndarray of shape (n, K)
        1 where a sequence is of the class, else 0.

    sample_weight : ndarray of shape (n,), default=None
        Weights of at least 0; all 1 by default.

    multilabel : bool, default=False
        Whether the columns are labels of their own, so that the probabilities are
        sigmoids of the logits instead of their softmax.

    Returns
    -------
    factor : float

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.ridge import logit_factor
    >>> values = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]])
    >>> round(logit_factor(values, np.array([[1, 0], [0, 1], [0, 1]])), 2)
    0.27
    """
    n, n_outputs = values.shape
    floor = 1 / (n + 2) if multilabel else 1 / (n + n_outputs)
    smoothed = indicators * (1 - floor) + floor / (2 if multilabel else n_outputs)

    def log_loss(log_factor):
        logits = np.exp(log_factor) * values
        if multilabel:
            losses = smoothed * log_expit(logits) + (1 - smoothed) * log_expit(-logits)
        else:
            losses = log_softmax(logits, axis=1) * smoothed
        return -np.average(losses.sum(1), weights=sample_weight)

    found = minimize_scalar(log_loss, bounds=_LOG_FACTORS, method="bounded")
    return float(np.exp(found.x))


def _select(features, rows):
    """Return some rows of features, those of a table without a copy."""
    if isinstance(features, FeatureTable):
        return features.select(rows)
    return features[rows]


def _fit(features, targets, sample_weight, advance, *, per_target):
    """Return coefficients, intercepts and predictions for rows left out."""
    ridge = GramRidge(ALPHAS, alpha_per_target=per_target)
    ridge.fit(features, targets, sample_weight, advance)
    return ridge.coef_, ridge.intercept_, ridge.left_out_
