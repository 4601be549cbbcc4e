"""Image files under the data directory, by the hash of their content."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from review_app.core.faults import storing
from review_app.core.files import atomic_write
from review_app.intake.verification import (
    Verifier,
    by_hash,
    by_pixels,
    refuse_damage,
    unreadable,
)
from storage.models.image import Picture

_SUFFIX = {"image/jpeg": ".jpg", "image/png": ".png"}
_ABANDONED_S = 3600.0
"""No file takes this long to write: what is older was left by a process that was killed."""


def public_suffix(media_type: str) -> str:
    """How the names of copies for reviewers end."""
    return _SUFFIX[media_type]


class MediaStore:
    """Originals as they came, and beside them the copies without metadata that reviewers see.

    What is read of it is checked first: a file that was cut off or replaced is given to nobody.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / "drafts"
        self._verifier = Verifier()

    def original(self, sha256: str) -> Path:
        """The path of the untouched file."""
        return self._place("original", sha256)

    def public(self, sha256: str, media_type: str) -> Path:
        """The path of the copy for reviewers; ``sha256`` is that of the original."""
        return self._place("public", sha256).with_suffix(_SUFFIX[media_type])

    def verified_public(self, picture: Picture, *, again: bool = False) -> Path:
        """The path of the copy for reviewers, which is whole; it is read ``again``, though it was
        found whole before.

        Raises:
            NotFoundError: the file is gone.
            DamagedImageError: it is damaged.
        """
        known = picture.public_sha256
        damage = by_hash(known) if known else by_pixels(picture.width, picture.height)
        path = self.public(picture.sha256, picture.public_type)
        return self._verifier.whole(path, damage, again=again)

    def verified_original(self, sha256: str, *, again: bool = False) -> Path:
        """The path of the untouched file, which is whole. Raises as ``verified_public``."""
        return self._verifier.whole(self.original(sha256), by_hash(sha256), again=again)

    def read_original(self, sha256: str) -> bytes:
        """The untouched file, whole. Raises as ``verified_public``."""
        path = self.original(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
        refuse_damage(path, data, by_hash(sha256))
        return data

    def add(self, sha256: str, data: bytes, public: bytes, public_type: str) -> None:
        """Store both files; each appears whole or not at all, and is on disk on return.

        One that is there with other content, damaged perhaps, is replaced.
        """
        self._write(self.original(sha256), data)
        self._write(self.public(sha256, public_type), public)

    def remove(self, sha256: str) -> None:
        """Delete all that is stored of a file; what is not there is no fault."""
        for suffix in ("", *_SUFFIX.values()):
            for kind in ("original", "public"):
                self._place(kind, sha256).with_suffix(suffix).unlink(missing_ok=True)
        shutil.rmtree(self._place("derived", sha256), ignore_errors=True)

    def derived(self, sha256: str, name: str) -> Path:
        """The path where something computed from the original is kept; it may be deleted at any
        time."""
        return self._place("derived", sha256) / name

    def all_derived(self) -> Iterator[Path]:
        """Every file that ``derived`` gave a place."""
        return (path for path in (self._root / "derived").rglob("*") if path.is_file())

    def all_stored(self) -> Iterator[Path]:
        """Every original and every copy for reviewers."""
        for kind in ("original", "public"):
            yield from (path for path in (self._root / kind).rglob("[!.]*") if path.is_file())

    def relative(self, path: Path) -> str:
        """A file's path below the data directory."""
        return path.relative_to(self._root.parent).as_posix()

    def keep(self, path: Path, data: bytes) -> None:
        """Store what ``derived`` gave a place; it appears whole or not at all.

        It is written though it is there already: that it was would be told by the time it takes.
        """
        self._write(path, data, always=True)

    def sweep(self) -> None:
        """Delete drafts that a killed process of an older version left behind."""
        for draft in self._drafts.glob("*"):
            if time.time() - draft.stat().st_mtime > _ABANDONED_S:
                draft.unlink(missing_ok=True)

    def _place(self, kind: str, sha256: str) -> Path:
        return self._root / kind / sha256[:2] / sha256

    def _write(self, path: Path, data: bytes, *, always: bool = False) -> None:
        if not always and _holds(path, data):
            return
        with storing():
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, mode=0o600) as file:
                file.write(data)


def _holds(path: Path, data: bytes) -> bool:
    """Whether the file is there with exactly this content."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
