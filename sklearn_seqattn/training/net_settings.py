"""The settings of a skorch net: those of the engine, then the user's `net_params`."""

from functools import partial
from inspect import Parameter, signature
from numbers import Integral
from typing import NamedTuple

import numpy as np
import torch
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit
from skorch.helper import predefined_split

from sklearn_seqattn.training.batching import TrainingBatches
from sklearn_seqattn.training.callbacks import ADJUSTABLE, training_callbacks
from sklearn_seqattn.training.distributed import is_distributed
from sklearn_seqattn.training.optimization import adamw
from sklearn_seqattn.training.own_losses import own_loss
from sklearn_seqattn.training.own_modules import check_module_params
from sklearn_seqattn.training.own_parts import split_net_params
from sklearn_seqattn.training.own_splits import own_split

_WEIGHT_DECAY = 1e-2

# By activation: what the targets are, and what turns outputs into predictions.
_KINDS = {
    "softmax": ("classes", partial(torch.softmax, dim=-1)),
    "sigmoid": ("labels", torch.sigmoid),
    "identity": ("numbers", None),
    "exp": ("numbers", torch.exp),
}

# What `net_params` cannot change, and why.
_OWN_PARAMETERS = (
    *("lr", "batch_size", "max_epochs", "callbacks", "device", "verbose"),
    *("warm_start", "precision"),
)
_REFUSED = {
    **{name: f"use the parameter {name} of the estimator" for name in _OWN_PARAMETERS},
    "optimizer__lr": "use the parameter lr of the estimator",
    "dataset": "sequences are kept in flat storage, which other data sets cannot read",
    "iterator_train": "batches hold sequences of similar length, in a seeded order",
    "iterator_valid": "batches hold sequences of similar length; only "
    "iterator_valid__batch_size can be changed",
    "predict_nonlinearity": "it follows from the loss",
    "target_kind": "it follows from y",
    "processes": "they are those that torchrun starts; set distributed=True",
    "use_caching": "scores are computed from the outputs of the batches",
}
_ALLOWED = ("iterator_valid__batch_size",)
# What it can change; the parts of the user are read elsewhere.
_KNOWN = (
    *("optimizer", "callbacks", "iterator_valid", "compile", "max_steps"),
    "torch_load_kwargs",
)


def net_settings(module, criterion, train_set, valid_set, plan, seed, scores=None):
    """Return all arguments of the net of a training.

    Parameters
    ----------
    module, criterion : nn.Module
        The network and its loss.
    train_set, valid_set : SequenceDataset
        The data; `valid_set` may be None.
    plan : TrainingPlan
        How to train.
    seed : int
        Decides the order of the batches.
    scores : callable or None, default=None
        As in `train`.

    Returns
    -------
    settings : dict
        Keyword arguments of `SequenceNet`.

    """
    callbacks = training_callbacks(plan, len(train_set), scores)
    kind, nonlinearity = _KINDS[criterion.activation]
    settings = {
        "module": module,
        "criterion": criterion,
        "lr": plan.lr,
        "max_epochs": plan.max_epochs,
        "batch_size": plan.batch_size,
        "iterator_train": TrainingBatches,
        "iterator_train__random_state": np.random.RandomState(seed),
        "iterator_valid": TrainingBatches,
        "train_split": None if valid_set is None else predefined_split(valid_set),
        "callbacks": callbacks,
        "callbacks__print_log": None,  # one of skorch's own
        "predict_nonlinearity": nonlinearity,
        "target_kind": kind,
        "precision": plan.precision,
        "processes": plan.processes,
        "device": plan.device,
        "use_caching": True,
        "verbose": plan.verbose,
    }
    if plan.constant_lr:
        settings["callbacks__lr_schedule"] = None
    if "optimizer" not in plan.net_params:
        settings["optimizer"] = adamw
        settings["optimizer__weight_decay"] = _WEIGHT_DECAY
    return settings | plan.net_params


class NetParams(NamedTuple):
    """What `net_params` say to a fit; networks and losses are read by its hooks."""

    splitter: ValidSplit | None  # the user's own way to hold out validation data
    is_distributed: bool  # whether processes share the batches
    engine: dict  # what skorch gets


