"""The container: what is written can be read, and nothing else can."""

import io
import json
import os
import struct
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, from_dtype
from tampering import NAMES, entries_of, sealed, zipped

from sklearn_seqattn import FileFormatError, __version__
from sklearn_seqattn.storage.files import FORMAT, read_sealed, write_sealed

MANIFEST = {
    "library": "sklearn_seqattn",
    "version": __version__,
    "format": FORMAT,
    "kind": "model",
}
DOCUMENT = {"a": [1, 2.5, None, "x"]}
ARRAYS = {"w": np.arange(6.0, dtype=np.float32).reshape(2, 3)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.seqattn"


def read(path, content):
    path.write_bytes(content)
    return read_sealed(path, "model")


def refused(path, content, match):
    with pytest.raises(FileFormatError, match=match):
        read(path, content)


NUMBERS = [np.bool_, np.int8, np.int64, np.uint16, np.float32, np.float64]


@given(
    st.dictionaries(st.text(max_size=5), st.integers(-(2**60), 2**60) | st.text()),
    st.dictionaries(
        st.text("ab_.", min_size=1, max_size=3),
        st.sampled_from(NUMBERS).flatmap(
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
def test_round_trip(tmp_path_factory, document, found):
    path = tmp_path_factory.mktemp("sealed") / "x"
    write_sealed(path, "model", document, found)
    again, loaded = read_sealed(path, "model")
    assert again == document
    assert loaded.keys() == found.keys()
    for name, array in found.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].shape == array.shape
        assert loaded[name].tobytes() == array.tobytes()


def test_the_same_contents_give_the_same_bytes(path):
    write_sealed(path, "model", DOCUMENT, ARRAYS)
    first = path.read_bytes()
    write_sealed(path, "model", DOCUMENT, ARRAYS)
    assert path.read_bytes() == first


def test_every_truncation_is_refused(path):
    content = sealed(MANIFEST, DOCUMENT, ARRAYS)
    for end in range(len(content)):
        refused(path, content[:end], "cannot be loaded")


def test_every_flipped_bit_is_refused_or_harmless(path):
    content = bytearray(sealed(MANIFEST, DOCUMENT, ARRAYS))
    for i in range(len(content)):
        content[i] ^= 1 << (i % 8)
        try:
            document, found = read(path, content)
        except FileFormatError:
            pass
        else:  # a time stamp or an attribute that nobody reads
            assert document == DOCUMENT
            np.testing.assert_array_equal(found["w"], ARRAYS["w"])
        content[i] ^= 1 << (i % 8)


def entries(**changes):
    """Give the entries of a good file, some of them changed."""
    found = entries_of(sealed(MANIFEST, DOCUMENT, ARRAYS))
    return [(name, changes.get(name.split(".")[0], found[name])) for name in NAMES]


class TestZip:
    def test_other_bytes_than_a_zip(self, path):
        for content in (b"", b"PK", b"\x80\x04K\x01.", b"x" * 1000):
            refused(path, content, "damaged or not a file of sklearn_seqattn")

    def test_a_bomb(self, path):
        bomb = entries(document=b"0" * 10_000_000)
        refused(path, zipped(bomb, zipfile.ZIP_DEFLATED), "is compressed")

    def test_a_size_that_is_not_there(self, path):
        content = bytearray(zipped(entries()))
        place = content.index(b"PK\1\2", content.index(b"PK\1\2") + 1)
        struct.pack_into("<II", content, place + 20, 2**31, 2**31)
        refused(path, content, "is too large")

    @pytest.mark.parametrize(
        "name", ["../evil.json", "/etc/passwd", "C:\\x", "manifest.json/", "a\0b"]
    )
    def test_a_path(self, path, name):
        refused(path, zipped([*entries(), (name, b"x")]), "must hold manifest.json")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_an_entry_that_stands_twice(self, path):
        refused(path, zipped([*entries(), entries()[1]]), "must hold manifest.json")

    def test_an_entry_that_is_missing(self, path):
        refused(path, zipped(entries()[:2]), "must hold manifest.json")

    def test_bytes_around_the_zip(self, path):
        content = zipped(entries())
        refused(path, b"#!/bin/sh\n" + content, "other bytes around its zip")
        with_comment = content[:-2] + struct.pack("<H", 4) + b"evil"
        refused(path, with_comment, "other bytes around its zip")
        for more in (b"x", b"x" * 10, content):
            refused(path, content + more, "other bytes around its zip")
        gap = content.index(b"PK\1\2")
        refused(path, content[:gap] + b"x" + content[gap:], "other bytes|damaged")

    def test_fields_of_larger_zips(self, path):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, part in entries():
                with archive.open(name, "w", force_zip64=True) as entry:
                    entry.write(part)
        refused(path, content.getvalue(), "other bytes around its zip")

    def test_an_encrypted_entry(self, path):
        content = bytearray(zipped(entries()))
        content[content.index(b"PK\1\2") + 8] |= 1
        refused(path, content, "compressed or encrypted")


class TestManifest:
    def test_a_newer_format_names_the_version_to_install(self, path):
        content = sealed(
            {**MANIFEST, "format": FORMAT + 1, "version": "9.8.7", "more": 1}, {}, {}
        )
        refused(path, content, r"has format 2, .* Install sklearn_seqattn>=9\.8\.7\.")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("format", 0),
            ("format", True),
            ("format", "1"),
            ("version", "1.0; rm -rf"),
            ("version", 1),
            ("library", "other"),
            ("kind", "checkpoint"),
            ("more", 1),
        ],
    )
    def test_a_wrong_field(self, path, field, value):
        refused(path, sealed({**MANIFEST, field: value}, {}, {}), "cannot be loaded")

    @pytest.mark.parametrize("field", MANIFEST)
    def test_a_missing_field(self, path, field):
        manifest = {name: v for name, v in MANIFEST.items() if name != field}
        refused(path, sealed(manifest, {}, {}), "its manifest lacks")

    @pytest.mark.parametrize("part", ["document", "arrays"])
    def test_a_checksum_that_does_not_match(self, path, part):
        other = (
            entries(**{part: dict(entries())[f"{part}.json"] + b" "})
            if (part == "document")
            else entries(arrays=b"x" + dict(entries())["arrays.safetensors"])
        )
        refused(path, zipped(other), "does not match its checksum")

    def test_one_that_is_no_object(self, path):
        refused(path, zipped(entries(manifest=b"[1]")), "its manifest lacks")

    def test_one_that_is_too_large(self, path):
        manifest = json.dumps({**MANIFEST, "kind": "m" * 5000}).encode()
        refused(path, zipped(entries(manifest=manifest)), "manifest.json is too large")


class TestJson:
    @pytest.mark.parametrize(
        ("text", "match"),
        [
            (b'{"a": 1, "a": 2}', "a key stands twice"),
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
        refused(path, sealed(MANIFEST, text, {}), match)


class TestArrays:
    def header(self, text, data=b""):
        return struct.pack("<Q", len(text)) + text + data

    @pytest.mark.parametrize(
        "header",
        [
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}',
            b'{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,4]}}',
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
            b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
            b'{"a":{"dtype":"PICKLE","shape":[1],"data_offsets":[0,4]}}',
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
            b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            b"[]",
            b"",
        ],
    )
    def test_a_wrong_header(self, path, header):
        content = self.header(header, b"\0" * 4)
        refused(path, sealed(MANIFEST, {}, content), "cannot be loaded")

    @pytest.mark.parametrize("size", [100, 2**24 + 1, 2**63, 2**64 - 1])
    def test_a_header_that_is_too_large(self, path, size):
        content = struct.pack("<Q", size) + b"{}"
        refused(
            path, sealed(MANIFEST, {}, content), "header of its arrays is too large"
        )

    def test_nothing_at_all(self, path):
        refused(path, sealed(MANIFEST, {}, b""), "header of its arrays is too large")


class TestReading:
    def test_a_missing_file_is_an_ordinary_error(self, path):
        with pytest.raises(FileNotFoundError):
            read_sealed(path, "model")

    def test_a_file_that_is_no_file(self):
        with pytest.raises(FileFormatError, match="not a regular file"):
            read_sealed(os.devnull, "model")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
    def test_a_pipe_is_not_waited_for(self, path):
        os.mkfifo(path)
        with pytest.raises(FileFormatError, match="not a regular file"):
            read_sealed(path, "model")

    def test_without_safetensors_the_error_names_the_extra(self, path, monkeypatch):
        monkeypatch.setitem(sys.modules, "safetensors", None)
        with pytest.raises(ImportError, match=r"sklearn_seqattn\[persistence\]"):
            write_sealed(path, "model", {}, {})
        assert not path.exists()


class TestWriting:
    def test_a_link_is_followed(self, path, tmp_path):
        link = tmp_path / "link"
        path.write_bytes(b"old")
        link.symlink_to(path)
        write_sealed(link, "model", DOCUMENT, ARRAYS)
        assert link.is_symlink()
        assert read_sealed(path, "model")[0] == DOCUMENT

    def test_without_nameless_files(self, path, monkeypatch):
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
        write_sealed(path, "model", DOCUMENT, ARRAYS)
        assert read_sealed(path, "model")[0] == DOCUMENT
        assert os.listdir(path.parent) == [path.name]

    def test_the_mode_is_that_of_a_new_file(self, path, tmp_path):
        (tmp_path / "other").touch()
        write_sealed(path, "model", DOCUMENT, ARRAYS)
        assert path.stat().st_mode == (tmp_path / "other").stat().st_mode

    def test_a_folder_that_is_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            write_sealed(tmp_path / "no" / "x", "model", {}, {})

    def test_a_failure_leaves_the_old_file_and_no_other(self, path, monkeypatch):
        write_sealed(path, "model", DOCUMENT, ARRAYS)
        monkeypatch.setattr(os, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_sealed(path, "model", {}, {})
        assert read_sealed(path, "model")[0] == DOCUMENT
        assert os.listdir(path.parent) == [path.name]
