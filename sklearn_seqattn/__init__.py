"""Attention-LSTM estimators for sequences, in the manner of scikit-learn.

The public names are imported when they are first used, so that
``import sklearn_seqattn`` costs nothing; torch and skorch load with the first
estimator. `__init__.pyi` tells type checkers and editors the same names.
"""

from importlib import import_module

from sklearn_seqattn._version import __version__

_MODULE_OF = {
    "AttentionLSTMClassifier": "attention_lstm.classifier",
    "AttentionLSTMRegressor": "attention_lstm.regressor",
    "AttentionLSTMTagger": "attention_lstm.tagger",
    "Checkpoint": "training.checkpoints",
    "Counts": "next_state.partner",
    "EventEncoder": "preprocessing",
    "FileFormatError": "storage.files",
    "NGrams": "ngrams.partner",
    "NextStateLSTM": "next_state.lstm",
    "NextStateMarkov": "next_state.markov",
    "RandomKernelFeatures": "kernels.features",
    "RandomKernels": "kernels.partner",
    "SequenceImputer": "preprocessing",
    "SequencePadder": "preprocessing",
    "SequenceResampler": "preprocessing",
    "SequenceScaler": "preprocessing",
    "SequenceStore": "sequences.store",
    "StateEncoder": "preprocessing",
    "Tokens": "preprocessing.tokens",
    "WindowModel": "windows.partner",
    "events_to_sequences": "sequences.event_tables",
    "load_model": "persistence",
    "make_prefixes": "preprocessing.prefixes",
    "make_windows": "preprocessing.windows",
    "save_model": "persistence",
    "sequences_to_events": "sequences.long_tables",
}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name):
    """Import a public name on first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    """List the public names, loaded or not."""
    return sorted({*globals(), *_MODULE_OF})
