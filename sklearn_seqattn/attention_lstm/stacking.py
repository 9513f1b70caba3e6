"""Stacking weights: how much of each predictor has the least loss in a sum.

Each function takes predictions (m, n) of m predictors for targets (n,) that they were
not fitted to, and weights (n,). It returns shares (m,), which are not negative and at
most 1 in all, and an intercept.

References
----------
L. Breiman, "Stacked regressions", Machine Learning 24 (1996).
"""

import numpy as np
from scipy.optimize import LinearConstraint, linprog, minimize, nnls
from scipy.special import logsumexp, softmax


def stack_by_squared_error(predictions, targets, weights):
    """Return the shares of least squared error; targets of mean 0 need no intercept.

    Parameters
    ----------
    predictions, targets, weights : ndarray of shapes (m, n), (n,), (n,)
        As in the module.

    Returns
    -------
    shares : ndarray of shape (m,)
    intercept : float
        Always 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.stacking import stack_by_squared_error
    >>> y = np.array([1.0, -1.0, 2.0, -2.0])
    >>> stack_by_squared_error(np.stack([2 * y, -y]), y, np.ones(4))[0] + 0.0
    array([0.5, 0. ])
    """
    root = np.sqrt(weights)
    return _least_squares(root[:, None] * predictions.T, root * targets), 0.0


def stack_by_pinball_loss(predictions, targets, weights, level):
    """Return the shares and the intercept of least pinball loss.

    This is a linear program; its dual has as few rows as there are predictors.

    Parameters
    ----------
    predictions, targets, weights : ndarray of shapes (m, n), (n,), (n,)
        As in the module.
    level : float
        The quantile that is predicted.

    Returns
    -------
    shares : ndarray of shape (m,)
    intercept : float

    References
    ----------
    R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46 (1978).
    """
    m, n = predictions.shape
    weights = weights / weights.sum()
    # One variable a row, and one for the constraint that the shares are at most 1.
    found = linprog(
        np.append(-targets, 1.0),
        A_ub=np.column_stack([predictions, -np.ones(m)]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[0.0],
        bounds=np.column_stack(
            [
                np.append((level - 1) * weights, 0.0),
                np.append(level * weights, np.inf),
            ]
        ),
    )
    if found.status != 0:
        raise FloatingPointError(f"No stacking weights were found: {found.message}")
    shares = np.clip(-found.ineqlin.marginals, 0.0, None)
    return shares / max(1.0, shares.sum()), -float(found.eqlin.marginals[0])


def stack_by_poisson_loss(predictions, targets, weights):
    """Return the shares and the intercept of least Poisson deviance, with a log link.

    Parameters
    ----------
    predictions, targets, weights : ndarray of shapes (m, n), (n,), (n,)
        As in the module; predictions are logarithms.

    Returns
    -------
    shares : ndarray of shape (m,)
    intercept : float
    """
    m = len(predictions)
    if not targets.any():  # a part of the data: leave the constant that all have
        return np.zeros(m), 0.0
    counts = weights * targets / (weights @ targets)
    log_weights = np.log(weights / weights.sum())

    # The loss, with the best intercept for each shares put in.
    def loss(shares):
        logs = shares @ predictions + log_weights
        slope = predictions @ (softmax(logs) - counts)
        return logsumexp(logs) - shares @ predictions @ counts, slope

    found = minimize(
        loss,
        np.zeros(m),  # what predictions that are constant keep
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * m,
        constraints=LinearConstraint(np.ones((1, m)), 0.0, 1.0),
        options={"ftol": 1e-10, "maxiter": 200},
    )
    shares = np.clip(found.x, 0.0, None)
    shares = shares / max(1.0, shares.sum())
    mean = weights @ targets / weights.sum()
    return shares, float(np.log(mean) - logsumexp(shares @ predictions + log_weights))


def _least_squares(predictions, targets):
    """Return weights (m,) for predictions (n, m) of one target."""
    found = nnls(predictions, targets)[0]
    if found.sum() <= 1.0:
        return found
    # The best weights sum to 1. Then the error is linear in them, and the extra row
    # fixes their scale alone, which is divided out.
    errors = predictions - targets[:, None]
    scale = max(np.abs(errors).max(), np.finfo(float).tiny)
    rows = np.vstack([errors / scale, np.ones(errors.shape[1])])
    found = nnls(rows, np.append(np.zeros(len(errors)), 1.0))[0]
    return found / found.sum()
