"""The file format: what is written can be read, and nothing else can."""

import os
import sys
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, from_dtype
from tampering import joined, packed, split

from sklearn_seqattn import FileFormatError
from sklearn_seqattn.storage.files import FORMAT, read_file, write_file

DOCUMENT = {"a": [1, 2.5, None, "x"]}
ARRAYS = {"w": np.arange(6.0, dtype=np.float32).reshape(2, 3)}
GOOD = packed(DOCUMENT, ARRAYS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.seqattn"


def read(path, content):
    path.write_bytes(content)
    return read_file(path, "model")


def refused(path, content, match="cannot be loaded"):
    with pytest.raises(FileFormatError, match=match):
        read(path, content)


DTYPES = ["?", "i1", "u2", "i8", "f2", "f4", "f8"]


@given(
    st.dictionaries(st.text(max_size=5), st.integers(-(2**60), 2**60) | st.text()),
    st.dictionaries(
        st.text("ab_.", min_size=1, max_size=3),
        st.sampled_from(DTYPES).flatmap(
            lambda t: arrays(
                t,
                array_shapes(min_dims=0, min_side=0),
                elements=from_dtype(np.dtype(t)),
            )
        ),
        max_size=3,
    ),
)
@settings(max_examples=60, deadline=None)
def test_round_trip(document, found):
    with tempfile.TemporaryDirectory() as folder:
        write_file(f"{folder}/x", "model", document, found)
        again, loaded = read_file(f"{folder}/x", "model")
    assert again == document
    assert loaded.keys() == found.keys()
    for name, array in found.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].shape == array.shape
        assert loaded[name].tobytes() == array.tobytes()


def test_any_memory_layout(path):
    square = np.arange(12.0).reshape(3, 4)
    found = {"t": square.T, "step": square[::-1, ::2], "zero": np.zeros(())}
    write_file(path, "model", {}, found)
    for name, array in read_file(path, "model")[1].items():
        np.testing.assert_array_equal(array, found[name])


@pytest.mark.parametrize("name", ["", ".", "folder"])
def test_a_folder_is_no_file_to_write(name, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsADirectoryError, match=f"The path '{name}' is a folder"):
        write_file(name, "model", DOCUMENT, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_equal_contents_give_equal_bytes(path):
    contents = set()
    for _ in range(3):
        write_file(path, "model", DOCUMENT, ARRAYS)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_what_is_written_is_what_the_format_says(path):
    write_file(path, "model", DOCUMENT, ARRAYS)
    document, found = read(path, GOOD)
    assert document == DOCUMENT
    assert found["w"].tolist() == ARRAYS["w"].tolist()


def test_every_truncation_is_refused(path):
    for end in range(len(GOOD)):
        refused(path, GOOD[:end])


def test_every_flipped_bit_is_refused_or_harmless(path):
    content = bytearray(GOOD)
    for i in range(len(content)):
        content[i] ^= 1 << (i % 8)
        try:
            document, found = read(path, content)
        except FileFormatError:
            pass
        else:  # a blank of the header
            assert document == DOCUMENT
            assert found["w"].tobytes() == ARRAYS["w"].tobytes()
        content[i] ^= 1 << (i % 8)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04K\x01.", b"x" * 1000])
def test_another_file(path, content):
    refused(path, content, "damaged or not a file of sklearn_seqattn")


def test_bytes_behind_the_file(path):
    for more in (b"x", b"x" * 10, GOOD):
        refused(path, GOOD + more)


def test_a_safetensors_file_of_another_library(path):
    header, data = split(GOOD)
    for metadata in ({}, {"format": "pt"}):
        refused(path, joined({**header, "__metadata__": metadata}, data), "not a file")
    del header["__metadata__"]
    refused(path, joined(header, data), "not a file of sklearn_seqattn")


class TestMetadata:
    def test_a_newer_format_names_the_version_to_install(self, path):
        content = packed({}, format=FORMAT + 1, version="9.8.7", more=1)
        refused(path, content, r"has format 2, .* Install sklearn_seqattn>=9\.8\.7\.")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("format", 0),
            ("format", True),
            ("format", "1"),
            ("version", "1.0; rm -rf"),
            ("version", 1),
            ("kind", "checkpoint"),
            ("more", 1),
            ("sha256", "0" * 64),
            *((name, None) for name in ("format", "version", "kind", "sha256")),
        ],
    )
    def test_a_wrong_or_missing_field(self, path, field, value):
        refused(path, packed(DOCUMENT, ARRAYS, **{field: value}))

    @pytest.mark.parametrize("text", ["[1]", "1", "{", ""])
    def test_one_that_is_no_object(self, path, text):
        header, data = split(GOOD)
        header["__metadata__"] = {"sklearn_seqattn": text}
        refused(path, joined(header, data))

    def test_a_document_that_is_missing(self, path):
        header, data = split(GOOD)
        header["other"] = header.pop("document")
        refused(path, joined(header, data))


