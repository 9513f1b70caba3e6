"""What each fitted estimator remembers: how it is written, and how it is checked.

An attribute becomes plain values and arrays by `pack`, and is read by `check`,
called as ``check(value, where, estimator)`` when the attributes before it in its
table are set.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_seqattn.persistence.checks import (
    check_bool,
    check_choice,
    check_float,
    check_keys,
    check_size,
    check_states,
    refuse,
)
from sklearn_seqattn.persistence.network_attributes import (
    check_history,
    check_n_iter,
    check_sequence_net,
    check_state_net,
    check_target_shape,
    check_targets,
    pack_history,
    pack_net,
)
from sklearn_seqattn.persistence.networks import pack_kernels
from sklearn_seqattn.persistence.state_attributes import (
    check_end_state,
    check_events,
    check_ngrams,
    check_repetition,
    check_state_vocabulary,
    pack_events,
    pack_ngrams,
    pack_vocabulary,
)
from sklearn_seqattn.persistence.transformer_attributes import (
    check_channels,
    check_columns,
    check_feature_names,
    check_kernels,
    check_n_ids,
    check_number_columns,
    check_one_hot,
    check_scales,
    check_vocabulary,
    pack_columns,
    pack_one_hot,
)
from sklearn_seqattn.preprocessing import EventEncoder, SequenceScaler, StateEncoder
from sklearn_seqattn.preprocessing.input_encoder import InputEncoder
from sklearn_seqattn.storage.files import FileFormatError

_KINDS = (
    "numbers",
    "texts",
    "strings (tokens)",
    "integers (tokens)",
    "events with categories",
)

_STEPS = {kind.__name__: kind for kind in (EventEncoder, SequenceScaler, StateEncoder)}

#: The transformers that an InputEncoder may have, one after the other.
_CHAINS = (
    [],
    ["StateEncoder"],
    ["SequenceScaler"],
    ["EventEncoder"],
    ["EventEncoder", "SequenceScaler"],
)


@dataclass(frozen=True)
class Attribute:
    """How one fitted attribute is written and checked; some are not always there."""

    check: Callable
    pack: Callable = lambda value: value
    optional: bool = False


def simple(check, *limits, optional=False):
    """Make an attribute of one plain value."""
    return Attribute(
        lambda value, where, _: check(value, where, *limits), optional=optional
    )


def pack_steps(encoder):
    """Write the transformers of an InputEncoder."""
    return {
        "steps": [
            [type(step).__name__, pack_attributes(step)] for step in encoder.steps_
        ],
        "output_size": encoder.output_size_,
    }


def check_steps(value, where, estimator):
    """Read the transformers of an InputEncoder."""
    check_keys(value, where, {"steps", "output_size"})
    steps = value["steps"]
    if not isinstance(steps, list) or not all(
        isinstance(step, list) and len(step) == 2 for step in steps
    ):
        refuse(where, steps, "a list of pairs of name and attributes")
    if [name for name, _ in steps] not in _CHAINS:
        raise FileFormatError(f"{where} has steps that do not follow each other.")
    encoder = InputEncoder(
        standardize=estimator.standardize,
        amplify=estimator._amplify,
        vocabulary=estimator.vocabulary,
        min_count=estimator.min_count,
    )
    encoder.n_ids_, encoder.steps_ = None, []
    encoder.output_size_ = check_size(value["output_size"], where)
    for name, packed in steps:
        transformer = _STEPS[name]()
        set_attributes(transformer, packed, f"{where}.{name}")
        encoder.steps_.append(transformer)
        encoder.n_ids_ = getattr(transformer, "n_ids_", None)
    return encoder


_INPUT = {
    "n_features_in_": simple(check_size, optional=True),
    "feature_names_in_": Attribute(check_feature_names, optional=True),
    "input_size_": simple(check_size, optional=True),
    "_input_kind": simple(check_choice, _KINDS, optional=True),
    "_input_columns": Attribute(check_columns, pack_columns, optional=True),
}

_TRAINING = {
    "history_": Attribute(check_history, pack_history),
    "n_iter_": Attribute(check_n_iter),
}

_NETWORK = {
    "input_encoder_": Attribute(check_steps, pack_steps),
    "net_": Attribute(check_sequence_net, pack_net),
    **_TRAINING,
}

_STATES = {
    "classes_": simple(check_states),
    "end_state_": Attribute(check_end_state),
    "unknown_mass_": simple(check_float, 0.0, 1.0),
    "max_length_": simple(check_size),
    "vocabulary_": Attribute(check_state_vocabulary, pack_vocabulary),
}

#: The attributes of each estimator, in the order in which they are read.
ATTRIBUTES = {
    "AttentionLSTMClassifier": {
        **_INPUT,
        "classes_": simple(check_states),
        "_multilabel": simple(check_bool),
        **_NETWORK,
    },
    "AttentionLSTMRegressor": {
        **_INPUT,
        "_target_shape": Attribute(check_target_shape),
        "target_mean_": Attribute(check_targets),
        "target_scale_": Attribute(check_targets),
        **_NETWORK,
    },
    "EventEncoder": {
        **_INPUT,
        "_is_number": Attribute(check_number_columns, optional=True),
        "encoder_": Attribute(check_one_hot, pack_one_hot),
    },
    "NextStateMarkov": {
        **_INPUT,
        **_STATES,
        "model_": Attribute(check_ngrams, pack_ngrams),
    },
    "NextStateLSTM": {
        **_INPUT,
        **_STATES,
        "events_": Attribute(check_events, pack_events),
        "net_": Attribute(check_state_net, pack_net),
        **_TRAINING,
        "temperature_": simple(check_float, 0.0),
        "network_weight_": simple(check_float, 0.0, 1.0),
        "backoff_model_": Attribute(check_ngrams, pack_ngrams),
        "repetition_weights_": Attribute(check_repetition),
    },
    "RandomKernelFeatures": {
        **_INPUT,
        "mean_": Attribute(check_channels),
        "scale_": Attribute(check_scales),
        "kernels_": Attribute(check_kernels, pack_kernels),
    },
    "SequencePadder": {**_INPUT, "max_len_": simple(check_size)},
    "SequenceScaler": {
        **_INPUT,
        "center_": Attribute(check_channels),
        "scale_": Attribute(check_scales),
    },
    "StateEncoder": {
        **_INPUT,
        "vocabulary_": Attribute(check_vocabulary),
        "n_ids_": Attribute(check_n_ids),
    },
}


def pack_attributes(estimator):
    """Give the fitted attributes of an estimator as plain values and arrays.

    Parameters
    ----------
    estimator : estimator instance
        One of those in `ATTRIBUTES`.

    Returns
    -------
    packed : dict of str to object
        Empty for an estimator that is not fitted.
    """
    known = ATTRIBUTES[type(estimator).__name__]
    found = vars(estimator)
    return {
        name: attribute.pack(found[name])
        for name, attribute in known.items()
        if name in found
    }


def set_attributes(estimator, packed, where):
    """Check fitted attributes, and set them.

    Parameters
    ----------
    estimator : estimator instance
        With its parameters set.
    packed : dict of str to object
        As `pack_attributes` gives them; not to be trusted.
    where : str
        What is read, for messages.

    Raises
    ------
    FileFormatError
        If an attribute is missing, not known or wrong.
    """
    known = ATTRIBUTES[type(estimator).__name__]
    if not isinstance(packed, dict):
        refuse(where, packed, "an object of attributes")
    needed = {name for name, attribute in known.items() if not attribute.optional}
    if packed and not needed <= packed.keys() <= known.keys():
        wrong = sorted(needed - packed.keys()) + sorted(packed.keys() - known.keys())
        raise FileFormatError(f"{where} lacks, or should not have, {wrong[:5]}.")
    for name, attribute in known.items():
        if name in packed:
            value = attribute.check(packed[name], f"{where}.{name}", estimator)
            setattr(estimator, name, value)
