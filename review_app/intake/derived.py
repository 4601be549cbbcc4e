"""Files that are computed from images are kept within a limit: what was used longest ago goes
first."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from review_app.intake.store import MediaStore

IN_USE_S = 60.0
"""What was used so recently may be on its way to somebody, and stays."""
_ROOM = 0.1
"""Share of the limit that is made free at a time: each time all files are looked at."""


class _Kept(NamedTuple):
    used: float
    n_bytes: int
    path: Path


class DerivedFiles:
    """A store's derived files, ``max_bytes`` of them; safe to share between threads.

    A file's time of change is when it was last used. Other processes may keep and delete files of
    the same store.
    """

    def __init__(self, media: MediaStore, max_bytes: int) -> None:
        self._media = media
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._n_bytes: int | None = None  # not counted yet

    def place(self, sha256: str, name: str) -> Path:
        """The path where ``name``, computed from the original ``sha256``, is kept."""
        return self._media.derived(sha256, name)

    def find(self, path: Path) -> bool:
        """Whether it is kept, and not cut off; it counts as used now."""
        try:
            os.utime(path)
            return _is_whole(path)
        except FileNotFoundError:
            return False

    def keep(self, path: Path, data: bytes) -> None:
        """Store ``data``, and delete others where they are too many now."""
        with self._lock:
            self._media.keep(path, data)
            if self._n_bytes is None:
                self._n_bytes = sum(kept.n_bytes for kept in self._all())
            else:
                self._n_bytes += len(data)
            if self._n_bytes > self._max_bytes:
                self._make_room()

    def _make_room(self) -> None:
        found = sorted(self._all())
        self._n_bytes = sum(kept.n_bytes for kept in found)
        in_use = time.time() - IN_USE_S
        for kept in found:
            if self._n_bytes <= (1 - _ROOM) * self._max_bytes or kept.used > in_use:
                break
            kept.path.unlink(missing_ok=True)
            with suppress(OSError):  # others are in there
                kept.path.parent.rmdir()
            self._n_bytes -= kept.n_bytes

    def _all(self) -> Iterator[_Kept]:
        for path in self._media.all_derived():
            with suppress(FileNotFoundError):
                about = path.stat()
                yield _Kept(about.st_mtime, about.st_size, path)


def _is_whole(path: Path) -> bool:
    """Whether a WebP is as long as it says (RIFF: the bytes that follow its first eight)."""
    with path.open("rb") as file:
        begins = file.read(12)
        n_bytes = os.fstat(file.fileno()).st_size
    length = int.from_bytes(begins[4:8], "little")
    return begins[:4] == b"RIFF" and begins[8:] == b"WEBP" and n_bytes == length + 8
