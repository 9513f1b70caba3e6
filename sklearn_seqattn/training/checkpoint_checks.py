"""A checkpoint fits the training that is to go on, down to every shape.

Optimizers and generators take what they are given: a state of another size makes
them read and write beyond their memory. So all of it is compared, before any of it is
used, with what the training would have by itself.
"""

import copy

import numpy as np
import torch

from sklearn_seqattn.storage.files import FileFormatError


def check_history(rows, max_epochs):
    """Refuse epochs that do not follow each other, or more than there are."""
    epochs = [row.get("epoch") for row in rows]
    if epochs != list(range(1, len(rows) + 1)) or len(rows) > max_epochs:
        raise FileFormatError(f"its history has the epochs {epochs!r:.60}")
    for row in rows:
        losses = [row.get(n, 0.0) for n in ("train_loss", "valid_loss", "dur")]
        if row.keys() != rows[0].keys() or {type(x) for x in losses} != {float}:
            raise FileFormatError("its history has rows of different kinds")


def check_optimizer(found, optimizer):
    """Compare the state of an optimizer with that after one step of a copy."""
    probe = copy.deepcopy(optimizer)
    for group in probe.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    type(probe).step(probe, lambda: torch.zeros(()))
    wanted = probe.state_dict()
    check_like(found, wanted, "optimizer")
    pairs = zip(found["param_groups"], wanted["param_groups"], strict=True)
    if any(one["params"] != other["params"] for one, other in pairs):
        raise FileFormatError("its optimizer has other parameters")


def check_order(found, wanted):
    """Compare the state of numpy's generator, whose position numpy does not check."""
    check_like(found, wanted, "order")
    if not 0 <= found["state"]["pos"] <= len(wanted["state"]["key"]):
        raise FileFormatError("its order has a position that is out of range")


def check_like(found, wanted, where):
    """Refuse a state that is not built like another one.

    Parameters
    ----------
    found : object
        Nested dicts and lists of arrays, numbers and strings; not to be trusted.
    wanted : object
        The same of tensors or arrays, of the training itself.
    where : str
        What it is, for messages.

    Raises
    ------
    FileFormatError
        If a key, a length, a shape, a type or a text differs, or if an array has
        numbers that are not finite.
    """
    if isinstance(wanted, torch.Tensor):
        wanted = wanted.detach().cpu().numpy()
    if isinstance(wanted, dict):
        right = isinstance(found, dict) and found.keys() == wanted.keys()
        keys = wanted if right else ()
        parts = [(found[key], wanted[key], f"{where}.{key}") for key in keys]
    elif isinstance(wanted, list | tuple):
        right = isinstance(found, list | tuple) and len(found) == len(wanted)
        pairs = zip(found, wanted, strict=True) if right else ()
        parts = [(*pair, where) for pair in pairs]
    else:
        right, parts = _is_like(found, wanted), []
    if not right:
        raise FileFormatError(f"its {where} is of another kind")
    for part in parts:
        check_like(*part)


def _is_like(found, wanted):
    """Compare single values: arrays by shape and kind, numbers by type."""
    if isinstance(wanted, np.ndarray):
        return (
            isinstance(found, np.ndarray)
            and found.shape == wanted.shape
            and found.dtype == wanted.dtype
            and bool(np.isfinite(found).all())
        )
    if type(wanted) in (int, float) or isinstance(wanted, np.number):
        return type(found) in (int, float)
    return type(found) is type(wanted) and found == wanted  # text, boolean, None
