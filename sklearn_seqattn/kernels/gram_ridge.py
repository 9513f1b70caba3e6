"""Ridge regression by normal equations, which reads a table of features in parts.

What is kept is a matrix of the smaller one of rows and features, and its eigenvectors:
in float64, 200 MB each for 5,000.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.linalg.blas import dsyrk

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.kernels.feature_table import FeatureTable, row_parts

#: How often the rows of a fit are counted.
PASSES = 2


class GramRidge:
    """Ridge regression with an intercept, tuned by leaving one row out.

    The normal equations are those of features and targets without their weighted means.
    With fewer rows than features they are solved for the rows. One decomposition serves
    all penalties, and the predictions for rows left out.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Penalties to choose from.
    alpha_per_target : bool
        Whether each target has a penalty of its own.

    Attributes
    ----------
    coef_ : ndarray of shape (K, p)
        Coefficients.
    intercept_ : ndarray of shape (K,)
        Constants.
    left_out_ : ndarray of shape (n, K)
        The prediction for each row by a fit to the others.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.kernels.gram_ridge import GramRidge
    >>> x = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> ridge = GramRidge(np.array([1e-6, 1.0]), alpha_per_target=False)
    >>> ridge = ridge.fit(x, 3 * x + 1)
    >>> print(ridge.coef_.round(2), ridge.intercept_.round(2))
    [[3.]] [1.]
    """

    def __init__(self, alphas, *, alpha_per_target):
        self.alphas, self.alpha_per_target = alphas, alpha_per_target

    def fit(self, features, targets, sample_weight=None, advance=ignore):
        """Fit coefficients.

        Parameters
        ----------
        features : FeatureTable or ndarray of shape (n, p)
            The features.
        targets : ndarray of shape (n, K)
            The targets.
        sample_weight : ndarray of shape (n,) or None, default=None
            Weights of at least 0; all 1 by default.
        advance : callable, optional
            Called with numbers of rows, `PASSES` times n in all.

        Returns
        -------
        GramRidge
            The fitted ridge regression itself.
        """
        table = _Centered(features, targets, sample_weight, advance)
        solve = _of_features if table.n_rows > table.n_features else _of_rows
        values, rotated, read, coefficients = solve(table)
        shrink = 1 / (np.maximum(values, 0)[:, None] + self.alphas)  # (r, m)
        residuals, errors = _leave_one_out(table, read, rotated, shrink)
        if not self.alpha_per_target:
            errors = np.broadcast_to(errors.mean(0), errors.shape)
        chosen = errors.argmin(axis=1)  # (K,)
        self.coef_ = coefficients(shrink[:, chosen]).T
        self.intercept_ = table.center - self.coef_ @ table.mean
        self.left_out_ = np.empty(targets.shape)
        for rows in row_parts(*residuals.shape):
            left = residuals[rows].reshape(-1, len(chosen), len(self.alphas))
            left = left[:, np.arange(len(chosen)), chosen] / table.root[rows, None]
            self.left_out_[rows] = targets[rows] - left
        return self


class _Centered:
    """Features and targets without their means, times the roots of the weights."""

    def __init__(self, features, targets, sample_weight, advance):
        self.features, self.advance = features, advance
        self.n_rows, self.n_features = features.shape
        weights = np.ones(self.n_rows) if sample_weight is None else sample_weight
        self.weights = np.asarray(weights, dtype=np.float64)
        # What is predicted for rows of weight 0 is divided by the root, too.
        self.root = np.sqrt(np.maximum(self.weights, 1e-12 * self.weights.max()))
        self.shares = self.weights / self.weights.sum()
        self.parts = row_parts(self.n_rows, self.n_features)
        self.mean = sum(self.shares[rows] @ features[rows] for rows in self.parts)
        self.center = self.shares @ targets
        self.targets = (targets - self.center) * self.root[:, None]

    def block(self, rows):
        """Return rows of the features."""
        block = np.array(self.features[rows], dtype=np.float64)
        block -= self.mean
        block *= self.root[rows, None]
        return block


def _of_features(table):
    """Decompose the matrix of the features, p x p."""
    gram = np.zeros((table.n_features,) * 2, order="F")
    moments = 0.0
    for rows in table.parts:
        block = table.block(rows)
        gram = dsyrk(1.0, block.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
        moments = moments + block.T @ table.targets[rows]
        table.advance(len(block))
    values, vectors = eigh(gram, overwrite_a=True, check_finite=False)
    rotated = vectors.T @ moments  # (p, K)

    def coefficients(shrink):
        return vectors @ (rotated * shrink)

    return values, rotated, lambda rows: table.block(rows) @ vectors, coefficients


def _of_rows(table):
    """Decompose the matrix of the rows, n x n."""
    gram = np.empty((table.n_rows,) * 2, order="F")
    for i, rows in enumerate(table.parts):
        block = table.block(rows)
        for others in table.parts[: i + 1]:  # the lower triangle
            gram[rows, others] = block @ table.block(others).T
        table.advance(len(block))
    values, vectors = eigh(gram, overwrite_a=True, check_finite=False)
    scale = np.sqrt(np.maximum(values, 0))
    rotated = vectors.T @ table.targets  # (n, K)

    def coefficients(shrink):
        dual = vectors @ (rotated * shrink)
        return sum(table.block(rows).T @ dual[rows] for rows in table.parts)

    def read(rows):
        return vectors[rows] * scale

    return values, scale[:, None] * rotated, read, coefficients


def _leave_one_out(table, read, rotated, shrink):
    """Return weighted errors of all rows left out, by target and penalty, and sums.

    `read` returns rows in the directions of the eigenvectors, and `rotated` are the
    products of these directions with the targets.
    """
    n_targets, n_alphas = table.targets.shape[1], shrink.shape[1]
    residuals = FeatureTable(table.n_rows, n_targets * n_alphas)
    solutions = rotated[:, :, None] * shrink[:, None, :]  # (r, K, m)
    solutions = solutions.reshape(len(rotated), -1)
    errors = np.zeros((n_targets, n_alphas))
    for rows in table.parts:
        directions = read(rows)
        fitted = (directions @ solutions).reshape(-1, n_targets, n_alphas)
        leverage = directions**2 @ shrink + table.shares[rows, None]
        left = table.targets[rows, :, None] - fitted
        left /= np.maximum(1 - leverage, np.finfo(float).eps)[:, None, :]
        errors += (left**2).sum(axis=0)
        residuals[rows] = left.reshape(len(left), -1)
        table.advance(len(left))
    return residuals, errors
