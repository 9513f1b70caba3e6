"""Networks of the user in `net_params`: what builds them, and whether it changed."""

import numpy as np
from torch import nn

from sklearn_seqattn.training.fingerprint import describe_params
from sklearn_seqattn.training.own_parts import read_part


def own_module(net_params):
    """Return what builds the user's own network, and its parameters.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    build : callable or None
        None for the network of the library.
    params : dict
        From "module__name" by name.

    Raises
    ------
    TypeError, ValueError
        If nothing can be built from it.
    """
    build, params = read_part(net_params, "module")
    if build is not None and (isinstance(build, nn.Module) or not callable(build)):
        raise TypeError(
            f"net_params has module={build!r:.80}; pass the class of the network or a "
            "function that builds it, and its parameters as 'module__name': every fit "
            "builds a network of its own."
        )
    return build, params


def module_fields(net_params):
    """Return the fields of a network's configuration that `net_params` sets.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators, which may have "module__tbptt_steps".

    Returns
    -------
    fields : dict
        Values by name; empty where the network is the user's own.
    """
    build, params = own_module(net_params)
    return {} if build is not None else params


def check_module_params(net_params, known):
    """Refuse parameters of the library's network that `net_params` cannot set.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.
    known : tuple of str
        The parameters that have none of the estimator.

    Raises
    ------
    ValueError
        If there is another one.
    """
    build, params = own_module(net_params)
    unknown = params.keys() - set(known)
    if build is None and unknown:
        raise ValueError(
            f"net_params has {f'module__{min(unknown)}'!r}, but the estimator builds "
            "the network from its own parameters, and from "
            f"{' and '.join(f'module__{name}' for name in known)} alone. Use a "
            "parameter of the estimator, or give a network of your own as 'module'."
        )


def check_same_own(net_params, network):
    """Refuse to go on with another network than the fitted one.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.
    network : nn.Module
        The fitted network; a user's own one knows what built it.

    Raises
    ------
    ValueError
        If the class of the network or one of its parameters has changed.
    """
    build, params = own_module(net_params)
    before, params_before = getattr(network, "built_from", (None, None))
    if build is None:
        params = None  # those of training may change
    if build is not before or describe_params({"_": params}) != describe_params(
        {"_": params_before}
    ):
        raise ValueError(
            "net_params has another 'module', or other parameters of it, than the "
            "fitted network, and training would go on with that. Set them back, or "
            "call fit (with warm_start=False where there is one)."
        )


def shortest_and_longest(dataset):
    """Return a batch of two training sequences, for `check_own`.

    Parameters
    ----------
    dataset : SequenceDataset
        The training data.

    Returns
    -------
    inputs : dict
        As from `SequenceDataset.batch`.
    targets : Tensor of shape (2, ...)
        Their targets.
    """
    return dataset.batch(np.argsort(dataset.lengths, kind="stable")[[0, -1]])
