"""Components as parameters: named, described in JSON, cloned, pickled, shown."""

import copy
import json
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, RandomizedSearchCV

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.nn.blocks import (
    BLOCKS,
    BatchNorm,
    Conv,
    Dense,
    Differences,
    Dropout,
    SelfAttention,
)
from sklearn_seqattn.nn.encoders import ENCODERS, GRU, LSTM, Transformer
from sklearn_seqattn.nn.front_end import Residual

EVERY_BLOCK = [
    cls() if name != "residual" else cls(["conv", Dense(3)])
    for name, cls in BLOCKS.classes.items()
]


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=repr)
@pytest.mark.parametrize("duplicate", [clone, copy.deepcopy])
def test_copies_are_equal(block, duplicate):
    assert duplicate(block) == block
    assert pickle.loads(pickle.dumps(block)) == block


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=repr)
def test_json_describes_a_block_fully(block):
    checked = block.checked()
    assert BLOCKS.read(json.loads(json.dumps(checked.to_json()))) == checked


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("conv", Conv()),
        (Conv(3), Conv(3)),
        ({"conv": {"channels": 32}}, Conv(32)),
        ({"conv": {}}, Conv()),
        ("locked_dropout", Dropout(locked=True)),
        ({"locked_dropout": {"rate": 0.5}}, Dropout(0.5, locked=True)),
        ({"residual": ["conv", ["dense"]]}, None),
        ({"residual": {"blocks": ["conv", ["dense"]]}}, None),
    ],
)
def test_blocks_by_name_object_and_json(value, expected):
    nested = Residual((Conv(), Residual((Dense(),))))
    assert BLOCKS.read(value) == (expected or nested)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("lstm", LSTM()),
        ("gru", GRU()),
        ("transformer", Transformer("rotary")),
        (Transformer("sinusoidal"), Transformer("sinusoidal")),
        ({"transformer": {"positions": "sinusoidal"}}, Transformer("sinusoidal")),
    ],
)
def test_encoders_by_name_object_and_json(value, expected):
    assert ENCODERS.read(value) == expected


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("cnov", ValueError, "Unknown block 'cnov'.* Did you mean 'conv'?"),
        ("changes", ValueError, "It is called 'differences' now"),
        ("step_conv", ValueError, "It is called 'time_distributed_conv' now"),
        ({"conv": {"channel": 3}}, ValueError, "Did you mean 'channels'?"),
        ({"conv": {"channels": 0}}, ValueError, "channels=0 must be an integer"),
        ({"conv": 3}, ValueError, "'conv' has the parameters 3, but a dict"),
        ({"conv": {}, "dense": {}}, ValueError, "must have one key"),
        ({}, ValueError, "must have one key"),
        ("residual", ValueError, "'residual' needs the parameter 'blocks'"),
        (3, TypeError, "3 is of type int; a block is one of 'embedding'"),
        (Conv, TypeError, "is of type type; a block is one of 'embedding'"),
        (LSTM(), TypeError, r"LSTM\(\) is of type LSTM; a block is one"),
        (Dense(units="8"), ValueError, r"Dense\(units='8'\): units='8' must be"),
        (Conv(kernel_size=2**15, dilation=2**15), ValueError, "2\\*\\*20 steps"),
        (Dropout(rate=1.0), ValueError, "rate=1.0 must be a number"),
        (
            SelfAttention(key_size=10, num_heads=4),
            ValueError,
            "num_heads=4 must divide key_size=10 and value_size=64; use num_heads=2",
        ),
    ],
)
def test_refusals(value, error, message):
    with pytest.raises(error, match=message):
        BLOCKS.read(value)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Conv(), "Conv()"),
        (Conv(32, stride=2), "Conv(channels=32, stride=2)"),
        (Dropout(locked=True), "Dropout(locked=True)"),
        (Residual(["conv", Dense(3)]), "Residual(['conv', Dense(units=3)])"),
    ],
)
def test_repr_shows_what_differs_from_the_defaults(block, expected):
    assert repr(block) == expected
    namespace = {cls.__name__: cls for cls in BLOCKS.classes.values()}
    assert eval(expected, namespace) == block


def test_the_blocks_of_a_user_are_not_changed():
    given = Conv(channels=8)
    assert BLOCKS.read(given) is not given
    with pytest.raises(AttributeError):
        given.channels = 3


FRONT_ENDS = [
    None,
    "conv",
    [Conv(4), "batch_norm", [Dense(4), "gelu"]],
    (Differences(lag=2), Residual([BatchNorm(), {"conv": {"channels": 4}}])),
]


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=repr)
def test_estimators_keep_their_front_end_through_clones(front_end):
    estimator = AttentionLSTMClassifier(front_end=front_end)
    assert estimator.get_params()["front_end"] is front_end
    assert clone(clone(estimator)).front_end == front_end
    assert pickle.loads(pickle.dumps(estimator)).front_end == front_end
    assert estimator.set_params(front_end=[Dense(3)]).front_end == [Dense(3)]


@pytest.mark.parametrize("kind", [AttentionLSTMClassifier, NextStateLSTM])
def test_parameters_of_one_component_are_searched_by_name(kind):
    encoder = Transformer()
    estimator = clone(kind(encoder=encoder))
    for params in ParameterGrid({"encoder__positions": ["rotary", "sinusoidal"]}):
        estimator.set_params(**params)
        assert estimator.encoder == Transformer(params["encoder__positions"])
    assert encoder == Transformer()
    with pytest.raises(ValueError, match="Transformer has no parameter 'position'"):
        estimator.set_params(encoder__position="rotary")


def test_a_search_compares_front_ends():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, 5, 2)), np.arange(16) % 2
    space = {
        "front_end": [None, *FRONT_ENDS[1:], Conv(4)],
        "encoder": ["gru", Transformer("sinusoidal")],
        "pooling": [["max", "mean"], "attention"],
    }
    model = AttentionLSTMClassifier(max_epochs=1, hidden_size=6, num_layers=1)
    search = RandomizedSearchCV(model, space, n_iter=4, cv=2, random_state=0)
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.front_end == search.best_params_["front_end"]
    assert "<" in model.set_params(front_end=FRONT_ENDS[2])._repr_html_()
