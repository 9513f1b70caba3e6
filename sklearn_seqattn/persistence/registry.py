"""Find the classes that a model file may name, and import each when it is needed."""

from importlib import import_module

#: Estimators of this library, and the file with the table of their attributes.
ESTIMATORS = {
    "AttentionLSTMClassifier": "network_attributes",
    "AttentionLSTMRegressor": "network_attributes",
    "AttentionLSTMTagger": "network_attributes",
    "EventEncoder": "transformer_attributes",
    "NextStateLSTM": "network_attributes",
    "NextStateMarkov": "state_attributes",
    "RandomKernelFeatures": "network_attributes",
    "SequenceImputer": "transformer_attributes",
    "SequencePadder": "transformer_attributes",
    "SequenceResampler": "transformer_attributes",
    "SequenceScaler": "transformer_attributes",
    "StateEncoder": "transformer_attributes",
}

#: Small objects that may be values of parameters: "module:class" by name. They are
#: dataclasses or have `get_params`, and are built again from their parameters.
PARAMETER_OBJECTS = {
    "Checkpoint": "sklearn_seqattn.training.checkpoints:Checkpoint",
    "Counts": "sklearn_seqattn.next_state.partner:Counts",
    "NGrams": "sklearn_seqattn.ngrams.partner:NGrams",
    "NextStateScorer": "sklearn_seqattn.metrics:NextStateScorer",
    "RandomKernels": "sklearn_seqattn.kernels.partner:RandomKernels",
    "StepScorer": "sklearn_seqattn.metrics:StepScorer",
    "Tokens": "sklearn_seqattn.preprocessing.tokens:Tokens",
    "WindowModel": "sklearn_seqattn.windows.partner:WindowModel",
}

#: Registries of the components of networks, those of users included: "module:name".
COMPONENTS = {
    "block": "sklearn_seqattn.nn.blocks:BLOCKS",
    "encoder": "sklearn_seqattn.nn.encoders:ENCODERS",
}


def find_estimator(name):
    """Return an estimator class of this library and the table of its attributes."""
    module = import_module(f"{__package__}.{ESTIMATORS[name]}")
    return next(
        (kind, table)
        for kind, table in module.ESTIMATORS.items()
        if kind.__name__ == name
    )


def find(place):
    """Import what stands at a place, "module:name"."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
