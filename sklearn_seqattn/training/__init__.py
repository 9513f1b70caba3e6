"""Training and prediction through skorch: the one engine of all estimators.

No other part of the library imports skorch.
"""

from sklearn_seqattn.training.attention_blocks import iter_attention_weights
from sklearn_seqattn.training.checkpoints import Checkpoint, open_checkpoint
from sklearn_seqattn.training.devices import (
    computing_in,
    move,
    resolve_device,
    resolve_precision,
)
from sklearn_seqattn.training.engine import (
    TrainingPlan,
    bare_net,
    train,
)
from sklearn_seqattn.training.memory import named_memory_errors
from sklearn_seqattn.training.optimization import (
    AverageWeights,
    WeightedLoss,
    adamw,
    warmup_cosine,
)
from sklearn_seqattn.training.prediction import (
    attention_weights,
    forward,
    pooling_weights,
)
from sklearn_seqattn.training.randomness import isolated_torch, predicting

__all__ = [
    "AverageWeights",
    "Checkpoint",
    "TrainingPlan",
    "WeightedLoss",
    "adamw",
    "attention_weights",
    "bare_net",
    "computing_in",
    "forward",
    "isolated_torch",
    "iter_attention_weights",
    "move",
    "named_memory_errors",
    "open_checkpoint",
    "pooling_weights",
    "predicting",
    "resolve_device",
    "resolve_precision",
    "train",
    "warmup_cosine",
]
