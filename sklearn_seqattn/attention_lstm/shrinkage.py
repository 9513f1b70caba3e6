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


def cautious_weights(predictions, targets, weights, loss, stretches):
    """Return stacking weights that leave the best predictor as far as time confirms it.

    The gain of the sum over the best single predictor is looked at in each stretch of
    time. If it is z standard errors on the mean, the share ``1 - 1 / z**2`` of the way
    to the sum is gone, and nothing of it below z = 1: the positive part of the
    estimator of James and Stein.

    Parameters
    ----------
    predictions, targets, weights, loss
        As in `stacking_weights`.
    stretches : list of ndarray of int64
        The rows of each stretch, at least two.

    Returns
    -------
    shares : ndarray of shape (m, K)
    intercepts : ndarray of shape (K,)

    References
    ----------
    W. James and C. Stein, "Estimation with quadratic loss", Proc. Fourth Berkeley
    Symposium (1961).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.losses import make_loss
    >>> from sklearn_seqattn.attention_lstm.shrinkage import cautious_weights
    >>> y = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> error = np.array([[0.1], [-0.1], [0.9], [0.9]])
    >>> loss, halves = make_loss("squared_error"), [np.arange(2), np.arange(2, 4)]
    >>> cautious_weights(np.stack([y, y + error]), y, np.ones(4), loss, halves)[0]
    array([[1.],
           [0.]])
    """
    table = targets, weights, loss
    both = stacking_weights(predictions, *table)
    alone = [_only(i, predictions, *table) for i in range(len(predictions))]
    rows = [_row_losses(predictions, targets, loss, *one) for one in (both, *alone)]
    means = np.average(rows, axis=1, weights=weights)  # (1 + m, K)
    for k in range(targets.shape[1]):
        best = int(means[1:, k].argmin())
        gains = weights * (rows[1 + best][:, k] - rows[0][:, k])
        kept = certainty([gains[some].mean() for some in stretches])
        for sum_, single in zip(both, alone[best], strict=True):
            sum_[..., k] = kept * sum_[..., k] + (1 - kept) * single[..., k]
    return both


def _only(index, predictions, *table):
    """Return stacking weights of one predictor, zero for the others."""
    shares = np.zeros((len(predictions), predictions.shape[2]))
    shares[[index]], intercepts = stacking_weights(predictions[[index]], *table)
    return shares, intercepts


def _row_losses(predictions, targets, loss, shares, intercepts):
    """Return the loss of each row and target (n, K) of a weighted sum."""
    outputs = np.einsum("mk,mnk->nk", shares, predictions) + intercepts
    pair = (torch.from_numpy(np.asarray(x, float)) for x in (outputs, targets))
    return loss.module()(*pair).numpy()


def certainty(gains):
    """Return which share of a mean gain is no chance, after James and Stein.

    Parameters
    ----------
    gains : array-like of shape (m,)
        Gains that do not depend on each other, at least two.

    Returns
    -------
    share : float
        ``1 - 1 / z**2`` if the mean is z standard errors, but at least 0.

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.shrinkage import certainty
    >>> round(certainty([1.0, 2.0, 3.0]), 2), certainty([1.0, -2.0, 3.0])
    (0.92, 0.0)
    """
    mean = np.mean(gains)
    error = np.std(gains, ddof=1) / len(gains) ** 0.5
    return float(1 - (error / mean) ** 2) if mean > error else 0.0


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
