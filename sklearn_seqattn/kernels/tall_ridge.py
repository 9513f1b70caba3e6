"""Ridge regression of more rows than features, a few rows at a time.

It is `RidgeCV`, which decomposes the whole table at once: that takes several times as
long for many rows, needs a copy of them in double precision, and cannot be watched.
"""

import numpy as np

#: Multiplications of a part of the rows, about a tenth of a second.
_AT_ONCE = 2**31


def fit_tall_ridge(features, targets, weights, alphas, *, per_target, advance):
    """Fit targets by ridge regression, and predict each row by a fit without it.

    The penalty is the one whose predictions of rows left out have the least squared
    error.

    Parameters
    ----------
    features : ndarray of shape (n, p)
        n of more than p.
    targets : ndarray of shape (n, K)
        Targets of any scale.
    weights : ndarray of shape (n,)
        Positive weights.
    alphas : ndarray of shape (m,)
        Penalties to choose from; the first of equally good ones is taken.
    per_target : bool
        Whether each target has a penalty of its own.
    advance : callable
        Called with a number of rows, two times n in all.

    Returns
    -------
    coef : ndarray of shape (K, p)
    intercept : ndarray of shape (K,)
    left_out : ndarray of shape (n, K)
        What is predicted for each row by the fit to the other rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.tall_ridge import fit_tall_ridge
    >>> x = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> coef, intercept, left_out = fit_tall_ridge(
    ...     x,
    ...     3 * x + 1,
    ...     np.ones(20),
    ...     np.array([0.01, 1.0]),
    ...     per_target=True,
    ...     advance=lambda n: None,
    ... )
    >>> print(coef.round(2), intercept.round(2), left_out.shape)
    [[3.]] [1.] (20, 1)
    """
    parts = _Parts(features, targets, weights)
    gram, products = parts.moments(advance)
    eigenvalues, vectors = np.linalg.eigh(gram)
    products = vectors.T @ products  # (p, K)
    inverse = 1 / (np.maximum(eigenvalues, 0)[:, None] + alphas)  # (p, m)
    left_out = np.empty((len(alphas), *targets.shape))
    for rows, x, root in parts:
        turned = x @ vectors
        kept = 1 - turned**2 @ inverse - root**2 / parts.total  # (rows, m)
        for i, one in enumerate(inverse.T):
            y = targets[rows]
            error = y - parts.mean_y - turned @ (one[:, None] * products) / root
            left_out[i, rows] = y - error / kept[:, i : i + 1]
        advance(len(x))
    losses = np.stack([_mean_squares(one, targets, weights) for one in left_out])
    if not per_target:
        losses = np.repeat(losses.mean(axis=1, keepdims=True), targets.shape[1], axis=1)
    chosen = losses.argmin(axis=0)  # (K,)
    coef = vectors @ (inverse[:, chosen] * products)
    outputs = np.arange(targets.shape[1])
    return coef.T, parts.mean_y - parts.mean_x @ coef, left_out[chosen, :, outputs].T


class _Parts:
    """Centered rows, each times the root of its weight, a few at a time."""

    def __init__(self, features, targets, weights):
        self.features, self.targets, self.weights = features, targets, weights
        self.total = weights.sum()
        self.size = max(16, _AT_ONCE // features.shape[1] ** 2)
        sums = [weights[rows] @ features[rows] for rows in self.slices()]
        self.mean_x = sum(sums) / self.total
        self.mean_y = np.average(targets, axis=0, weights=weights)

    def slices(self):
        """Yield the rows of each part."""
        for first in range(0, len(self.features), self.size):
            yield slice(first, first + self.size)

    def __iter__(self):
        """Yield rows, their features and the roots of their weights."""
        for rows in self.slices():
            root = np.sqrt(self.weights[rows])[:, None]
            yield rows, (self.features[rows] - self.mean_x) * root, root

    def moments(self, advance):
        """Return the products of features with each other, and with the targets."""
        n_features = self.features.shape[1]
        gram = np.zeros((n_features, n_features))
        products = np.zeros((n_features, self.targets.shape[1]))
        for rows, x, root in self:
            gram += x.T @ x
            products += x.T @ ((self.targets[rows] - self.mean_y) * root)
            advance(len(x))
        return gram, products


def _mean_squares(predictions, targets, weights):
    """Return the mean squared error of each target."""
    return np.average((predictions - targets) ** 2, axis=0, weights=weights)
