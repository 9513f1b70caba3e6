"""Shrink predictions towards the best constant, by stacking weights."""

import numpy as np
import torch


def stacking_weights(predictions, targets, weights, loss):
    """Return the weight of each predictor in a sum, and an intercept, by least loss.

    Parameters
    ----------
    predictions : ndarray of shape (m, n, K)
        Predictions of m predictors for targets that they were not fitted to.
    targets : ndarray of shape (n, K)
        The standardized targets.
    weights : ndarray of shape (n,)
        A weight a row.
    loss : RegressionLoss
        What is minimized.

    Returns
    -------
    shares : ndarray of shape (m, K)
        For each target the weights of least loss among those that are not negative
        and at most 1 in all.
    intercepts : ndarray of shape (K,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.losses import make_loss
    >>> from sklearn_seqattn.attention_lstm.shrinkage import stacking_weights
    >>> y = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> predictions = np.stack([2 * y, -y])
    >>> stacking_weights(predictions, y, np.ones(4), make_loss("absolute_error"))
    (array([[0.5],
           [0. ]]), array([0.]))
    """
    columns = zip(np.moveaxis(predictions, 2, 0), targets.T, strict=True)
    found = [loss.stack(*one, weights) for one in columns]
    shares, intercepts = zip(*found, strict=True)
    return np.stack(shares, axis=1), np.array(intercepts)


@torch.no_grad()
def shrink(network, share, partner_share=1.0, intercept=0.0):
    """Set how much of a network and of its partner is kept, in place.

    Parameters
    ----------
    network : BlendedNetwork
        A network.
    share : float or ndarray of shape (K,)
        How much to keep of the network.
    partner_share : float or ndarray of shape (K,), default=1.0
        How much to keep of the partner, where there is one.
    intercept : float or ndarray of shape (K,), default=0.0
        What to add to the outputs.
    """
    if network.mixture is None:
        last = network.head[-1]
        _scale(last.weight, last.bias, share)
        last.bias.add_(_like(last.bias, intercept))
    else:
        for row, value in zip(
            network.mixture, (share, partner_share, intercept), strict=True
        ):
            row.copy_(_like(row, value))


def _scale(weight, bias, share):
    """Scale the rows of a weight matrix and of its bias."""
    share = _like(bias, share)
    weight.mul_(share.reshape(-1, 1))
    bias.mul_(share)


def _like(tensor, array):
    """Return an array as a tensor of the dtype and device of another one."""
    return torch.as_tensor(array, dtype=tensor.dtype, device=tensor.device)
