"""Files with the right checksums and any contents, as an attacker makes them."""

import hashlib
import io
import json
import zipfile

from safetensors.numpy import save

NAMES = ["manifest.json", "document.json", "arrays.safetensors"]


def entries_of(content):
    """Give the entries of a sealed file by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(entries, compression=zipfile.ZIP_STORED):
    """Give the bytes of a zip with these pairs of name and bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, part in entries:
            archive.writestr(zipfile.ZipInfo(name), part, compression)
    return content.getvalue()


def sealed(manifest, document, arrays):
    """Seal a document and arrays, each as objects or as bytes."""
    if not isinstance(document, bytes):
        document = json.dumps(document).encode()
    if not isinstance(arrays, bytes):
        arrays = save(arrays)
    sums = zip(NAMES[1:], (document, arrays), strict=True)
    sums = {name: hashlib.sha256(part).hexdigest() for name, part in sums}
    manifest = json.dumps({**manifest, "sha256": sums}).encode()
    return zipped(zip(NAMES, (manifest, document, arrays), strict=True))
