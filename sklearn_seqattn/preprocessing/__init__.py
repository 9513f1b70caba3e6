"""Transformers for sequences, in the manner of scikit-learn and without torch."""

from sklearn_seqattn.preprocessing.event_encoder import EventEncoder
from sklearn_seqattn.preprocessing.imputer import SequenceImputer
from sklearn_seqattn.preprocessing.padder import SequencePadder
from sklearn_seqattn.preprocessing.resampler import SequenceResampler
from sklearn_seqattn.preprocessing.scaler import SequenceScaler
from sklearn_seqattn.preprocessing.state_encoder import StateEncoder

__all__ = [
    "EventEncoder",
    "SequenceImputer",
    "SequencePadder",
    "SequenceResampler",
    "SequenceScaler",
    "StateEncoder",
]
