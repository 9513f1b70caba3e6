"""Attention weights over the steps of the input, so that they can be compared."""

import numpy as np

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.items import read_items


def attention_to_steps(estimator, X, *, weights="attention"):
    """Return how much attention each step of the input receives.

    A step of the encoder stands for as many steps of the input as the front end
    strides, and its weight is divided among them. Attention is no explanation: hidden
    states hold what other steps said, and the weights are often nearly uniform.

    Parameters
    ----------
    estimator : estimator instance
        An estimator of this library, or a Pipeline that ends in one, fitted.
    X : sequences
        As in `fit`.
    weights : {"attention", "pooling"}, default="attention"
        The mean attention of all steps to each step, or the weights of
        ``pooling="attention"``.

    Returns
    -------
    list of ndarray of shape (n_heads, T_i), float64
        One array a sequence; rows sum to one. "pooling" has one row. The start symbol
        of `NextStateLSTM` is left out, and its weight is missing from the sum.

    Raises
    ------
    ValueError
        If the network has no such weights, or the steps before it in a Pipeline change
        the number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import attention_to_steps
    >>> X = [np.random.default_rng(i).normal(size=40 + i) for i in range(20)]
    >>> model = AttentionLSTMClassifier(max_epochs=1).fit(X, np.arange(20) % 2)
    >>> (received,) = attention_to_steps(model, X[3:4])
    >>> received.shape, received.sum(axis=1).round(3)
    ((4, 43), array([1., 1., 1., 1.]))
    """
    if weights not in ("attention", "pooling"):
        raise ValueError(f"weights={weights!r} must be 'attention' or 'pooling'.")
    last, inside, lengths = last_inputs(estimator, X)
    if weights == "pooling":
        found = [one[None] for one in _pooling_weights(last, inside)]
    else:
        found = [one.mean(axis=1) for one in last.attention_weights(inside)]
    stride, has_start = last.network_.stride, getattr(last, "start_state", False)
    found = [one[:, int(has_start) :] for one in found]
    return [
        _spread(one.astype(np.float64), n_steps, stride)
        for one, n_steps in zip(found, lengths, strict=True)
    ]


def _pooling_weights(last, inside):
    """Return the weights of attention pooling of an estimator that may have them."""
    if not hasattr(last, "pooling_weights"):
        raise ValueError(f"{type(last).__name__} has no pooling.")
    return last.pooling_weights(inside)


def last_inputs(estimator, X):
    """Return the last step of a Pipeline, what reaches it, and the lengths of X.

    Parameters
    ----------
    estimator : estimator instance
        An estimator of this library, or a Pipeline that ends in one, fitted.
    X : sequences
        As in `fit`.

    Returns
    -------
    last : estimator instance
        It has a network.
    inside : sequences
        What the steps before it make of X.
    lengths : list of int
        The steps of each sequence of X.

    Raises
    ------
    TypeError
        If the last step has no network.
    ValueError
        If the steps before it change the number of steps.
    """
    last = steps_of(estimator)[-1]
    if not hasattr(last, "network_"):
        raise TypeError(f"{type(last).__name__} has no network to look into.")
    inside = X if last is estimator else estimator[:-1].transform(X)
    lengths = [len(element) for element in read_items(estimator, X).elements]
    if last is not estimator:
        found = [len(element) for element in read_items(last, inside).elements]
        if found != lengths:
            raise ValueError(
                "The steps of the Pipeline before the network change the number of "
                "steps of sequences, so that nothing can be said of the steps of X."
            )
    return last, inside, lengths


def _spread(weights, n_steps, stride):
    """Divide the weights of strided steps (N, T') among the input steps, (N, T)."""
    owners = np.minimum(
        (np.arange(n_steps) + stride // 2) // stride, weights.shape[1] - 1
    )
    shares = np.bincount(owners, minlength=weights.shape[1])
    return weights[:, owners] / shares[owners]
