"""Files that people put on the Inspect page: in memory, for a while, each for one person alone."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.errors import NotFoundError
from review_app.words import Text
from storage.types import utc_now

KEPT_FOR = timedelta(minutes=30)
MAX_BYTES = 256 * 1024**2
"""Of all files together; the oldest go first."""


@dataclass(frozen=True, slots=True)
class _Held:
    person_id: int
    data: bytes
    since: datetime


class HeldFiles:
    """The last file of each person; safe to share between threads. ``clock`` tells the time."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def hold(self, person_id: int, data: bytes) -> str:
        """Keep ``data`` in place of what the person had before; a name that nobody can guess."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._drop(lambda held: held.person_id == person_id or self._is_over(held))
            self._held[token] = _Held(person_id, data, self._clock())
            while len(self._held) > 1 and self._bytes() > MAX_BYTES:
                del self._held[next(iter(self._held))]
        return token

    def get(self, person_id: int, token: str) -> bytes:
        """What ``token`` names. Raises NotFoundError where it is gone, or another person's."""
        with self._lock:
            self._drop(self._is_over)
            held = self._held.get(token)
        if held is None or held.person_id != person_id:
            raise NotFoundError(Text("refusals.held_no_longer"))
        return held.data

    def _is_over(self, held: _Held) -> bool:
        return self._clock() - held.since > KEPT_FOR

    def _drop(self, goes: Callable[[_Held], bool]) -> None:
        for token in [token for token, held in self._held.items() if goes(held)]:
            del self._held[token]

    def _bytes(self) -> int:
        return sum(len(held.data) for held in self._held.values())
