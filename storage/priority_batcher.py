"""One thread that deals with whatever waits, all of it at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

PATIENCE = 8
"""Urgent things go so many times in a row before what waits beside them."""


class PriorityBatcher(Generic[Thing]):
    """A batcher that hands ``deal`` what was put since its last call, in order, ``at_most`` so many
    at a time.

    What is urgent goes first and by itself, ``urgent_at_most`` at a time. ``deal`` is called by one
    thread, which starts with the first thing, and must not raise.
    """

    def __init__(
        self, deal: Callable[[list[Thing]], None], at_most: int, urgent_at_most: int = 0
    ) -> None:
        self._deal = deal
        self._at_most = at_most
        self._urgent_at_most = urgent_at_most or at_most
        self._urgent: deque[Thing] = deque()
        self._others: deque[Thing] = deque()
        self._in_a_row = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, thing: Thing, *, urgent: bool = False) -> None:
        """Have it dealt with soon."""
        with self._changed:
            (self._urgent if urgent else self._others).append(thing)
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gathering", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Have what waits dealt with; nothing may be put afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while batch := self._next():
            self._deal(batch)

    def _next(self) -> list[Thing]:
        """What is dealt with now; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._urgent or self._others or self._closed)
            urgent = self._urgent and not (self._others and self._in_a_row >= PATIENCE)
            self._in_a_row = self._in_a_row + 1 if urgent else 0
            waiting = self._urgent if urgent else self._others
            at_most = self._urgent_at_most if urgent else self._at_most
            return [waiting.popleft() for _ in range(min(len(waiting), at_most))]
