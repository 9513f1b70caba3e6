"""Parts of a training that users bring in `net_params`: network, loss, split."""

from copy import deepcopy

import numpy as np
import torch
from skorch.dataset import ValidSplit
from torch import nn

from sklearn_seqattn.training.fingerprint import describe_params

#: Parameters of the library's own networks that have no parameter of an estimator.
_OF_LIBRARY_NETWORKS = ("tbptt_steps",)
_PARTS = ("module", "criterion", "train_split")


def split_net_params(net_params):
    """Return the own parts in `net_params`, and the rest, which skorch gets.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    parts : dict
        "module", "criterion" and "train_split" with what starts with their names.
    engine : dict
        All others.
    """
    parts, engine = {}, {}
    for name, value in (net_params or {}).items():
        is_part = isinstance(name, str) and name.partition("__")[0] in _PARTS
        (parts if is_part else engine)[name] = value
    return parts, engine


def check_own_parts(net_params):
    """Refuse own parts that no training can use, before any data are read.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Raises
    ------
    TypeError, ValueError
        With the reason, and with what to pass instead.
    """
    own_module(net_params)
    own_loss(net_params)
    own_split(net_params)


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
        From "module__name" by name; for the network of the library those that are no
        parameters of the estimator.

    Raises
    ------
    TypeError, ValueError
        If nothing can be built from it.
    """
    build, params = _part(net_params, "module")
    unknown = params.keys() - set(_OF_LIBRARY_NETWORKS)
    if build is None and unknown:
        raise ValueError(
            f"net_params has {f'module__{min(unknown)}'!r}, but the estimator builds "
            "the network from its own parameters, and from "
            f"{', '.join(f'module__{name}' for name in _OF_LIBRARY_NETWORKS)} alone. "
            "Use a parameter of the estimator, or give a network of your own as "
            "'module'."
        )
    if build is not None and (isinstance(build, nn.Module) or not callable(build)):
        raise TypeError(
            f"net_params has module={build!r:.80}; pass the class of the network or a "
            "function that builds it, and its parameters as 'module__name': every fit "
            "builds a network of its own."
        )
    return build, params


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
    loss, params = _part(net_params, "criterion")
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
        loss = loss(**params)
    if not isinstance(loss, nn.Module):
        raise TypeError(
            f"net_params has a criterion that builds {loss!r:.80}; a loss is a "
            "torch.nn.Module, called with outputs and targets."
        )
    if hasattr(loss, "reduction"):
        loss.reduction = "none"
    return loss


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
        If the loss of two rows is not two numbers.
    """
    name = type(loss).__name__
    targets = torch.from_numpy(np.repeat(targets[:1], 2, axis=0))
    outputs = torch.zeros(2, n_outputs)
    given = f"outputs (2, {n_outputs}) and targets {tuple(targets.shape)}"
    try:
        with torch.no_grad():
            found = loss(outputs, targets)
    except Exception as error:  # losses of users fail anywhere
        raise ValueError(
            f"The criterion {name} fails for {given} of {targets.dtype}: {error}"
        ) from error
    shape = getattr(found, "shape", ())
    if len(shape) == 0 or shape[0] != 2:
        raise ValueError(
            f"The criterion {name} returns {tuple(shape)} for {given}, but the loss of "
            "each row is needed, because rows have weights: return losses (2,) or "
            f"(2, {n_outputs}), or give the class a parameter `reduction` that can be "
            "'none'."
        )


def own_split(net_params):
    """Return the user's own way to hold out validation data, or None.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    splitter : ValidSplit or None

    Raises
    ------
    TypeError, ValueError
        If it is no splitter.
    """
    splitter, params = _part(net_params, "train_split")
    if params:
        raise ValueError(
            f"net_params has {f'train_split__{min(params)}'!r}; set it on the splitter "
            "itself, and pass that as 'train_split'."
        )
    if splitter is None or isinstance(splitter, ValidSplit):
        return splitter
    if not hasattr(splitter, "split") or isinstance(splitter, str):
        raise TypeError(
            f"net_params has train_split={splitter!r:.80}; pass a splitter of "
            "scikit-learn or skorch's ValidSplit. Fixed validation data are the "
            "arguments X_val and y_val of fit."
        )
    return ValidSplit(splitter)


def split_by(splitter, data):
    """Hold out the first test part of a splitter.

    Parameters
    ----------
    splitter : ValidSplit
        As from `own_split`.
    data : data of a fit
        The training data: distinct sequences, in an order by content.

    Returns
    -------
    train, valid : data of a fit
        The rows of both parts in their order.
    """
    y = np.zeros(len(data), dtype=np.int64) if data.strata is None else data.strata
    parts = splitter.check_cv(y).split(np.zeros((len(data), 1)), y)
    return tuple(data.take(np.sort(rows)) for rows in next(iter(parts)))


def _part(net_params, part):
    """Return one part, None if there is none, and its parameters by name."""
    parts, _ = split_net_params(net_params)
    if part in parts and parts[part] is None:
        raise ValueError(
            f"net_params has {part}=None; leave {part!r} out for what the library does."
        )
    start = f"{part}__"
    params = {
        name.removeprefix(start): value
        for name, value in parts.items()
        if name.startswith(start)
    }
    return parts.get(part), params
