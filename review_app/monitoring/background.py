"""A figure that takes long, computed in the background and kept for a while: whoever asks gets the
last one at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from storage.types import utc_now

Figure = TypeVar("Figure")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Latest(Generic[Figure]):
    """The last figure there is; None before the first."""

    value: Figure | None
    at: datetime
    """The time at which it was computed, or was tried in vain."""
    is_computing: bool = False


class BackgroundFigure(Generic[Figure]):
    """One figure, computed in a thread of its own by ``compute`` when somebody asks and there is
    none, or one that ``is_stale`` (by the seconds since then)."""

    def __init__(
        self,
        name: str,
        compute: Callable[[], Figure],
        is_stale: Callable[[Figure | None, float], bool],
    ) -> None:
        self._name, self._compute, self._is_stale = name, compute, is_stale
        self._worker = ThreadPoolExecutor(1, name.replace(" ", "-"))
        self._lock = threading.Lock()
        self._latest: Latest[Figure] | None = None

    def close(self) -> None:
        """Wait for what is being computed."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def current(self) -> Latest[Figure]:
        """The last figure; a newer one is begun where that is old."""
        with self._lock:
            latest, now = self._latest, utc_now()
            if latest is not None:
                age = (now - latest.at).total_seconds()
                if latest.is_computing or not self._is_stale(latest.value, age):
                    return latest
            begun = (
                Latest(None, now, True) if latest is None else Latest(latest.value, latest.at, True)
            )
            self._latest = begun
            self._worker.submit(self._run, begun)
            return begun

    def _run(self, begun: Latest[Figure]) -> None:
        value = begun.value
        try:
            value = self._compute()
        except Exception:  # the page goes on telling the last one, and a later look tries again
            _log.exception("%s could not be computed", self._name)
        with self._lock:
            self._latest = Latest(value, utc_now())
