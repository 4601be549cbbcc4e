"""Files that people put on the Inspect page: kept for a while, each for one person alone."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from review_app.core.errors import NotFoundError
from review_app.i18n import Text
from storage.types import utc_now

KEPT_FOR = timedelta(minutes=30)
MAX_BYTES = 256 * 1024**2
"""The most bytes of all files together; the oldest go first."""


@dataclass(frozen=True, slots=True)
class _Held:
    person_id: int
    size: int
    since: datetime


class UploadCache:
    """The last file of each person, in ``folder``; safe to share between threads.

    Whatever lies there from an earlier run is deleted. ``clock`` tells the time.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        shutil.rmtree(folder, ignore_errors=True)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def hold(self, person_id: int, path: Path) -> str:
        """Keep a copy of the file at ``path`` in place of what the person had before; a name that
        nobody can guess."""
        token = secrets.token_urlsafe(24)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._folder / token
        shutil.copyfile(path, kept)
        with self._lock:
            self._drop(lambda held: held.person_id == person_id or self._is_over(held))
            self._held[token] = _Held(person_id, kept.stat().st_size, self._clock())
            while len(self._held) > 1 and self._bytes() > MAX_BYTES:
                self._delete(next(iter(self._held)))
        return token

    def get(self, person_id: int, token: str) -> Path:
        """The file that ``token`` names.

        Raises NotFoundError where it is gone, or another person's.
        """
        with self._lock:
            self._drop(self._is_over)
            held = self._held.get(token)
        if held is None or held.person_id != person_id:
            raise NotFoundError(Text("refusals.held_no_longer"))
        return self._folder / token

    def sweep(self) -> None:
        """Delete what has been kept for long enough."""
        with self._lock:
            self._drop(self._is_over)

    def _is_over(self, held: _Held) -> bool:
        return self._clock() - held.since > KEPT_FOR

    def _drop(self, goes: Callable[[_Held], bool]) -> None:
        for token in [token for token, held in self._held.items() if goes(held)]:
            self._delete(token)

    def _delete(self, token: str) -> None:
        del self._held[token]
        (self._folder / token).unlink(missing_ok=True)

    def _bytes(self) -> int:
        return sum(held.size for held in self._held.values())
