"""Shrink predictions towards the mean: stacking weights, by least squares."""

import numpy as np
import torch
from scipy.optimize import nnls


def halves(n_samples, seed):
    """Return two random halves of the rows.

    Parameters
    ----------
    n_samples : int
        The number of rows.
    seed : int
        Decides the split.

    Returns
    -------
    halves : list of two ndarray of int64
    """
    return np.array_split(np.random.RandomState(seed).permutation(n_samples), 2)


def stacking_weights(predictions, targets, weights):
    """Return the weight of each predictor in a sum, by constrained least squares.

    Parameters
    ----------
    predictions : ndarray of shape (m, n, K)
        Predictions of m predictors for targets that they were not fitted to.
    targets : ndarray of shape (n, K)
        The standardized targets.
    weights : ndarray of shape (n,)
        A weight a row.

    Returns
    -------
    stacking : ndarray of shape (m, K)
        For each target the weights of least squared error among those that are not
        negative and at most 1 in all.

    References
    ----------
    L. Breiman, "Stacked regressions", Machine Learning 24 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.shrinkage import stacking_weights
    >>> y = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> stacking_weights(np.stack([2 * y, -y]), y, np.ones(4)) + 0.0
    array([[0.5],
           [0. ]])
    """
    root = np.sqrt(weights)
    columns = zip(np.moveaxis(predictions, 2, 0), targets.T, strict=True)
    return np.stack(
        [_least_squares(root[:, None] * one.T, root * y) for one, y in columns], axis=1
    )


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


@torch.no_grad()
def shrink(network, shares):
    """Scale the last layers of a network, in place.

    Parameters
    ----------
    network : SequenceNetwork
        A network for regression.
    shares : ndarray of shape (1, K) or (2, K)
        How much to keep of the network, and of the ridge head where it has one.
    """
    branch = network.kernel_branch
    layers = [network.head[-1]]
    if branch is not None:
        layers.append(branch.linear_head)
    if len(shares) == 2:
        shares = 2 * shares  # the outputs are the mean of the two
        _scale(branch.coef, branch.intercept, shares[1])
    for layer in layers:
        _scale(layer.weight, layer.bias, shares[0])


def _scale(weight, bias, share):
    """Scale the rows of a weight matrix and of its bias."""
    share = torch.as_tensor(share, dtype=bias.dtype, device=bias.device)
    weight.mul_(share.unsqueeze(1))
    bias.mul_(share)
