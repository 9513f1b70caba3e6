"""Small objects as values of parameters, and parameters of earlier versions."""

import inspect
import pickle
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from model_zoo import MODELS, SMALL, WALKS
from sklearn.base import BaseEstimator

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    FileFormatError,
    NextStateMarkov,
    SequencePadder,
    load_model,
    save_model,
)
from sklearn_seqattn.persistence.registry import (
    ESTIMATORS,
    PARAMETER_OBJECTS,
    find_estimator,
)
from sklearn_seqattn.storage.files import read_file, write_file


class Options(BaseEstimator):
    """A small object with get_params."""

    def __init__(self, size=1, vectors=None):
        if size == 0:
            raise ValueError("size must not be 0")
        self.size = size
        self.vectors = vectors


@dataclass(frozen=True)
class Block:
    """A small object that is a dataclass, with others inside."""

    size: int
    inner: tuple = ()


class Other(Options):
    """An object that is not registered."""


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    for kind in (Options, Block):
        name = kind.__name__
        monkeypatch.setitem(PARAMETER_OBJECTS, name, f"{__name__}:{name}")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.seqattn"


def copied(value, path):
    """Save and load a value as a part of a parameter that takes anything."""
    save_model(AttentionLSTMClassifier(net_params={"x": value}), path)
    return load_model(path).net_params["x"]


@pytest.mark.parametrize(
    "value",
    [
        Block(3),
        Block(1, (Block(2), [Block(3, ("a",))], {"b": Block(4)})),
        Block(np.int64(3), None),
    ],
)
def test_dataclasses(value, path):
    assert copied(value, path) == value


def test_objects_with_parameters(path):
    value = Options(np.float32(0.5), np.ones((2, 2), ">f4"))
    found = copied(value, path)
    assert type(found) is Options
    assert found.size == value.size
    np.testing.assert_array_equal(found.vectors, value.vectors)


def test_a_device_becomes_its_name(path):
    assert copied(torch.device("cuda", 1), path) == "cuda:1"


def test_an_object_that_occurs_twice_is_one(path):
    block = Block(2)
    one, other = copied([block, block], path)
    assert one is other


@pytest.mark.parametrize(
    "value", [Other(), Block(1, (print,)), np.random.RandomState(0), Options, SMALL.get]
)
def test_what_no_file_can_hold_is_named(value, path):
    with pytest.raises(TypeError, match=r"net_params\['x'\].* cannot hold"):
        copied(value, path)


def test_an_object_inside_itself(path):
    value = Options()
    value.vectors = [value]
    with pytest.raises(TypeError, match="nested too deep"):
        copied(value, path)


@pytest.mark.parametrize(
    "node",
    [
        {"__object__": "Other", "params": {}},
        {"__object__": "Block", "params": {"sizes": 1}},
        {"__object__": "Block", "params": [1]},
        {"__object__": "Block"},
        {"__object__": "Block", "params": {"size": 1}, "more": 1},
        {"__object__": "Options", "params": {"size": 0}},
    ],
)
def test_objects_that_are_not_possible(node, path):
    save_model(AttentionLSTMClassifier(net_params={"x": 1}), path)
    document, arrays = read_file(path, "model")
    document["estimator"]["params"]["net_params"] = node
    write_file(path, "model", document, arrays)
    with pytest.raises(FileFormatError):
        load_model(path)


class TestRenamedParameters:
    """A parameter of an earlier version is an error that names the present one."""

    MATCH = r"kernel_features \(now blend\), token_dropout \(now tokens\)"
    OLD = {"token_dropout": 0.5, "kernel_features": 84}

    def test_in_a_file(self, path):
        save_model(NextStateMarkov(), path)
        document, arrays = read_file(path, "model")
        document["estimator"]["params"] |= self.OLD
        write_file(path, "model", document, arrays)
        with pytest.raises(FileFormatError, match=self.MATCH):
            load_model(path)

    def test_in_a_pickle(self):
        model = SequencePadder()
        vars(model).update(self.OLD)
        with pytest.raises(ValueError, match=self.MATCH):
            pickle.loads(pickle.dumps(model))

    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_a_parameter_that_there_is_loads(self, name, path):
        kind, _ = find_estimator(name)
        save_model(kind(), path)
        assert vars(load_model(path)).keys() == vars(kind()).keys()
        assert inspect.signature(kind).parameters.keys() == kind().get_params().keys()


def test_the_registry_finds_every_estimator():
    for name in ESTIMATORS:
        kind, table = find_estimator(name)
        assert kind.__name__ == name
        assert "_input_kind" in table
    assert {type(m[0]).__name__ for m in MODELS.values()} - {"Pipeline"} == {
        *ESTIMATORS
    }


WITHOUT_TORCH = """
import sys
from sklearn_seqattn import load_model
load_model(sys.argv[1])
assert "torch" not in sys.modules
"""


@pytest.mark.slow
@pytest.mark.parametrize("model", [SequencePadder(), NextStateMarkov()], ids=str)
def test_what_needs_no_network_loads_without_torch(model, path):
    save_model(model.fit(WALKS if isinstance(model, SequencePadder) else ["a b"]), path)
    command = [sys.executable, "-c", WITHOUT_TORCH, path]
    subprocess.run(command, check=True)
