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
from model_zoo import MODELS, fitted, outputs
from processes import ended, fork
from tampering import sealed

from sklearn_seqattn import FileFormatError, __version__, load_model, save_model
from sklearn_seqattn.storage.files import FORMAT, read_sealed

MANIFEST = {
    "library": "sklearn_seqattn",
    "version": __version__,
    "format": FORMAT,
    "kind": "model",
}
#: Name of a model: how many files to damage, and as many to forge.
N_FILES = {
    "states": 300,
    "markov": 300,
    "events": 300,
    "kernels": 50,
    "classifier": 50,
    "next event": 50,
    "pipeline": 50,
}
NAMES = list(N_FILES)
ODD = [
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**62,
    1e308,
    -0.5,
    "",
    "x",
    "__class__",
    [],
    {},
    {"tuple": []},
    {"list": [1, "a"]},
    {"dict": [[1, 2]]},
    {"array": "x"},
    {"float": "inf"},
    {"states": ["a", 1], "dtype": "object"},
    {"states": [], "dtype": "<U1"},
]


@cache
def content_of(name, folder):
    """Give the bytes, the document and the arrays of a saved model."""
    path = folder / "model.seqattn"
    save_model(fitted(name), path)
    document, arrays = read_sealed(path, "model")
    return path.read_bytes(), document, arrays


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
        match rng.randrange(6):
            case 0:
                data[min(i, len(data) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del data[i:j]
            case 2:
                data[i:i] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                data[i : i + 4] = rng.choice([b"\0" * 4, b"\xff" * 4, b"PK\1\2"])
            case 4:
                data[i:i] = data[i:j][:200]
            case 5:
                del data[i:]
    return bytes(data)


def places(node):
    """Give every (container, key) inside JSON."""
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
    return sealed(MANIFEST, document, arrays)


def forge_array(arrays, rng):
    """Change the dtype, the shape or the contents of one array."""
    name = rng.choice(sorted(arrays))
    array = arrays.pop(name)
    match rng.randrange(6):
        case 0:
            array = array.astype(rng.choice(["f8", "f4", "i8", "i1", "?", "f2"]))
        case 1:
            array = array.ravel()
        case 2:
            array = array[:0].copy()
        case 3:
            with np.errstate(all="ignore"):
                array = (array * rng.choice([-1, 0, 10**6])).astype(array.dtype)
        case 4:
            name += "x"
        case 5:
            return
    arrays[name] = array


def check(path, content, name, original=None):
    """Load; whatever loads must work, and equal the original where one is given."""
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # overflow in casts
            model = load_model(path)
    except FileFormatError:
        return False
    if original is not None:
        assert outputs(name, model) == original
    else:
        assert type(model).__name__ != "str"
    return True


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files(name, folder, tmp_path):
    content, _, _ = content_of(name, folder)
    rng = random.Random(f"damaged {name}")
    original = outputs(name, fitted(name))
    n_loaded = sum(
        check(tmp_path / "x", damaged(content, rng), name, original)
        for _ in range(N_FILES[name])
    )
    assert n_loaded < N_FILES[name] / 5


@pytest.mark.parametrize("name", NAMES)
def test_forged_files(name, folder, tmp_path):
    _, document, arrays = content_of(name, folder)
    rng = random.Random(f"forged {name}")
    assert check(tmp_path / "x", sealed(MANIFEST, document, arrays), name)
    n_loaded = sum(
        check(tmp_path / "x", forged(document, arrays, rng), name)
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
    return sealed(MANIFEST, document, dict(arrays))


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
            check(tmp_path / "x", enlarged(document, arrays, rng), name)

    assert ended(fork(load_many), timeout=300) == 0


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes(folder, content):
    assert not check(folder / "x", content, "states")
    assert not check(folder / "x", b"PK\3\4" + content, "states")


JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tuple", "list", "dict", "array"]), inner)
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
    try:
        content = sealed(MANIFEST, document, dict(arrays))
    except ValueError:  # infinity is no JSON
        return
    check(folder / "x", content, name)


def test_every_name_is_a_model():
    assert set(NAMES) <= set(MODELS)
