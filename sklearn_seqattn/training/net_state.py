"""The state of a training as plain values, from which it can continue.

Optimizers and generators do not check what they are given, and a state of another size
makes them write beyond their memory. So a state is first compared with that of the net.
"""

import copy

import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR

from sklearn_seqattn.storage.files import FileFormatError

_STOPPING = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_")


def pack_net_state(net, order=None):
    """Return all that the rest of a training depends on, at the end of a batch.

    Within an epoch `order` is the state at its begin of the generator that orders the
    data; the row of this epoch is "unfinished", with its training batches.
    """
    rows = [{k: v for k, v in row.items() if k != "batches"} for row in net.history]
    unfinished = None
    if order is not None:
        batches = [b for b in net.history[-1]["batches"] if "train_loss" in b]
        unfinished = {**rows.pop(), "batches": batches}
    return {
        "history": rows,
        "unfinished": unfinished,
        "module": _arrays(net.module_.state_dict()),
        "optimizer": _arrays(net.optimizer_.state_dict()),
        "callbacks": _pack_callbacks(net),
        "generators": _pack_generators(net, order),
    }


def restore_net_state(net, state):
    """Check a state, which is not trusted, and load it into an initialized net."""
    _check_history(state["history"], net.max_epochs)
    _check_unfinished(state["unfinished"], len(state["history"]) + 1)
    _check_optimizer(state["optimizer"], net.optimizer_)
    _check_like(state["module"], net.module_.state_dict(), "module")
    _check_callbacks(state["callbacks"], net)
    _check_generators(state["generators"], _pack_generators(net))
    net.module_.load_state_dict(_tensors(state["module"]))
    net.optimizer_.load_state_dict(_tensors(state["optimizer"]))
    _restore_callbacks(net, state["callbacks"])
    _restore_generators(net, state["generators"])
    for row in state["history"]:
        net.history.append({**row, "batches": []})


def _arrays(value):
    """Replace the tensors in nested dicts and lists by arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {key: _arrays(v) for key, v in value.items()}
    return [_arrays(v) for v in value] if isinstance(value, list) else value


def _tensors(value):
    """Replace the arrays in nested dicts and lists by tensors."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, dict):
        return {key: _tensors(v) for key, v in value.items()}
    return [_tensors(v) for v in value] if isinstance(value, list) else value


def _pack_callbacks(net):
    """Return the state of skorch's own callbacks and of all with a state_dict."""
    callbacks = dict(net.callbacks_)
    states = {
        name: _arrays(callback.state_dict())
        for name, callback in callbacks.items()
        if hasattr(callback, "state_dict")
    }
    if "lr_schedule" in callbacks:
        schedule = callbacks["lr_schedule"]
        states["lr_schedule"] = {
            "batches": schedule.batch_idx_,
            "scheduler": schedule.lr_scheduler_.state_dict(),
        }
    if "early_stopping" in callbacks:
        stopping = callbacks["early_stopping"]
        found = {name: getattr(stopping, name) for name in _STOPPING}
        states["early_stopping"] = _arrays(found)
    return states


def _restore_callbacks(net, states):
    """Restore the state of callbacks."""
    callbacks = dict(net.callbacks_)
    if "lr_schedule" in states:
        schedule = callbacks["lr_schedule"]
        schedule.batch_idx_ = states["lr_schedule"]["batches"]
        scheduler = schedule.lr_scheduler_
        scheduler.load_state_dict(states["lr_schedule"]["scheduler"])
        if isinstance(scheduler, LambdaLR):  # max_epochs may be others now
            pairs = net.optimizer_.param_groups, _rates(scheduler)
            for group, lr in zip(*pairs, strict=True):
                group["lr"] = lr
    for name, callback in callbacks.items():
        if hasattr(callback, "load_state_dict"):
            callback.load_state_dict(_tensors(states[name]))
    for name, value in states.get("early_stopping", {}).items():
        setattr(callbacks["early_stopping"], name, _tensors(value))


