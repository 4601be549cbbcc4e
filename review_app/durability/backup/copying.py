"""Files copied and hashed at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from review_app.durability.backup.manifest import Entry

_CHUNK = 2**20
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def hash_of(path: Path) -> Entry:
    """The SHA-256 of a file; one that is a link is refused with an OSError."""
    return _read(path, lambda _chunk: None)


def copy(source: Path, out: Path, *, mode: int = 0o644) -> Entry:
    """Copy ``source`` to the new file ``out``; what was copied. Raises OSError."""
    target = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(target, "wb", buffering=0) as written:
        return _read(source, written.write)


def link(source: Path, out: Path) -> Entry:
    """Give ``source`` the second name ``out``, on the same disk. Raises OSError."""
    os.link(source, out, follow_symlinks=False)
    return hash_of(out)


def flush() -> None:
    """Have all that was written reach the disk."""
    if hasattr(os, "sync"):
        os.sync()


def _read(path: Path, take: Callable[[bytes], object]) -> Entry:
    """What ``take`` was given of a file, a chunk at a time."""
    digest, n_bytes = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_LINKS), "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            take(chunk)
            digest.update(chunk)
            n_bytes += len(chunk)
    return Entry(sha256=digest.hexdigest(), n_bytes=n_bytes)
