"""Model files and checkpoints: safetensors files that are checked before use.

The arrays and the JSON document, an array of bytes, are the tensors of the file. Its
metadata holds the format, the version of the library and a checksum of all tensors.
"""

import json
import os
import re
import stat
from contextlib import suppress
from hashlib import sha256

import numpy as np

from sklearn_seqattn._version import __version__

#: Version of the format that this library writes; it reads this one and older ones.
FORMAT = 1

_LIBRARY = "sklearn_seqattn"  # the key of the metadata
_DOCUMENT = "document"  # the name of the tensor with the JSON
_FIELDS = {"format", "kind", "sha256", "version"}
_LARGEST_HEADER = 2**24  # bytes
_LARGEST_DOCUMENT = 2**26  # bytes
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}[a-z0-9.]{0,12}")


class FileFormatError(ValueError):
    """A file is damaged, hostile, or of an unknown format.

    `load_model` raises it for anything wrong inside a file, before it builds
    anything of a size that the file asks for. `fit` raises it for checkpoints.

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


def write_file(path, kind, document, arrays):
    """Write a document and arrays to one file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file. An existing one is replaced once the new one is on the disk.
    kind : {"model", "checkpoint"}
        What the file holds.
    document : dict
        JSON values.
    arrays : dict of str to ndarray
        Arrays of numbers or booleans in native byte order and any memory layout.

    Raises
    ------
    OSError
        If the disk is full or the folder is not writable. An existing file is
        unchanged then.
    ImportError
        If safetensors is not installed.
    """
    # safetensors reads the memory of an array as it is
    tensors = {name: np.require(a, requirements="C") for name, a in arrays.items()}
    tensors[_DOCUMENT] = np.frombuffer(_to_json(document), np.uint8)
    metadata = {
        "format": FORMAT,
        "kind": kind,
        "sha256": _checksum(tensors),
        "version": __version__,
    }
    # One key only: safetensors writes several in a random order.
    metadata = {_LIBRARY: _to_json(metadata).decode()}
    replace_file(path, _safetensors().save(tensors, metadata))


def read_file(path, kind):
    """Read a file that `write_file` has written.

    Parameters
    ----------
    path : str or path-like
        The file.
    kind : {"model", "checkpoint"}
        What it must hold.

    Returns
    -------
    document : dict
        JSON values.
    arrays : dict of str to ndarray
        Read-only arrays.

    Raises
    ------
    OSError
        If the file cannot be read.
    FileFormatError
        If it holds anything else.
    ImportError
        If safetensors is not installed.
    """
    safetensors = _safetensors()
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileFormatError(f"{path} is not a regular file.")
        content = file.read()
    try:
        metadata = _read_metadata(content)
        _check_metadata(metadata, kind)
        arrays = safetensors.load(content)
        if _checksum(arrays) != metadata["sha256"]:
            raise FileFormatError("its contents do not match its checksum.")
        document = arrays.pop(_DOCUMENT)
        if document.nbytes > _LARGEST_DOCUMENT:
            raise FileFormatError("its document is too large.")
        return parse_json(document.tobytes()), arrays
    except FileFormatError as error:
        raise FileFormatError(f"{path} cannot be loaded: {error}") from None
    except Exception as error:  # parsers of hostile bytes raise errors of any type
        raise FileFormatError(
            f"{path} cannot be loaded: it is damaged or not a file of sklearn_seqattn "
            f"({type(error).__name__})."
        ) from error


def parse_json(text):
    """Parse strict JSON: no repeated keys, no NaN, no infinity.

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
        If `text` is anything else.
    """
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
    except FileFormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"it holds no valid JSON ({error}).") from None


def _to_json(value):
    """Return compact JSON in UTF-8."""
    options = {"allow_nan": False, "separators": (",", ":")}
    try:
        return json.dumps(value, ensure_ascii=False, **options).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8, but an escape
        return json.dumps(value, **options).encode()


def _checksum(arrays):
    """Return the SHA-256 of all names, dtypes, shapes and contents."""
    state = sha256()
    for name in sorted(arrays):
        array = arrays[name]
        state.update(f"{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        state.update(array)
    return state.hexdigest()


def _open_at_once(path, flags):
    """Open a file without waiting for a writer if it is a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unique_keys(pairs):
    """Build a dict of pairs with distinct keys."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FileFormatError("a key of its JSON is repeated.")
    return found


def _no_constant(name):
    """Refuse NaN and Infinity, which are not JSON."""
    raise FileFormatError(f"its JSON holds {name}.")


def _read_metadata(content):
    """Return the metadata of this library from the header of a safetensors file."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(_LARGEST_HEADER, len(content) - 8):
        raise FileFormatError("it is damaged or not a file of sklearn_seqattn.")
    metadata = parse_json(content[8 : 8 + size]).get("__metadata__", {})
    if _LIBRARY not in metadata:
        raise FileFormatError("it is not a file of sklearn_seqattn.")
    return parse_json(metadata[_LIBRARY].encode())


def _check_metadata(metadata, kind):
    """Refuse a newer format, another kind and unknown fields."""
    if not isinstance(metadata, dict) or not metadata.keys() >= _FIELDS:
        raise FileFormatError(f"its metadata lacks some of {sorted(_FIELDS)}.")
    version, number = metadata["version"], metadata["format"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise FileFormatError("its version is not one of sklearn_seqattn.")
    if type(number) is not int or number < 1:
        raise FileFormatError(f"its format is {number!r:.20}, not a number from 1.")
    if number > FORMAT:
        raise FileFormatError(
            f"it has format {number}, made by sklearn_seqattn {version}, but this is "
            f"{__version__}, which reads formats up to {FORMAT}. Install "
            f"sklearn_seqattn>={version}."
        )
    if metadata["kind"] != kind:
        raise FileFormatError(f"it is not a {kind} of sklearn_seqattn.")
    if metadata.keys() != _FIELDS:
        raise FileFormatError("its metadata has fields that its format does not have.")


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


def replace_file(path, content):
    """Write a temporary file, flush it to the disk, and rename it to `path`.

    Parameters
    ----------
    path : str or path-like
        The file. Where it is a link, what it leads to is replaced.
    content : bytes
        All that it holds. An existing file is unchanged if it cannot be written.
    """
    given, path = path, os.path.realpath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"The path {str(given)!r} is a folder; add a name.")
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        _write_new(folder, temporary, content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # a folder can be opened: make the new name durable
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_new(folder, temporary, content):
    """Write a file that gets its name when it is complete, if the disk can do that."""
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
    """Open a file that vanishes with its process, or return None."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o666)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:  # this file system has no such files
        return None
