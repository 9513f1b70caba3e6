"""Checkpoints: a training that was killed goes on as if nothing had happened."""

import os
from pathlib import Path

import numpy as np
import torch
from skorch.callbacks import Callback

from sklearn_seqattn.storage.files import FileFormatError, read_sealed, write_sealed
from sklearn_seqattn.storage.values import Reader, Writer
from sklearn_seqattn.training.checkpoint_checks import (
    check_history,
    check_like,
    check_optimizer,
    check_order,
)

_STOPPING = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_")


class Checkpoint:
    """The file that a training writes while it runs, and what an earlier one left.

    Parameters
    ----------
    folder : str or path-like
        Where the file is, or will be.
    every : int
        Epochs between two writes.

    Attributes
    ----------
    path : Path
        The file.
    left : dict or None
        What an earlier training has left; None without one.
    seeds : list of int or None
        The seeds of the fit.
    fingerprint : dict or None
        What the fit depends on.

    Raises
    ------
    FileFormatError
        If the file is damaged.
    """

    def __init__(self, folder, every):
        self.path = Path(folder) / "fit.checkpoint"
        self.every = every
        self.left = self.seeds = self.fingerprint = None
        if self.path.exists():
            document, arrays = read_sealed(self.path, "checkpoint")
            self.left = Reader(arrays).read(document, "the checkpoint")
            _check_left(self.left, self.path)

    def agree(self, seeds):
        """Give the seeds of the training that is to go on, or keep new ones.

        Parameters
        ----------
        seeds : list of int
            Seeds for a training that begins.

        Returns
        -------
        seeds : list of int
        """
        self.seeds = seeds if self.left is None else self.left["seeds"]
        if len(self.seeds) != len(seeds):
            raise FileFormatError(
                f"{self.path} is the checkpoint of another estimator."
            )
        return self.seeds

    @property
    def n_done(self):
        """Epochs that need not be trained again."""
        return 0 if self.left is None else len(self.left["history"])

    def claim(self, fingerprint):
        """Refuse to go on with the training of another configuration or data set.

        Parameters
        ----------
        fingerprint : dict of str to str
            What the fit depends on, by name.

        Raises
        ------
        ValueError
            If the file belongs to another one.
        """
        self.fingerprint = fingerprint
        there = fingerprint if self.left is None else self.left["fingerprint"]
        for name in sorted(fingerprint.keys() | there.keys()):
            old, new = there.get(name), fingerprint.get(name)
            if old != new:
                raise ValueError(
                    f"{self.path} is the checkpoint of another fit: {name} was {old} "
                    f"there, and is {new} here. Use another checkpoint_dir, or delete "
                    "the file to begin anew."
                )

    def write(self, net):
        """Write all that the rest of the training depends on.

        Parameters
        ----------
        net : skorch.NeuralNet
            At the end of an epoch.
        """
        writer = Writer()
        state = {
            "seeds": self.seeds,
            "fingerprint": self.fingerprint,
            "history": [
                {k: v for k, v in row.items() if k != "batches"} for row in net.history
            ],
            "module": _arrays(net.module_.state_dict()),
            "optimizer": _arrays(net.optimizer_.state_dict()),
            "callbacks": _callback_states(net),
            "generators": _generator_states(net),
        }
        os.makedirs(self.path.parent, exist_ok=True)
        document = writer.write(state, "the checkpoint")
        write_sealed(self.path, "checkpoint", document, writer.arrays)

    def restore(self, net):
        """Put a net where the earlier training was.

        Parameters
        ----------
        net : skorch.NeuralNet
            Initialised, before its first epoch.
        """
        left = self.left
        try:
            _check_fit(left, net)
            net.module_.load_state_dict(_tensors(left["module"]))
            net.optimizer_.load_state_dict(_tensors(left["optimizer"]))
            _restore_callbacks(net, left["callbacks"])
            _restore_generators(net, left["generators"])
            for row in left["history"]:
                net.history.append({**row, "batches": []})
        except Exception as error:  # states of other trainings fail anywhere
            raise FileFormatError(
                f"{self.path} does not fit the training ({error}); delete it to begin "
                "anew."
            ) from error

    def remove(self):
        """Delete the file."""
        self.path.unlink(missing_ok=True)


