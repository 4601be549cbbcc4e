"""Stored files are compared with what was stored. Disks fail, and people tidy up."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image

from review_app.core.errors import DamagedImageError, NotFoundError
from review_app.core.files import file_identity
from review_app.core.hashing import sha256
from review_app.i18n import Text

REMEMBERED = 100_000
"""Files that are known to be whole, at most: some 30 MB of memory."""
_logger = logging.getLogger(__name__)

Damage = Callable[[bytes], str | None]
"""What is the matter with a file's content, in English; None where it is whole."""


class Verifier:
    """A verifier that reads each stored file once, and again whenever it is another or was written
    to.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._whole: OrderedDict[Path, tuple[int, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def whole(self, path: Path, damage: Damage, *, again: bool = False) -> Path:
        """``path``, if its content is what it should be; read ``again``, known or not.

        Raises:
            NotFoundError: the file is gone.
            DamagedImageError: it is damaged.
        """
        try:
            identity = file_identity(path)
            if self._is_known(path, identity) and not again:
                return path
            refuse_damage(path, path.read_bytes(), damage)
        except OSError as error:
            raise unreadable(path, error) from error
        self._remember(path, identity)
        return path

    def _is_known(self, path: Path, identity: tuple[int, ...]) -> bool:
        with self._lock:
            if self._whole.get(path) != identity:
                return False
            self._whole.move_to_end(path)
            return True

    def _remember(self, path: Path, identity: tuple[int, ...]) -> None:
        with self._lock:
            self._whole[path] = identity
            if len(self._whole) > REMEMBERED:
                self._whole.popitem(last=False)


def refuse_damage(path: Path, data: bytes, damage: Damage) -> None:
    """Raise ``DamagedImageError`` where ``data``, the content of ``path``, is not whole."""
    found = damage(data)
    if found is not None:
        _logger.error("the stored file %s is damaged: %s", path, found)
        raise DamagedImageError(Text("refusals.image_damaged"))


def unreadable(path: Path, error: OSError) -> NotFoundError | DamagedImageError:
    """What is said of a stored file that cannot be read."""
    _logger.error("the stored file %s cannot be read: %s", path, error)
    if isinstance(error, FileNotFoundError):
        return NotFoundError(Text("refusals.image_missing"))
    return DamagedImageError(Text("refusals.image_damaged"))


def by_hash(digest: str) -> Damage:
    """Content must have this SHA-256, in hex digits."""

    def damage(data: bytes) -> str | None:
        found = sha256(data)
        return None if found == digest else f"its hash is {found}"

    return damage


def by_pixels(width: int, height: int) -> Damage:
    """Content must be an image of this size, whole to its last pixel: where no hash is known."""

    def damage(data: bytes) -> str | None:
        try:
            with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
                size = image.size
                image.load()
        except Exception as error:  # decoders raise whatever they stumble on
            return f"it cannot be decoded ({error})"
        return None if size == (width, height) else f"it has {size[0]} x {size[1]} pixels"

    return damage
