"""Identity of files: exact by SHA-256; and a 64-bit perceptual hash, which is recorded beside it.

That hash knows little more than the layout of an image. Which images are copies of each other is
told by more (`review_app.copies.alike`).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import imagehash
import numpy as np
from PIL import Image

BITS: Final = 64
_MASK: Final = (1 << BITS) - 1


def sha256(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's content, read a piece at a time, as 64 lower-case hex digits. Raises
    OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_json(document: Any) -> str:
    """SHA-256 of a document as JSON with sorted keys: what says the same has the same."""
    return sha256(json.dumps(document, sort_keys=True).encode())


def perceptual_hash(image: Image.Image) -> int:
    """64-bit DCT hash (ImageHash ``phash``) as a signed integer, which every database can store."""
    bits = imagehash.phash(image, hash_size=8).hash.reshape(-1)
    unsigned = int.from_bytes(np.packbits(bits).tobytes(), "big")
    return unsigned - (1 << BITS) if unsigned >> (BITS - 1) else unsigned


def to_hex(value: int) -> str:
    """A hash as 16 hex digits, the way ImageHash prints it."""
    return f"{value & _MASK:016x}"


def hamming(a: int, b: int) -> int:
    """Number of differing bits, 0 to 64."""
    return ((a ^ b) & _MASK).bit_count()