def _rates(scheduler):
    """Return the learning rates of a schedule at its place, one a group."""
    pairs = zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)
    return [lr * factor(scheduler.last_epoch) for lr, factor in pairs]


def _pack_generators(net, order=None):
    """Return the state of torch's generators and of the one that orders the data."""
    states = {"torch": torch.random.get_rng_state().numpy()}
    if torch.cuda.is_available():
        states["cuda"] = [s.numpy() for s in torch.cuda.get_rng_state_all()]
    if order is None:
        order = net.iterator_train__random_state.get_state(legacy=False)
    return {**states, "order": order}


def _restore_generators(net, states):
    """Restore the state of generators."""
    torch.random.set_rng_state(torch.from_numpy(states["torch"]))
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.set_rng_state_all(_tensors(states["cuda"]))
    net.iterator_train__random_state.set_state(states["order"])


def _check_history(rows, max_epochs):
    """Refuse epochs that do not follow each other, and more than `max_epochs`."""
    epochs = [row.get("epoch") for row in rows]
    if epochs != list(range(1, len(rows) + 1)) or len(rows) > max_epochs:
        raise FileFormatError(f"its history has the epochs {epochs!r:.60}")
    for row in rows:
        losses = [row.get(n, 0.0) for n in ("train_loss", "valid_loss", "dur")]
        if row.keys() != rows[0].keys() or {type(x) for x in losses} != {float}:
            raise FileFormatError("its history has rows of different kinds")


def _check_unfinished(row, epoch):
    """Refuse an epoch whose batches have no loss or no size."""
    if row is None:
        return
    right = isinstance(row, dict) and row.get("epoch") == epoch
    right = right and isinstance(row.get("batches"), list)
    for batch in row["batches"] if right else ():
        kinds = [type(batch.get(k)) for k in ("train_loss", "train_batch_size")]
        right = right and kinds == [float, int] and batch["train_batch_size"] > 0
    if not right:
        raise FileFormatError("its unfinished epoch is of another kind")


def _check_optimizer(found, optimizer):
    """Compare the state of an optimizer with that of a copy after one step."""
    probe = copy.deepcopy(optimizer)
    for group in probe.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    type(probe).step(probe, lambda: torch.zeros(()))
    wanted = probe.state_dict()
    _check_like(found, wanted, "optimizer")
    pairs = zip(found["param_groups"], wanted["param_groups"], strict=True)
    if any(one["params"] != other["params"] for one, other in pairs):
        raise FileFormatError("its optimizer has other parameters")


def _check_callbacks(found, net):
    """Compare the state of this library's callbacks; others check their own."""
    wanted = _pack_callbacks(net)
    for name in ("lr_schedule", "average", "early_stopping"):
        if name in wanted:
            if name == "average" and found[name]["weights"] is not None:
                wanted[name]["weights"] = wanted[name]["average"]
            if name == "early_stopping" and found[name]["best_model_weights_"]:
                wanted[name]["best_model_weights_"] = net.module_.state_dict()
            _check_like(found[name], wanted[name], name)


def _check_generators(found, wanted):
    """Compare states of generators, and the position, which numpy does not check."""
    _check_like(found["torch"], wanted["torch"], "generator")
    order, like = found["order"], wanted["order"]
    _check_like(order, like, "order")
    if not 0 <= order["state"]["pos"] <= len(like["state"]["key"]):
        raise FileFormatError("its order has a position that is out of range")


def _check_like(found, wanted, where):
    """Refuse a state whose keys, lengths, shapes, types or texts are not the wanted."""
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
        _check_like(*part)


def _is_like(found, wanted):
    """Compare single values: arrays by shape and dtype, numbers by being numbers."""
    wanted = _arrays(wanted)
    if isinstance(wanted, np.ndarray):
        return (
            isinstance(found, np.ndarray)
            and (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
            and bool(np.isfinite(found).all())
        )
    if type(wanted) in (int, float) or isinstance(wanted, np.number):
        return type(found) in (int, float)
    return type(found) is type(wanted) and found == wanted  # text, boolean, None
