"""One thread that deals with whatever waits, all of it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class _End:
    """Nothing comes after this."""


class Gathering(Generic[Thing]):
    """Hands ``deal`` what was put since its last call, in order, ``at_most`` so many at a time.

    ``deal`` is called by one thread, which starts with the first thing, and must not raise.
    """

    def __init__(self, deal: Callable[[list[Thing]], None], at_most: int) -> None:
        self._deal = deal
        self._at_most = at_most
        self._waiting: SimpleQueue[Thing | _End] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, thing: Thing) -> None:
        """Have it dealt with soon."""
        self._waiting.put(thing)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gathering", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Have what waits dealt with; nothing may be put afterwards."""
        if self._thread is not None:
            self._waiting.put(_End())
            self._thread.join()

    def _run(self) -> None:
        while not isinstance(first := self._waiting.get(), _End):
            self._deal([first, *self._others()])

    def _others(self) -> list[Thing]:
        """Those that wait beside the first."""
        found: list[Thing] = []
        while len(found) < self._at_most - 1:
            try:
                thing = self._waiting.get_nowait()
            except Empty:
                break
            if isinstance(thing, _End):
                self._waiting.put(thing)  # the last again
                break
            found.append(thing)
        return found
