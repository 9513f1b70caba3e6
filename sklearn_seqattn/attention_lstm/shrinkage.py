"""How far to trust a regression network: shrinkage towards the mean target."""

import numpy as np
import torch
from scipy.optimize import nnls


def halves(n_samples, seed):
    """Split rows at random into two halves.

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


def trust(predictions, targets, weights):
    """Find how much of each predictor to keep, by least squares.

    Parameters
    ----------
    predictions : ndarray of shape (m, n, K)
        What m predictors say of targets that they were not fitted to.
    targets : ndarray of shape (n, K)
        The standardised targets.
    weights : ndarray of shape (n,)
        A weight a row.

    Returns
    -------
    shares : ndarray of shape (m, K)
        Not negative, and at most 1 in all, for each target.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.shrinkage import trust
    >>> y = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> trust(np.stack([2 * y, -y]), y, np.ones(4))
    array([[0.5],
           [0. ]])
    """
    root = np.sqrt(weights)
    shares = [
        nnls(root[:, np.newaxis] * one.T, root * target)[0]
        for one, target in zip(np.moveaxis(predictions, 2, 0), targets.T, strict=True)
    ]
    shares = np.array(shares).T
    return shares / np.maximum(shares.sum(axis=0), 1.0)


@torch.no_grad()
def shrink(network, shares):
    """Scale the last layers of a network in place.

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
