"""Blocks, encoders and poolings that the estimators' networks are made of.

The parameter `front_end` takes blocks, `encoder` an encoder. Names stand for their
defaults, and dicts ``{name: parameters}`` for objects in JSON.

Examples
--------
>>> from sklearn_seqattn import AttentionLSTMClassifier
>>> from sklearn_seqattn.blocks import Conv, Dense, Residual, SelfAttention
>>> AttentionLSTMClassifier(
...     front_end=[
...         Conv(32, stride=2),
...         "batch_norm",
...         Residual(["layer_norm", SelfAttention(key_size=16)]),
...         Dense(48),
...     ]
... ).front_end
[Conv(channels=32, stride=2), 'batch_norm', Residual(['layer_norm', \
SelfAttention(key_size=16)]), Dense(units=48)]
"""

from sklearn_seqattn.nn.blocks import (
    GELU,
    BatchNorm,
    Block,
    Conv,
    Dense,
    Differences,
    Dropout,
    LayerNorm,
    ReLU,
    SelfAttention,
    Tanh,
    TimeDistributedConv,
    register_block,
)
from sklearn_seqattn.nn.encoders import (
    GRU,
    LSTM,
    Encoder,
    Transformer,
    register_encoder,
)
from sklearn_seqattn.nn.front_end import Residual
from sklearn_seqattn.nn.pooling import Pooling, register_pooling

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "BatchNorm",
    "Block",
    "Conv",
    "Dense",
    "Differences",
    "Dropout",
    "Encoder",
    "LayerNorm",
    "Pooling",
    "ReLU",
    "Residual",
    "SelfAttention",
    "Tanh",
    "TimeDistributedConv",
    "Transformer",
    "register_block",
    "register_encoder",
    "register_pooling",
]