def read_net_params(net_params, callbacks, module_params=()):
    """Read `net_params`, and refuse what cannot be changed, before any data are read.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.
    callbacks : list or tuple
        The parameter of the estimators.
    module_params : tuple of str, default=()
        The parameters of the library's network that `net_params` may set.

    Returns
    -------
    given : NetParams

    Raises
    ------
    TypeError
        If an element of `callbacks` is no callback, a key of `net_params` is no string,
        or a part of the user is of a wrong type.
    ValueError
        If `net_params` change what the estimator depends on, or name a callback that
        does not exist.
    """
    _check_callbacks(callbacks)
    if not net_params:
        return NetParams(splitter=None, is_distributed=False, engine={})
    check_module_params(net_params, module_params)
    own_loss(net_params)
    engine = split_net_params(net_params)[1]
    given = NetParams(own_split(net_params), is_distributed(net_params), engine)
    adjustable = [*ADJUSTABLE, *map(_name, callbacks)]
    for name, value in engine.items():
        if not isinstance(name, str):
            raise TypeError(
                f"net_params has the key {name!r}; keys are names of parameters of "
                "skorch.NeuralNet."
            )
        prefix, _, rest = name.partition("__")
        if prefix == "callbacks" and rest:
            callback = rest.partition("__")[0]
            if callback not in adjustable:
                raise ValueError(
                    f"net_params has {name!r}, but the callbacks that can be changed "
                    f"are {adjustable}."
                )
        elif name in _REFUSED or (prefix in _REFUSED and name not in _ALLOWED):
            reason = _REFUSED.get(name) or _REFUSED[prefix]
            raise ValueError(f"net_params has {name!r}, but {reason}.")
        elif name == "max_steps" and not (isinstance(value, Integral) and value > 0):
            raise ValueError(f"net_params has max_steps={value!r}; it must be >= 1.")
        elif name == "optimizer" and not callable(value):
            raise TypeError(
                f"net_params has optimizer={value!r}; pass the class of an optimizer, "
                "such as torch.optim.SGD."
            )
        elif (prefix if rest else name) not in _KNOWN:
            raise ValueError(
                f"net_params has {name!r}, but what it can set are module, criterion, "
                "optimizer and their parameters, as optimizer__momentum, train_split, "
                "distributed, callbacks__NAME__PARAMETER, iterator_valid__batch_size, "
                "compile, max_steps and torch_load_kwargs."
            )
    _check_optimizer(engine)
    return given


def _check_optimizer(engine):
    """Raise if the optimizer has no parameter of a name that is given."""
    optimizer = engine.get("optimizer", torch.optim.AdamW)
    given = [n.partition("__")[2] for n in engine if n.startswith("optimizer__")]
    try:
        known = signature(optimizer).parameters
    except ValueError:  # of compiled code
        return
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in known.values()):
        return
    for name in given:
        if name not in {*known, "param_groups"}:
            raise ValueError(
                f"net_params has {f'optimizer__{name}'!r}, but "
                f"{getattr(optimizer, '__name__', optimizer)} has no parameter "
                f"{name!r}; it has {', '.join([*known][1:])}."
            )


def _check_callbacks(callbacks):
    """Raise if a callback of the user is none of skorch."""
    for entry in callbacks:
        is_pair = isinstance(entry, tuple | list) and len(entry) == 2
        callback = entry[1] if is_pair else entry
        if not isinstance(callback, Callback) and not _is_callback_class(callback):
            raise TypeError(
                f"callbacks holds {entry!r}; pass an instance of a callback of "
                "skorch, or a pair (name, instance)."
            )


def _is_callback_class(callback):
    """Return whether a callback is a class, which skorch calls."""
    return isinstance(callback, type) and issubclass(callback, Callback)


def _name(callback):
    """Return the name of a callback, as skorch names it."""
    if isinstance(callback, tuple | list):
        return callback[0]
    return getattr(callback, "__name__", type(callback).__name__)
