"""Values and arrays as JSON and back."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import FileFormatError
from sklearn_seqattn.storage.values import Reader, Writer


def copied(value):
    writer = Writer()
    text = json.dumps(writer.write(value, "v"))
    reader = Reader(writer.arrays)
    found = reader.read(json.loads(text), "v")
    reader.finish()
    return found


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -5,
        2.5,
        1e300,
        "text",
        float("inf"),
        (1, (2, [3.5, "x"])),
        {"a": {1: (2,)}, 3: None, False: True},
        slice(1, None, 2),
    ],
)
def test_plain_values(value):
    found = copied(value)
    assert found == value
    assert type(found) is type(value)


ARRAYS = [
    *(np.array([0, 1, 200], dtype=t) for t in ("?", "u1", ">i2", "<i8", ">u8")),
    *(np.array([0.5, np.nan, -np.inf], dtype=t) for t in ("f2", ">f4", "f8", ">f8")),
    np.array(["a", "longer", "é"]),
    np.array(["a", "b"], dtype=">U3"),
    np.array(["a", 1, None, 2.5, True], dtype=object),
    np.array([(1, 2), ("a",), {"b": [1]}, None], dtype=object),
    np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
    np.array([1, 2], dtype=">m8[ns]"),
    np.zeros((2, 0, 3)),
    np.array(7),
    np.ma.MaskedArray([1, 2], [False, True]),
    np.ma.MaskedArray(np.array(["a", None], dtype=object), [False, True]),
]


@pytest.mark.parametrize("value", ARRAYS, ids=lambda a: f"{a.dtype}-{a.shape}")
def test_arrays(value):
    found = copied(value)
    assert type(found) is type(value)
    assert found.dtype == value.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, value)
    if isinstance(value, np.ma.MaskedArray):
        assert found.mask.tolist() == value.mask.tolist()


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.int64(3), np.bool_(True), np.str_("a")]
)
def test_scalars_of_numpy_become_plain(value):
    assert copied(value) == value
    assert type(copied(value)) is type(value.item())


@pytest.mark.parametrize("kind", [pd.Series, pd.Index])
def test_array_likes_of_pandas_become_arrays(kind):
    assert copied(kind(["a", "b"])).tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "value",
    [
        *({1, 2}, 1j, b"x", object(), 2**70, print, {"a": {(1, 2): 3}}),
        *(np.array([1j]), np.array([["a"]]), np.zeros(1, "i4,f4"), np.array([b"x"])),
    ],
)
def test_what_no_file_can_hold(value):
    with pytest.raises(TypeError, match=r"v\[0\].* cannot hold"):
        Writer().write([value], "v")


def test_values_without_end():
    value = []
    value.append(value)
    with pytest.raises(TypeError, match="nested too deep"):
        Writer().write(value, "v")


@pytest.mark.parametrize(
    "node",
    [
        *([1], {"code": "1"}, {}, 2**80, {"float": "1"}, {"list": 1}, {"tuple": None}),
        *({"array": "x"}, {"array": []}, {"dict": [[1]]}, {"dict": 1}),
        *({"dict": [[1, 2], [1, 3]]}, {"slice": [1, 2]}, {"slice": [1, "a", None]}),
        {"masked": [{"list": []}, {"list": []}]},
        {"values": ["a"] * 999, "dtype": "<U99999"},
        {"values": ["ab"], "dtype": "<U1"},
        {"values": [1], "dtype": "<U1"},
        *({"values": ["a"], "dtype": "O"}, {"values": "a", "dtype": "object"}),
        *({"array": "f", "time": "M8[D]"}, {"array": "i", "time": "M8[x]"}),
        {"__object__": "os.system"},
    ],
    ids=lambda node: str(node)[:30],
)
def test_nodes_that_no_writer_writes(node):
    arrays = {"f": np.zeros(1), "i": np.zeros(1, np.int64)}
    with pytest.raises(FileFormatError):
        Reader(arrays).read(node, "v")


def test_an_array_is_used_once():
    reader = Reader({"a": np.zeros(1)})
    with pytest.raises(FileFormatError, match="of no use"):
        reader.finish()
    reader.read({"array": "a"}, "v")
    with pytest.raises(FileFormatError, match="not there"):
        reader.read({"array": "a"}, "v")
