"""Files of JSON and arrays that are whole or refused, and that run nothing.

A sealed file is a zip of three uncompressed entries: a manifest with the version
of the format and the checksums of the other two, a JSON document, and arrays in
the safetensors format. It is read by checking each step before the next one.
"""

import io
import json
import os
import re
import stat
import zipfile
from contextlib import suppress
from hashlib import sha256

import numpy as np

from sklearn_seqattn._version import __version__

#: Version of the format that this library writes; it reads this one and older ones.
FORMAT = 1

_MANIFEST, _DOCUMENT, _ARRAYS = "manifest.json", "document.json", "arrays.safetensors"
_LARGEST = {_MANIFEST: 2**12, _DOCUMENT: 2**26, _ARRAYS: 2**40}  # bytes
_LARGEST_HEADER = 2**24  # bytes of the header of safetensors
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}[a-z0-9.]{0,12}")


class FileFormatError(ValueError):
    """A file that is damaged, hostile, or of a format that is not known.

    `load_model` raises it for whatever is wrong inside a file, before anything of
    the size that the file asks for is built. `fit` raises it for checkpoints.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_seqattn import FileFormatError, load_model
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     try:
    ...         load_model(file.name)
    ...     except FileFormatError as error:
    ...         print("refused")
    refused
    """


def write_sealed(path, kind, document, arrays):
    """Write a sealed file; the old one stays until the new one is safe.

    Parameters
    ----------
    path : str or path-like
        Where to; an existing file is replaced.
    kind : str
        What the file holds, "model" or "checkpoint".
    document : dict
        Plain values, as JSON holds them.
    arrays : dict of str to ndarray
        Arrays of numbers or booleans.

    Raises
    ------
    OSError
        If the disk is full or the folder is not writable; nothing is changed then.
    """
    # safetensors reads the memory of an array as it is
    arrays = {
        name: np.require(array, requirements="C") for name, array in arrays.items()
    }
    parts = {_DOCUMENT: _to_json(document), _ARRAYS: _safetensors().save(arrays)}
    manifest = {
        "library": "sklearn_seqattn",
        "version": __version__,
        "format": FORMAT,
        "kind": kind,
        "sha256": {name: sha256(part).hexdigest() for name, part in parts.items()},
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_MANIFEST), _to_json(manifest))
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    _replace(os.path.realpath(path), content.getbuffer())


def _to_json(value):
    """Give a value as JSON in UTF-8, as short as it can be."""
    options = {"allow_nan": False, "separators": (",", ":")}
    try:
        return json.dumps(value, ensure_ascii=False, **options).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8, but an escape
        return json.dumps(value, **options).encode()


def read_sealed(path, kind):
    """Read a sealed file.

    Parameters
    ----------
    path : str or path-like
        The file.
    kind : str
        What it must hold.

    Returns
    -------
    document : dict
    arrays : dict of str to ndarray
        Read-only.

    Raises
    ------
    OSError
        If the file cannot be read.
    FileFormatError
        If anything in it is not as `write_sealed` writes it.
    """
    safetensors = _safetensors()
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileFormatError(f"{path} is not a regular file.")
        content = file.read()
    try:
        parts = _read_entries(content)
        manifest = parse_json(parts[_MANIFEST])
        _check_manifest(manifest, kind)
        for name, digest in manifest["sha256"].items():
            if sha256(parts[name]).hexdigest() != digest:
                raise FileFormatError(f"{name} does not match its checksum.")
        _check_header(parts[_ARRAYS])
        document, arrays = (
            parse_json(parts[_DOCUMENT]),
            safetensors.load(parts[_ARRAYS]),
        )
    except FileFormatError as error:
        raise FileFormatError(f"{path} cannot be loaded: {error}") from None
    except Exception as error:  # parsers of hostile bytes raise errors of any type
        raise FileFormatError(
            f"{path} cannot be loaded: it is damaged or not a file of sklearn_seqattn "
            f"({type(error).__name__})."
        ) from error
    return document, arrays


def _open_at_once(path, flags):
    """Open a file; a pipe that nobody writes to would be waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_json(text):
    """Parse JSON in which no key stands twice and every number is finite.

    Parameters
    ----------
    text : bytes
        JSON in UTF-8.

    Returns
    -------
    value : object

    Raises
    ------
    FileFormatError
        If it is anything else.
    """
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
    except FileFormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"it holds no valid JSON ({error}).") from None


def _unique_keys(pairs):
    """Make a dict of pairs with distinct keys."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FileFormatError("a key stands twice in its JSON.")
    return found


