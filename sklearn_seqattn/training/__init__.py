"""Training and prediction through skorch: the one engine of all estimators.

No other part of the library imports skorch.
"""

from sklearn_seqattn.training.averaging import AverageWeights
from sklearn_seqattn.training.checkpoints import Checkpoint
from sklearn_seqattn.training.devices import resolve_device
from sklearn_seqattn.training.engine import (
    SequenceNet,
    TrainingPlan,
    bare_net,
    train,
)
from sklearn_seqattn.training.generators import isolated_generator
from sklearn_seqattn.training.optimization import WeightedLoss, adamw, warmup_cosine
from sklearn_seqattn.training.prediction import attention_weights, forward

__all__ = [
    "AverageWeights",
    "Checkpoint",
    "SequenceNet",
    "TrainingPlan",
    "WeightedLoss",
    "adamw",
    "attention_weights",
    "bare_net",
    "forward",
    "isolated_generator",
    "resolve_device",
    "train",
    "warmup_cosine",
]
