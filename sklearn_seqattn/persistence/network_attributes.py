"""What training leaves: networks, targets, history."""

import numpy as np
import pandas as pd
import torch

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_int,
    check_size,
    refuse,
)
from sklearn_seqattn.persistence.networks import (
    pack_network,
    unpack_next_state_network,
    unpack_sequence_network,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.training import bare_net, resolve_device


def check_target_shape(value, where, _):
    """Read the shape of one target: () or (n_targets,)."""
    if not isinstance(value, tuple) or len(value) > 1:
        refuse(where, value, "the shape of a target")
    return tuple(check_size(n, where) for n in value)


def check_targets(value, where, estimator):
    """Read one number for each target."""
    n = estimator._n_outputs
    return check_array(value, where, kind="f", shape=(n,))


def check_history(value, where, _):
    """Read the record of a training."""
    names = ("epoch", "train_loss", "valid_loss", "seconds")
    if not isinstance(value, dict) or not value.keys() <= set(names) or not value:
        refuse(where, value, f"an object of {', '.join(names)}")
    n = len(np.atleast_1d(next(iter(value.values()))))
    for name, column in value.items():
        check_array(column, f"{where}.{name}", kind="if", shape=(n,), finite=False)
    return pd.DataFrame(value)


def pack_history(history):
    """Write a history column by column."""
    return {name: history[name].to_numpy() for name in history.columns}


def check_n_iter(value, where, estimator):
    """Read the number of epochs, which are the rows of the history."""
    n = len(estimator.history_)
    return check_int(value, where, n, n)


def pack_net(net):
    """Write the network of a skorch net."""
    return pack_network(net.module_)


def check_sequence_net(value, where, estimator):
    """Build the network of a classifier or a regressor."""
    module = unpack_sequence_network(value, where)
    config, encoder = module.config, estimator.input_encoder_
    n_ids = config.embedding and config.embedding.n_ids
    found = (config.input_size, config.n_outputs, n_ids)
    wanted = (encoder.output_size_, estimator._n_outputs, encoder.n_ids_)
    if found != wanted:
        raise FileFormatError(
            f"{where} has inputs, outputs and ids {found}, not {wanted}."
        )
    return _bare_net(module, estimator)


def check_state_net(value, where, estimator):
    """Build the network of a next-state estimator."""
    module = unpack_next_state_network(value, where)
    events = estimator.events_
    config = module.config
    found = (config.n_states, config.n_categories, config.n_numbers)
    wanted = (
        len(estimator.classes_),
        () if events is None else tuple(events.n_ids),
        0 if events is None else len(events.numbers_),
    )
    if found != wanted:
        raise FileFormatError(f"{where} has states and features {found}, not {wanted}.")
    return _bare_net(module, estimator)


def _bare_net(module, estimator):
    """Put a network into a skorch net, on a device that is here."""
    return bare_net(module, _device_here(estimator.device))


def _device_here(wanted):
    """Give the device that is wanted, or the best one on which something can be."""
    for name in (wanted, "auto"):
        try:
            device = resolve_device(name)
            torch.empty(0, device=device)
        except (ValueError, RuntimeError, AssertionError):  # none, or not so many
            continue
        return device
    return "cpu"