class WriteCheckpoints(Callback):
    """Restore a training when it begins, and write it down while it runs.

    Stands last, so that the state of all other callbacks is that of the epoch's end.

    Parameters
    ----------
    checkpoint : Checkpoint
        The file.
    """

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint

    def on_train_begin(self, net, **kwargs):
        """Restore what an earlier training has left."""
        if self.checkpoint.left is not None:
            self.checkpoint.restore(net)

    def on_epoch_end(self, net, **kwargs):
        """Write every so many epochs."""
        if len(net.history) % self.checkpoint.every == 0:
            self.checkpoint.write(net)


def _check_left(left, path):
    """Refuse a checkpoint without its parts."""
    kinds = {
        "seeds": list,
        "fingerprint": dict,
        "history": list,
        "module": dict,
        "optimizer": dict,
        "callbacks": dict,
        "generators": dict,
    }
    right = isinstance(left, dict) and left.keys() == kinds.keys()
    if not right or not all(isinstance(left[n], kind) for n, kind in kinds.items()):
        raise FileFormatError(f"{path} is no checkpoint; delete it to begin anew.")
    rows_right = all(isinstance(row, dict) for row in left["history"])
    names_right = all(
        isinstance(name, str) and isinstance(value, str | None)
        for name, value in left["fingerprint"].items()
    )
    seeds_right = all(type(seed) is int and 0 <= seed < 2**31 for seed in left["seeds"])
    if not (rows_right and names_right and seeds_right):
        raise FileFormatError(f"{path} is no checkpoint; delete it to begin anew.")


def _check_fit(left, net):
    """Refuse what does not fit a net, before any of it is in use."""
    check_history(left["history"], net.max_epochs)
    weights = net.module_.state_dict()
    check_like(left["module"], weights, "module")
    check_optimizer(left["optimizer"], net.optimizer_)
    found, wanted = left["callbacks"], _callback_states(net)
    for name in ("lr_schedule", "average", "early_stopping"):  # ours
        if name in wanted:
            if name == "average" and found[name]["weights"] is not None:
                wanted[name]["weights"] = wanted[name]["average"]
            if name == "early_stopping" and found[name]["best_model_weights_"]:
                wanted[name]["best_model_weights_"] = weights
            check_like(found[name], wanted[name], name)
    generators = _generator_states(net)
    check_like(left["generators"]["torch"], generators["torch"], "generator")
    check_order(left["generators"]["order"], generators["order"])


def _arrays(value):
    """Replace the tensors in nested dicts and lists by arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {key: _arrays(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_arrays(v) for v in value]
    return value


def _tensors(value):
    """Replace the arrays in nested dicts and lists by tensors."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, dict):
        return {key: _tensors(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_tensors(v) for v in value]
    return value


def _callback_states(net):
    """Give what callbacks remember: skorch's own, and all that have a state_dict."""
    callbacks, states = dict(net.callbacks_), {}
    for name, callback in callbacks.items():
        if hasattr(callback, "state_dict"):
            states[name] = _arrays(callback.state_dict())
    if "lr_schedule" in callbacks:
        schedule = callbacks["lr_schedule"]
        states["lr_schedule"] = {
            "batches": schedule.batch_idx_,
            "scheduler": schedule.lr_scheduler_.state_dict(),
        }
    if "early_stopping" in callbacks:
        stopping = callbacks["early_stopping"]
        found = {name: getattr(stopping, name) for name in _STOPPING}
        found["best_model_weights_"] = _arrays(found["best_model_weights_"])
        states["early_stopping"] = found
    return states


def _restore_callbacks(net, states):
    """Give callbacks back what they remembered."""
    callbacks = dict(net.callbacks_)
    if "lr_schedule" in states:
        schedule = callbacks["lr_schedule"]
        schedule.batch_idx_ = states["lr_schedule"]["batches"]
        schedule.lr_scheduler_.load_state_dict(states["lr_schedule"]["scheduler"])
    for name, callback in callbacks.items():
        if hasattr(callback, "load_state_dict"):
            callback.load_state_dict(_tensors(states[name]))
    for name, value in states.get("early_stopping", {}).items():
        setattr(callbacks["early_stopping"], name, _tensors(value))


def _generator_states(net):
    """Give the states of the generators: torch's, and that of the order."""
    states = {"torch": torch.random.get_rng_state().numpy()}
    if torch.cuda.is_available():
        states["cuda"] = [s.numpy() for s in torch.cuda.get_rng_state_all()]
    order = net.iterator_train__random_state.get_state(legacy=False)
    return {**states, "order": order}


def _restore_generators(net, states):
    """Set the generators to their states."""
    torch.random.set_rng_state(torch.from_numpy(states["torch"]))
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.set_rng_state_all(_tensors(states["cuda"]))
    net.iterator_train__random_state.set_state(states["order"])
