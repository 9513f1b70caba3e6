"""Files with the right checksum and any contents, as an attacker makes them."""

import json
import struct
from hashlib import sha256

import numpy as np
from safetensors.numpy import save

from sklearn_seqattn import __version__
from sklearn_seqattn.storage.files import FORMAT

METADATA = {"version": __version__, "format": FORMAT, "kind": "model"}


def packed(document, arrays=(), **changes):
    """Return the bytes of a file; fields of its metadata may be changed or None."""
    if not isinstance(document, bytes):
        document = json.dumps(document).encode()
    tensors = {**dict(arrays), "document": np.frombuffer(document, np.uint8)}
    state = sha256()
    for name, array in sorted(tensors.items()):
        state.update(f"{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        state.update(array.tobytes())
    metadata = {**METADATA, "sha256": state.hexdigest(), **changes}
    metadata = {name: value for name, value in metadata.items() if value is not None}
    tensors = {name: np.require(a, requirements="C") for name, a in tensors.items()}
    return save(tensors, {"sklearn_seqattn": json.dumps(metadata)})


def split(content):
    """Return the header of a safetensors file, as an object, and its data."""
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def joined(header, data):
    """Return a safetensors file of a header, an object or bytes, and data."""
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data
