"""Losses of the user in `net_params`: one number a row."""

from copy import deepcopy

import numpy as np
import torch
from torch import nn

from sklearn_seqattn.training.own_parts import read_part


def own_loss(net_params):
    """Return the user's own loss of single rows, or None.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    loss : nn.Module or None
        Its `reduction` is "none", if it has one.

    Raises
    ------
    TypeError, ValueError
        If it is no loss.
    """
    loss, params = read_part(net_params, "criterion")
    if loss is None and params:
        raise ValueError(
            f"net_params has {f'criterion__{min(params)}'!r} without 'criterion', the "
            "class of the loss that has this parameter."
        )
    if loss is None:
        return None
    if "reduction" in params:
        raise ValueError(
            "net_params has 'criterion__reduction', but the loss of each row is "
            "needed, because rows have weights; leave it out."
        )
    if isinstance(loss, nn.Module):
        if params:
            raise ValueError(
                f"net_params has criterion={loss!r}, an instance, and parameters for "
                "it; pass its class with them, or the instance alone."
            )
        loss = deepcopy(loss)
    elif not callable(loss):
        raise TypeError(
            f"net_params has criterion={loss!r}; pass the class of a loss, such as "
            "torch.nn.HuberLoss, or an instance."
        )
    else:
        loss = _build(loss, params)
    if not isinstance(loss, nn.Module):
        raise TypeError(
            f"net_params has a criterion that builds {loss!r:.80}; a loss is a "
            "torch.nn.Module, called with outputs and targets."
        )
    if hasattr(loss, "reduction"):
        loss.reduction = "none"
    return loss


def _build(loss, params):
    """Call the class of a loss with its parameters."""
    try:
        return loss(**params)
    except TypeError as error:
        raise TypeError(
            f"net_params has criterion={loss!r:.80}, which cannot be called with the "
            f"parameters {params}: {error}. Pass the class of a loss, and its "
            "parameters as criterion__name; a function of outputs and targets goes "
            "into the `forward` of a torch.nn.Module."
        ) from error


def check_row_losses(loss, n_outputs, targets):
    """Refuse a loss that does not fit the targets, or mixes rows.

    Parameters
    ----------
    loss : nn.Module
        As from `own_loss`.
    n_outputs : int
        Outputs K of the network for a row.
    targets : ndarray of shape (n, ...)
        Targets as the loss gets them.

    Raises
    ------
    ValueError
        If the loss of each row is not one number, or one an output, or has no gradient.
    """
    name = type(loss).__name__
    n = n_outputs + 1  # rows that no broadcasting takes for outputs
    targets = torch.from_numpy(np.repeat(targets[:1], n, axis=0))
    outputs = torch.zeros(n, n_outputs, requires_grad=True).clone()  # as of a network
    given = f"outputs ({n}, {n_outputs}) and targets {tuple(targets.shape)}"
    try:
        with torch.enable_grad():
            found = loss(outputs, targets)
    except Exception as error:  # losses of users fail anywhere
        raise ValueError(
            f"The criterion {name} fails for {given} of {targets.dtype}: {error}"
        ) from error
    shape = getattr(found, "shape", ())
    if tuple(shape) not in {(n,), (n, n_outputs)}:
        raise ValueError(
            f"The criterion {name} returns {tuple(shape)} for {given}, but the loss of "
            f"each row is needed, because rows have weights: return losses ({n},) or "
            f"({n}, {n_outputs}), or give the class a parameter `reduction` that can "
            "be 'none'."
        )
    if not found.requires_grad:
        raise ValueError(
            f"The criterion {name} returns losses without a gradient of the outputs, "
            "so that nothing can be learned from them; leave out detach and no_grad, "
            "and return floating numbers."
        )
