"""Fitted attributes of the estimators with a network, and of its kernels."""

import numpy as np
import pandas as pd
import torch

from sklearn_seqattn.attention_lstm.classifier import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.regressor import AttentionLSTMRegressor
from sklearn_seqattn.kernels.features import RandomKernelFeatures
from sklearn_seqattn.next_state.lstm import NextStateLSTM
from sklearn_seqattn.persistence.attributes import INPUT, Attribute, simple
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_bool,
    check_float,
    check_int,
    check_size,
    check_states,
    refuse,
)
from sklearn_seqattn.persistence.networks import (
    pack_kernels,
    pack_network,
    unpack_kernels,
    unpack_next_state_network,
    unpack_sequence_network,
)
from sklearn_seqattn.persistence.state_attributes import (
    STATES,
    check_events,
    check_ngrams,
    check_repetition,
    pack_events,
    pack_ngrams,
)
from sklearn_seqattn.persistence.transformer_attributes import (
    check_channels,
    check_input_encoder,
    check_scales,
    pack_input_encoder,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.training import bare_net, resolve_device


def check_target_shape(value, where, _):
    """Return the shape of one target: () or (n_targets,)."""
    if not isinstance(value, tuple) or len(value) > 1:
        refuse(where, value, "the shape of a target")
    return tuple(check_size(n, where) for n in value)


def check_targets(value, where, estimator):
    """Return one number for each target."""
    n = estimator._n_outputs
    return check_array(value, where, kind="f", shape=(n,))


def check_history(value, where, _):
    """Return the history of a training."""
    names = ("epoch", "train_loss", "valid_loss", "seconds")
    if not isinstance(value, dict) or not value.keys() <= set(names) or not value:
        refuse(where, value, f"an object of {', '.join(names)}")
    n = len(np.atleast_1d(next(iter(value.values()))))
    for name, column in value.items():
        check_array(column, f"{where}.{name}", kind="if", shape=(n,), finite=False)
    return pd.DataFrame(value)


def pack_history(history):
    """Return a history column by column."""
    return {name: history[name].to_numpy() for name in history.columns}


def check_n_iter(value, where, estimator):
    """Return the number of epochs: that of the rows of the history."""
    n = len(estimator.history_)
    return check_int(value, where, n, n)


def pack_net(net):
    """Return the network of a skorch net as plain values and arrays."""
    return _finite(pack_network(net.module_))


def _finite(packed):
    """Return a packed network, unless one of its weights is not finite."""
    for name, weight in packed["weights"].items():
        check_array(weight, f"net_.{name}", kind="fi", shape=weight.shape)
    return packed


def check_sequence_net(value, where, estimator):
    """Return the net of a classifier or a regressor."""
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
    """Return the net of a next-state estimator."""
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


def check_kernels(value, where, estimator):
    """Return random convolutions."""
    kernels = unpack_kernels(value, where)
    if kernels.input_size != estimator.input_size_:
        raise FileFormatError(f"{where} has other channels than the estimator.")
    return kernels


def _pack_kernels(kernels):
    """Return random convolutions as plain values and arrays."""
    return _finite(pack_kernels(kernels))


def _bare_net(module, estimator):
    """Return a skorch net of a network, on a device that exists."""
    return bare_net(module, _device_here(estimator.device))


def _device_here(wanted):
    """Return the wanted device, or the best one that works."""
    for name in (wanted, "auto"):
        try:
            device = resolve_device(name)
            torch.empty(0, device=device)
        except (ValueError, RuntimeError, AssertionError):  # none, or not so many
            continue
        return device
    return "cpu"


_TRAINING = {
    "history_": Attribute(check_history, pack_history),
    "n_iter_": Attribute(check_n_iter),
}

_NETWORK = {
    "input_encoder_": Attribute(check_input_encoder, pack_input_encoder),
    "net_": Attribute(check_sequence_net, pack_net, check_at_save=False),
    **_TRAINING,
}

#: The attributes of each estimator, in the order in which they are read.
ESTIMATORS = {
    AttentionLSTMClassifier: {
        **INPUT,
        "classes_": simple(check_states),
        "_multilabel": simple(check_bool),
        **_NETWORK,
    },
    AttentionLSTMRegressor: {
        **INPUT,
        "_target_shape": Attribute(check_target_shape),
        "target_mean_": Attribute(check_targets),
        "target_scale_": Attribute(check_targets),
        **_NETWORK,
    },
    NextStateLSTM: {
        **STATES,
        "events_": Attribute(check_events, pack_events),
        "net_": Attribute(check_state_net, pack_net, check_at_save=False),
        **_TRAINING,
        "temperature_": simple(check_float, 0.0),
        "network_weight_": simple(check_float, 0.0, 1.0),
        "backoff_model_": Attribute(check_ngrams, pack_ngrams),
        "repetition_weights_": Attribute(check_repetition),
    },
    RandomKernelFeatures: {
        **INPUT,
        "mean_": Attribute(check_channels),
        "scale_": Attribute(check_scales),
        "kernels_": Attribute(check_kernels, _pack_kernels, check_at_save=False),
    },
}
