"""Thousands of damaged and forged model files: an error, or a model that works."""

import copy
import random
import signal
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_zoo import SENTENCES, UP_OR_DOWN, WALKS, fitted
from processes import ended, fork
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from tampering import packed

from sklearn_seqattn import (
    FileFormatError,
    NextStateMarkov,
    RandomKernelFeatures,
    load_model,
    save_model,
)
from sklearn_seqattn.metrics import NextStateScorer
from sklearn_seqattn.storage.files import read_file

pytestmark = pytest.mark.slow

#: Name of a model: how many files to damage, and as many to forge.
N_FILES = {
    "states": 300,
    "markov": 300,
    "events": 300,
    "kernels": 50,
    "classifier": 50,
    "next event": 50,
    "static classes": 50,
    "pipeline": 50,
    "search": 100,
    "skops": 50,
}
NAMES = list(N_FILES)
ODD = [
    *(None, True, -1, 0, 1, 2**31, 2**62, 1e308, -0.5, "", "x", "__class__", [], {}),
    *({"tuple": []}, {"list": [1, "a"]}, {"dict": [[1, 2]]}, {"array": "x"}),
    *({"float": "inf"}, {"values": ["a", 1], "dtype": "object"}),
    *({"values": [], "dtype": "<U1"}, {"__object__": "Bunch"}),
    *({"__object__": "same", "index": 0}, {"__object__": "numpy.exp"}),
]


@cache
def model_of(name):
    """Return a fitted model."""
    if name == "search":
        scorer = NextStateScorer()
        search = GridSearchCV(NextStateMarkov(), {"order": [1, 2]}, scoring=scorer)
        return search.fit(SENTENCES)
    if name == "skops":
        kernels = RandomKernelFeatures(n_features=84, random_state=0)
        return make_pipeline(kernels, LogisticRegression()).fit(WALKS, UP_OR_DOWN)
    return fitted(name)


@cache
def content_of(name, folder):
    """Return the bytes, the document and the arrays of a saved model."""
    path = folder / "model.seqattn"
    save_model(model_of(name), path)
    return path.read_bytes(), *read_file(path, "model")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def damaged(content, rng):
    """Flip, cut, insert, repeat or exchange some bytes."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        if not data:
            break
        i, j = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        match rng.randrange(5):
            case 0:
                data[min(i, len(data) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del data[i:j]
            case 2:
                data[i:i] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                data[i : i + 4] = rng.choice([b"\0" * 4, b"\xff" * 4, b'"w":'])
            case 4:
                data[i:i] = data[i:j][:200]
    return bytes(data)


def places(node):
    """Return every (container, key) inside JSON."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, dict | list):
            yield from places(value)


def forged(document, arrays, rng):
    """Replace, remove or exchange some values and arrays."""
    document = copy.deepcopy(document)
    arrays = {name: array.copy() for name, array in arrays.items()}
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        found = list(places(document))
        if not found:
            break
        node, key = rng.choice(found)
        other, other_key = rng.choice(found)
        match rng.randrange(5):
            case 0 | 1:
                node[key] = copy.deepcopy(rng.choice(ODD))
            case 2:
                del node[key]
            case 3:
                node[key] = copy.deepcopy(other[other_key])
            case 4:
                if arrays:
                    forge_array(arrays, rng)
    return packed(document, arrays)


def forge_array(arrays, rng):
    """Change the dtype, the shape, the contents or the name of one array."""
    name = rng.choice(sorted(arrays))
    array = arrays.pop(name)
    match rng.randrange(5):
        case 0:
            array = array.astype(rng.choice(["f8", "f4", "i8", "i1", "?", "f2"]))
        case 1:
            array = array.ravel()
        case 2:
            array = array[:0].copy() if array.ndim else array
        case 3:
            with np.errstate(all="ignore"):
                array = (array * rng.choice([-1.0, 0.0, 1e6])).astype(array.dtype)
        case 4:
            name += "x"
    arrays[name] = array


def loads(path, content):
    """Return the model of a file, or None if the file is refused."""
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # overflow in casts, other versions
            return load_model(path)
    except FileFormatError:
        return None


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files(name, folder, tmp_path):
    content, document, _ = content_of(name, folder)
    rng, path = random.Random(f"damaged {name}"), tmp_path / "x"
    for _ in range(N_FILES[name]):
        changed = damaged(content, rng)
        if loads(path, changed) is not None:  # unless the version was changed
            assert len(changed) == len(content)
            assert read_file(path, "model")[0] == document


@pytest.mark.parametrize("name", NAMES)
def test_forged_files(name, folder, tmp_path):
    _, document, arrays = content_of(name, folder)
    rng = random.Random(f"forged {name}")
    assert loads(tmp_path / "x", packed(document, arrays)) is not None
    n_loaded = sum(
        loads(tmp_path / "x", forged(document, arrays, rng)) is not None
        for _ in range(N_FILES[name])
    )
    assert n_loaded < N_FILES[name] / 2  # most of what a forger changes is noticed


#: What sizes in a file are replaced by: each alone could ask for any memory.
LARGE = [2**31 - 1, 2**31, 2**27, 2**24, 2**20, 10**5, 1000]
ROOM = 2**29  # bytes above what the process has before


def enlarged(document, arrays, rng):
    """Replace one or two integers by large ones."""
    document = copy.deepcopy(document)
    found = [(node, key) for node, key in places(document) if type(node[key]) is int]
    for node, key in rng.sample(found, min(len(found), rng.choice([1, 2]))):
        node[key] = rng.choice(LARGE)
    return packed(document, arrays)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", NAMES)
def test_large_numbers_in_little_memory_and_time(name, folder, tmp_path):
    _, document, arrays = content_of(name, folder)
    rng = random.Random(f"enlarged {name}")

    def load_many():
        import resource  # which not every system has

        size = int(Path("/proc/self/statm").read_text().split()[0])
        room = size * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        for _ in range(100):
            signal.alarm(20)  # ends the child
            loads(tmp_path / "x", enlarged(document, arrays, rng))

    assert ended(fork(load_many), timeout=300) == 0


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes(folder, content):
    assert loads(folder / "x", content) is None


JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tuple", "list", "dict", "array", "__object__"]), inner
        )
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from(NAMES), st.data())
@settings(max_examples=100, deadline=None)
def test_any_json_anywhere(folder, value, name, data):
    _, document, arrays = content_of(name, folder)
    document = copy.deepcopy(document)
    found = list(places(document))
    node, key = found[data.draw(st.integers(0, len(found) - 1))]
    node[key] = value
    loads(folder / "x", packed(document, arrays))