def _no_constant(name):
    """Refuse NaN and Infinity, which are not JSON."""
    raise FileFormatError(f"its JSON holds {name}.")


def _read_entries(content):
    """Give the bytes of the three entries of a zip and nothing else."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if [entry.filename for entry in entries] != [*_LARGEST]:
            raise FileFormatError(f"it must hold {', '.join(_LARGEST)} and no more.")
        for entry in entries:
            # What is not compressed cannot be larger than the file.
            plain = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits
            if not plain or entry.file_size != entry.compress_size:
                raise FileFormatError(f"{entry.filename} is compressed or encrypted.")
            if entry.file_size > min(_LARGEST[entry.filename], len(content)):
                raise FileFormatError(f"{entry.filename} is too large.")
        if not _is_whole(content, entries):
            raise FileFormatError("there are other bytes around its zip.")
        return {entry.filename: archive.read(entry) for entry in entries}


def _is_whole(content, entries):
    """Tell whether a zip is its entries, their list and nothing else."""
    parts = (76 + 2 * len(entry.filename) + entry.file_size for entry in entries)
    size = 22 + sum(parts)
    right = content.startswith(b"PK\3\4") and content[-22:-18] == b"PK\5\6"
    return right and (len(content) == size or size >= 2**31)  # which has more fields


def _check_manifest(manifest, kind):
    """Refuse a manifest with other fields, a newer format or another kind."""
    fields = {"library", "version", "format", "kind", "sha256"}
    if not isinstance(manifest, dict) or not fields <= manifest.keys():
        raise FileFormatError(f"its manifest lacks some of {sorted(fields)}.")
    version, number = manifest["version"], manifest["format"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise FileFormatError("its version is not one of sklearn_seqattn.")
    if type(number) is not int or number < 1:
        raise FileFormatError(f"its format is {number!r}, not a number from 1.")
    if number > FORMAT:
        raise FileFormatError(
            f"it has format {number}, made by sklearn_seqattn {version}, but this is "
            f"{__version__}, which reads formats up to {FORMAT}. Install "
            f"sklearn_seqattn>={version}."
        )
    if manifest["library"] != "sklearn_seqattn" or manifest["kind"] != kind:
        raise FileFormatError(f"it is not a {kind} of sklearn_seqattn.")
    sums = manifest["sha256"]
    if manifest.keys() != fields or not (
        isinstance(sums, dict) and sums.keys() == {_DOCUMENT, _ARRAYS}
    ):
        raise FileFormatError("its manifest has other fields than its format has.")


def _check_header(arrays):
    """Refuse a header of safetensors that is larger than any of ours."""
    size = int.from_bytes(arrays[:8], "little")
    if len(arrays) < 8 or size > min(_LARGEST_HEADER, len(arrays) - 8):
        raise FileFormatError("the header of its arrays is too large.")
    parse_json(arrays[8 : 8 + size])  # no name stands twice


def _safetensors():
    """Import safetensors, or say how to install it."""
    try:
        from safetensors import numpy
    except ImportError as error:
        raise ImportError(
            "Model files and checkpoints need safetensors; install it with "
            "pip install 'sklearn_seqattn[persistence]'."
        ) from error
    return numpy


def _replace(path, content):
    """Write bytes beside a file, flush them to the disk, then replace the file."""
    folder, name = os.path.split(path)
    folder = folder or "."
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        _write_new(folder, temporary, content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _flush_folder(folder)


def _write_new(folder, temporary, content):
    """Write a new file that has a name only once it is whole, where the disk can."""
    descriptor = _open_nameless(folder)
    nameless = descriptor is not None
    if not nameless:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        if nameless:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            # A descriptor of a folder makes link follow the entry of /proc.
            number = file.fileno()
            os.link(f"/proc/self/fd/{number}", temporary, src_dir_fd=number)


def _open_nameless(folder):
    """Open a file that vanishes with its process, or None where there are none."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o666)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:  # this file system has no such files
        return None


def _flush_folder(folder):
    """Make a new name survive a power cut, on systems that open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
