"""The public names: how they load, and what type checkers are told of them."""

import ast
import re
from pathlib import Path

import pytest

import sklearn_seqattn

ROOT = Path(sklearn_seqattn.__file__).parent


def test_every_public_name_loads():
    for name in sklearn_seqattn.__all__:
        assert getattr(sklearn_seqattn, name) is not None
        assert name in dir(sklearn_seqattn)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = sklearn_seqattn.Nothing


def test_the_stub_has_the_same_names():
    stub = ast.parse((ROOT / "__init__.pyi").read_text())
    found = {
        alias.asname: getattr(sklearn_seqattn, alias.name).__module__
        for node in stub.body
        for alias in node.names
        if alias.name != "__version__"
    }
    assert found.keys() == {*sklearn_seqattn.__all__} - {"__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", sklearn_seqattn.__version__)


def test_the_package_is_typed():
    assert (ROOT / "py.typed").exists()
