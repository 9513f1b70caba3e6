"""Fitted attributes of the estimators with a network, and of its kernels."""

import numpy as np
import pandas as pd
import torch

from sklearn_seqattn.attention_lstm.classifier import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.losses import LOSSES, make_loss
from sklearn_seqattn.attention_lstm.regressor import AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.attention_lstm.targets import (
    ClassTargets,
    LabelTargets,
    NumberTargets,
)
from sklearn_seqattn.kernels.features import RandomKernelFeatures
from sklearn_seqattn.next_state.lstm import NextStateLSTM
from sklearn_seqattn.persistence.attributes import INPUT, Attribute, simple
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_bool,
    check_choice,
    check_float,
    check_int,
    check_keys,
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
    unpack_tagging_network,
)
from sklearn_seqattn.persistence.ngram_attributes import (
    check_blend,
    check_partner,
    pack_blend,
    pack_partner,
)
from sklearn_seqattn.persistence.state_attributes import (
    STATES,
    check_cache,
    check_ngrams,
    pack_ngrams,
)
from sklearn_seqattn.persistence.transformer_attributes import (
    check_channels,
    check_input_encoder,
    check_scales,
    pack_input_encoder,
)
from sklearn_seqattn.persistence.window_attributes import check_windows, pack_windows
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.training import bare_net, resolve_device


def pack_target_encoder(encoder):
    """Return what the encoder of targets has learned."""
    if isinstance(encoder, NumberTargets):
        return {
            "shape": encoder.shape,
            "loss": encoder.loss.loss,
            "quantile": encoder.loss.quantile,
            "center": encoder.center_,
            "scale": encoder.scale_,
        }
    return {"multilabel": encoder.multilabel, "classes": encoder.classes_}


def check_class_encoder(value, where, _):
    """Return the encoder of classes or labels."""
    check_keys(value, where, {"multilabel", "classes"})
    classes = check_states(value["classes"], f"{where}.classes")
    if not check_bool(value["multilabel"], f"{where}.multilabel"):
        return ClassTargets(classes)
    encoder = LabelTargets(len(classes))
    if not np.array_equal(classes, encoder.classes_):
        refuse(where, classes, "the numbers of the label columns")
    return encoder


def check_label_encoder(value, where, estimator):
    """Return the encoder of the labels of steps."""
    encoder = check_class_encoder(value, where, estimator)
    if encoder.multilabel:
        refuse(where, value, "one class a step")
    return encoder


def check_number_encoder(value, where, _):
    """Return the encoder of numbers."""
    if isinstance(value, dict) and "mean" in value:
        # Files from before there were losses.
        check_keys(value, where, {"shape", "mean", "scale"})
        earlier = {"loss": "squared_error", "quantile": None, "center": value["mean"]}
        value = {**earlier, "shape": value["shape"], "scale": value["scale"]}
    check_keys(value, where, {"shape", "loss", "quantile", "center", "scale"})
    shape = value["shape"]
    if not isinstance(shape, tuple) or len(shape) > 1:
        refuse(where, shape, "the shape of a target")
    loss = _check_loss(value["loss"], value["quantile"], where)
    encoder = NumberTargets(tuple(check_size(n, where) for n in shape), loss)
    n = encoder.n_outputs
    encoder.center_ = check_array(value["center"], where, kind="f", shape=(n,))
    encoder.scale_ = check_array(
        value["scale"], where, kind="f", shape=(n,), positive=True
    )
    return encoder


def _check_loss(loss, quantile, where):
    """Return the loss of a regressor."""
    check_choice(loss, f"{where}.loss", LOSSES)
    if loss == "quantile":
        check_float(quantile, f"{where}.quantile", 0.0, 1.0)
    elif quantile is not None:
        refuse(f"{where}.quantile", quantile, f"None for the loss {loss}")
    return make_loss(loss, quantile)


def check_history(value, where, _):
    """Return the history of a training."""
    if not isinstance(value, dict) or "epoch" not in value:
        refuse(where, value, "an object of columns")
    n = len(np.atleast_1d(value["epoch"]))
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
    return _net_of(unpack_sequence_network(value, where), where, estimator)


def check_tagging_net(value, where, estimator):
    """Return the net of a tagger."""
    return _net_of(unpack_tagging_network(value, where), where, estimator)


def _net_of(module, where, estimator):
    """Return the net of a network that fits the encoders of its estimator."""
    config, encoder = module.config, estimator.input_encoder_
    n_ids = config.embedding and config.embedding.n_ids
    found = (config.input_size, config.n_static, config.n_outputs, n_ids)
    wanted = (
        encoder.output_size_,
        encoder.static_size,
        estimator.target_encoder_.n_outputs,
        encoder.n_ids_,
    )
    if found != wanted:
        raise FileFormatError(
            f"{where} has inputs, static inputs, outputs and ids {found}, not {wanted}."
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
        0 if events is None else events.n_numbers,
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
    "blend_": Attribute(check_blend, pack_blend, optional=True),
    "partner_": Attribute(check_partner, pack_partner, optional=True),
}

#: The attributes of each estimator, in the order in which they are read.
ESTIMATORS = {
    AttentionLSTMClassifier: {
        **INPUT,
        "target_encoder_": Attribute(check_class_encoder, pack_target_encoder),
        **_NETWORK,
    },
    AttentionLSTMRegressor: {
        **INPUT,
        "target_encoder_": Attribute(check_number_encoder, pack_target_encoder),
        **_NETWORK,
    },
    AttentionLSTMTagger: {
        **INPUT,
        "target_encoder_": Attribute(check_label_encoder, pack_target_encoder),
        **_NETWORK,
        "net_": Attribute(check_tagging_net, pack_net, check_at_save=False),
        "partner_": Attribute(check_windows, pack_windows),
    },
    NextStateLSTM: {
        **STATES,
        "net_": Attribute(check_state_net, pack_net, check_at_save=False),
        **_TRAINING,
        "temperature_": simple(check_float, 0.0),
        "network_weight_": simple(check_float, 0.0, 1.0),
        "counts_": Attribute(check_ngrams, pack_ngrams),
        "cache_weights_": Attribute(check_cache),
    },
    RandomKernelFeatures: {
        **INPUT,
        "mean_": Attribute(check_channels),
        "scale_": Attribute(check_scales),
        "kernels_": Attribute(check_kernels, _pack_kernels, check_at_save=False),
    },
}
