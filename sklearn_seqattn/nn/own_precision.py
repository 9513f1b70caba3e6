"""Whether parts of users compute in double precision, as a fitted regressor does."""

from copy import deepcopy

import torch

_LIBRARIES = ("sklearn_seqattn", "torch")


def own_parts(network):
    """Return the names of the classes of users in a network.

    Parameters
    ----------
    network : nn.Module
        With registered components and modules of users, or without.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_seqattn.nn.own_precision import own_parts
    >>> own_parts(nn.Linear(1, 2))
    []
    """
    kinds = {type(module) for module in network.modules()}
    return sorted(
        kind.__name__
        for kind in kinds
        if kind.__module__.split(".")[0] not in _LIBRARIES
    )


@torch.no_grad()
def check_double(network, values, lengths, static=None):
    """Refuse a network whose parts of the user fail in double precision.

    Parameters
    ----------
    network : BlendedNetwork
        Not yet trained; left as it is.
    values : Tensor of shape (B, T, D) or (B, T)
        Some training sequences.
    lengths : Tensor of shape (B,)
        Their lengths.
    static : Tensor of shape (B, P) or None, default=None
        Numbers beside them.

    Raises
    ------
    ValueError
        If they fail.
    """
    given = [None if x is None else _double(x) for x in (values, static)]
    try:
        deepcopy(network).eval().double().outputs(given[0], lengths, given[1])
    except Exception as error:  # modules of users fail anywhere
        names = ", ".join(own_parts(network))
        raise ValueError(
            f"A part of the network of your own ({names}) fails in double precision, "
            f"in which a fitted regressor predicts: {error}. Make "
            "new tensors in the dtype of the input, as dtype=values.dtype or x.dtype, "
            "in net_params['module'], front_end, encoder or pooling."
        ) from error


def _double(x):
    """Return numbers in double precision, and ids as they are."""
    return x.double() if x.is_floating_point() else x
