"""Memory that the work of a moment has left behind, given back to the system once it is quiet.

The C library keeps what was freed, and SQLite up to 16 MiB of pages for each connection: after an
admin has looked at a large queue a server would hold twice what it needs.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from review_app.core.errors import StorageError

KEPT: Final = 24 * 2**20
"""Bytes by which a process may grow before anything is given back: less is soon used again."""
QUIET: Final = 0.05
"""The share of a processor that a quiet process uses at most: pages that are open ask now and
then."""
_STATM: Final = Path("/proc/self/statm")


def give_memory_back() -> None:
    """Return what was freed to the system, where the C library keeps it otherwise."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def own_bytes() -> int:
    """Memory that is this process's alone, in bytes; 0 where the system does not tell."""
    try:
        _, resident, shared, *_ = _STATM.read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Looks, again and again, whether there is memory to give back. ``shrink``: empties caches that
    are only useful while somebody works."""

    def __init__(self, shrink: Callable[[], None]) -> None:
        self._shrink = shrink
        self._least: int | None = None
        self._looked = self._times()

    def look(self) -> None:
        """Give memory back, if the process has grown since that was done last and has been quiet
        since the last look."""
        before, self._looked = self._looked, self._times()
        worked, passed = (now - then for now, then in zip(self._looked, before, strict=True))
        if is_due(self._least, own_bytes(), worked / max(passed, 1e-9)):
            with suppress(StorageError):  # which is told where somebody needs the database
                self._shrink()
            give_memory_back()
            self._least = own_bytes()

    @staticmethod
    def _times() -> tuple[float, float]:
        return time.process_time(), time.monotonic()


def is_due(least: int | None, now: int, share: float) -> bool:
    """Whether to give memory back. ``least``, ``now``: bytes after that was done last, and now;
    ``share``: of a processor, used since the last look."""
    return share <= QUIET and (least is None or now > least + KEPT)
