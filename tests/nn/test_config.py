"""Configurations: plain in files, checked before anything is built."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from tiny_networks import next_state_config, sequence_config

from sklearn_seqattn.nn.blocks import Conv
from sklearn_seqattn.nn.config import (
    EmbeddingConfig,
    KernelConfig,
    NextStateConfig,
    SequenceConfig,
)
from sklearn_seqattn.nn.encoders import LSTM, Transformer
from sklearn_seqattn.nn.front_end import Residual

EMBEDDING = {"n_ids": 5, "size": 3, "token_dropout": 0.1}
KERNELS = {"max_length": 9, "n_features": 84, "last_steps": 2}

CONFIGS = [
    sequence_config(),
    sequence_config(
        front_end=["differences", Conv(3, stride=2), ["dense", "gelu"]],
        encoder=Transformer("sinusoidal"),
        attention="multihead",
        pooling=["max", "attention"],
        head_units=[3, 4],
        kernels=KernelConfig(**KERNELS),
        time_warp=0.25,
    ),
    sequence_config(
        front_end="embedding", embedding=EmbeddingConfig(**EMBEDDING), tbptt_steps=3
    ),
    next_state_config(),
    next_state_config(n_categories=[3, 4], n_numbers=2, encoder="gru"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_json_and_back(config):
    values = json.loads(json.dumps(config.to_dict()))
    assert type(config).from_dict(values) == config


def test_values_become_plain_and_objects():
    config = sequence_config(
        hidden_size=np.int64(8),
        front_end="conv",
        pooling="last",
        head_units=np.int32(7),
        residual=np.bool_(True),
        dropout=0,
    )
    assert config.front_end == (Conv(),)
    assert config.encoder == LSTM()
    assert config.pooling == ("last",)
    assert config.head_units == (7,)
    plain = [config.hidden_size, config.head_units[0], config.residual, config.dropout]
    assert list(map(type, plain)) == [int, int, bool, float]


def test_a_configuration_does_not_change():
    block = Conv(3)
    config = sequence_config(front_end=[[block]])
    block.set_params(channels=4)  # as a search does to a shared block
    assert config.front_end == (Residual((Conv(3),)),)
    with pytest.raises(FrozenInstanceError):
        config.hidden_size = 9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 0}, "hidden_size=0 must be an integer from 1"),
        ({"hidden_size": "8"}, "hidden_size='8' must be an integer"),
        ({"num_layers": 2.5}, "num_layers=2.5 must be an integer"),
        ({"dropout": 1.0}, "dropout=1.0 must be a number from 0 to below 1"),
        ({"bidirectional": 1}, "bidirectional=1 must be True or False"),
        ({"attention": "dots"}, "attention='dots' must be 'dot' or"),
        ({"pooling": []}, r"pooling=\(\) must hold at least one of 'max', 'mean'"),
        ({"pooling": ["max", "sum"]}, "pooling=.*'sum'.* must hold at least one"),
        ({"pooling": [["max"]]}, "pooling=.* must be a list"),
        ({"head_units": [8, 0]}, r"head_units=\[8, 0\] must be a list"),
        ({"head_units": None}, r"head_units=\(None,\) must be a list"),
        ({"encoder": "lstn"}, "encoder: Unknown encoder 'lstn'.* mean 'lstm'"),
        ({"front_end": ["cnov"]}, "front_end: Unknown block 'cnov'"),
        ({"front_end": ["embedding"]}, "front_end and embedding contradict"),
        ({"embedding": EMBEDDING}, "front_end and embedding contradict"),
        ({"embedding": {"n_ids": 5}}, "EmbeddingConfig needs"),
        ({"kernels": {**KERNELS, "max_length": 0}}, "max_length=0 must be"),
        (
            {"kernels": {**KERNELS, "n_features": 0}},
            "n_features=0 must be",
        ),
        ({"time_warp": 11}, "time_warp=11 must be a number from 0 to 10"),
        ({"tbptt_steps": 0}, "tbptt_steps=0 must be an integer"),
        (
            {"encoder": "transformer", "tbptt_steps": 5},
            "tbptt_steps=5 truncates the gradient .* set tbptt_steps=None",
        ),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ValueError, match=message):
        sequence_config(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_categories": 3}, "n_categories=3 must be a list"),
        ({"n_categories": [0]}, r"n_categories=\[0\] must be a list"),
        ({"n_numbers": -1}, "n_numbers=-1 must be an integer from 0"),
        ({"tie_weights": "no"}, "tie_weights='no' must be True or False"),
        ({"encoder": "transformer", "tbptt_steps": 5}, "tbptt_steps=5 truncates"),
    ],
)
def test_refusals_of_next_states(changes, message):
    with pytest.raises(ValueError, match=message):
        next_state_config(**changes)


@pytest.mark.parametrize("kind", [SequenceConfig, NextStateConfig])
@pytest.mark.parametrize("values", [None, [], {}, {"hidden_size": 3}, "x"])
def test_dicts_with_other_names_are_refused(kind, values):
    with pytest.raises(ValueError, match=f"{kind.__name__} needs"):
        kind.from_dict(values)


@pytest.mark.parametrize("value", [None, [], {}, "x", -1, 1e400, [[]], {"a": []}, True])
def test_any_value_of_a_file_is_taken_or_refused_by_a_value_error(value):
    for config in CONFIGS:
        for name in config.to_dict():
            try:
                type(config).from_dict({**config.to_dict(), name: value})
            except ValueError:
                continue