class TestJson:
    @pytest.mark.parametrize(
        ("text", "match"),
        [
            (b'{"a": {"b": 1, "b": 2}}', "a key of its JSON is repeated"),
            (b'{"a": NaN}', "holds NaN"),
            (b'{"a": -Infinity}', "holds -Infinity"),
            (b"[" * 100_000, "no valid JSON"),
            (b"1" * 10_000, "no valid JSON"),
            (b"{", "no valid JSON"),
            (b"", "no valid JSON"),
            (b"\xff", "no valid JSON"),
        ],
    )
    def test_refusals(self, path, text, match):
        refused(path, packed(text), match)


class TestHeader:
    @pytest.mark.parametrize(
        "entry",
        [
            {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]},
            {"dtype": "F32", "shape": [99999999999], "data_offsets": [0, 4]},
            {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
            {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
            {"dtype": "PICKLE", "shape": [1], "data_offsets": [0, 4]},
            {"dtype": "I32", "shape": [2, 3], "data_offsets": [0, 24]},
            {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]},
        ],
    )
    def test_a_wrong_entry(self, path, entry):
        header, data = split(GOOD)
        assert header["w"]["data_offsets"] == [0, 24]
        refused(path, joined({**header, "w": entry}, data))

    @pytest.mark.parametrize("header", [b"[]", b"", b"null", b'{"a":1}', b'{"a":'])
    def test_one_that_is_none(self, path, header):
        refused(path, joined(header, b"\0" * 4))

    def test_a_name_that_is_repeated(self, path):
        header, data = split(GOOD)
        text = joined(header, b"")[8:].replace(b'{"w"', b'{"w":1,"w"', 1)
        refused(path, joined(text[:-1] + b',"w":1}', data), "is repeated")

    @pytest.mark.parametrize("size", [len(GOOD), 2**24 + 1, 2**63, 2**64 - 1])
    def test_a_size_that_is_too_large(self, path, size):
        refused(path, size.to_bytes(8, "little") + GOOD[8:], "damaged or not a file")


class TestReading:
    def test_a_missing_file_is_an_ordinary_error(self, path):
        with pytest.raises(FileNotFoundError):
            read_file(path, "model")

    def test_a_file_that_is_no_file(self):
        with pytest.raises(FileFormatError, match="not a regular file"):
            read_file(os.devnull, "model")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
    def test_a_pipe_is_not_waited_for(self, path):
        os.mkfifo(path)
        with pytest.raises(FileFormatError, match="not a regular file"):
            read_file(path, "model")

    def test_without_safetensors_the_error_names_the_extra(self, path, monkeypatch):
        monkeypatch.setitem(sys.modules, "safetensors", None)
        with pytest.raises(ImportError, match=r"sklearn_seqattn\[persistence\]"):
            write_file(path, "model", {}, {})
        assert not path.exists()


class TestWriting:
    def test_a_link_is_followed(self, path, tmp_path):
        link = tmp_path / "link"
        path.write_bytes(b"old")
        link.symlink_to(path)
        write_file(link, "model", DOCUMENT, ARRAYS)
        assert link.is_symlink()
        assert read_file(path, "model")[0] == DOCUMENT

    def test_a_disk_without_nameless_files(self, path, monkeypatch):
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
        write_file(path, "model", DOCUMENT, ARRAYS)
        assert read_file(path, "model")[0] == DOCUMENT
        assert os.listdir(path.parent) == [path.name]

    def test_the_mode_is_that_of_a_new_file(self, path, tmp_path):
        (tmp_path / "other").touch()
        write_file(path, "model", DOCUMENT, ARRAYS)
        assert path.stat().st_mode == (tmp_path / "other").stat().st_mode

    def test_a_folder_that_is_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            write_file(tmp_path / "no" / "x", "model", {}, {})

    def test_a_failure_leaves_the_old_file_and_no_other(self, path, monkeypatch):
        write_file(path, "model", DOCUMENT, ARRAYS)
        monkeypatch.setattr(os, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_file(path, "model", {}, {})
        assert read_file(path, "model")[0] == DOCUMENT
        assert os.listdir(path.parent) == [path.name]
