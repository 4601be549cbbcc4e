"""Image files under the data directory, by the hash of their content."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_SUFFIX = {"image/jpeg": ".jpg", "image/png": ".png"}


class MediaStore:
    """Originals as they came, and beside them the copies without metadata that reviewers see."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def original(self, sha256: str) -> Path:
        """Where the untouched file is."""
        return self._place("original", sha256)

    def public(self, sha256: str, media_type: str) -> Path:
        """Where the copy for reviewers is; ``sha256`` is that of the original."""
        return self._place("public", sha256).with_suffix(_SUFFIX[media_type])

    def add(self, sha256: str, data: bytes, public: bytes, public_type: str) -> None:
        """Store both files; each appears whole or not at all."""
        _write_whole(self.original(sha256), data)
        _write_whole(self.public(sha256, public_type), public)

    def _place(self, kind: str, sha256: str) -> Path:
        return self._root / kind / sha256[:2] / sha256


def _write_whole(path: Path, data: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
