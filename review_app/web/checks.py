"""Checks of passwords, in an order that lets nobody who guesses hold up whoever signs in.

Each takes a core and 64 MiB for about a tenth of a second (argon2id).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from review_app.core.errors import BusyError
from review_app.web.proxies import Client
from review_app.web.throttle import Standing

T = TypeVar("T")

_KNOWN_AT_ONCE = 2
_MAX_WAITING = 64
_MAX_WAITING_PER_ADDRESS = 4
_NICE = 5


class PasswordChecks:
    """A runner of checks in threads: those of good standing at once, others one after another.

    The one thread of the others gives way to all else in this process, and is handed round among
    the addresses that wait for it.
    """

    def __init__(self) -> None:
        self._known = CapacityLimiter(_KNOWN_AT_ONCE)
        self._others = ThreadPoolExecutor(1, "password-check", initializer=_give_way)
        self._waiting = _FairQueue()
        self._is_taken = False

    async def run(self, standing: Standing, client: Client, check: Callable[[], T]) -> T:
        """What ``check`` returns or raises. Raises ``BusyError`` where too many wait already."""
        if standing is Standing.KNOWN:
            return await run_sync(check, limiter=self._known)
        await self._turn(standing, client)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._others, check)
        finally:
            self._pass_on()

    async def _turn(self, standing: Standing, client: Client) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.join(standing, client, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while (turn := self._waiting.next()) is not None:
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False


class _FairQueue:
    """Who is next: by standing, then in rounds in which each address has one turn."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, str, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._of_address: Counter[str] = Counter()
        self._round = 0

    def join(self, standing: Standing, client: Client, turn: asyncio.Future[None]) -> None:
        n = self._of_address[client.address]
        if n >= _MAX_WAITING_PER_ADDRESS and not client.is_shared:
            raise _busy()
        if len(self._heap) >= _MAX_WAITING:
            self._make_room(standing)
        entry = (standing, self._round + n, next(self._numbers), client.address, turn)
        heapq.heappush(self._heap, entry)
        self._of_address[client.address] += 1

    def next(self) -> asyncio.Future[None] | None:
        if not self._heap:
            return None
        standing, round_, _, address, turn = heapq.heappop(self._heap)
        if standing == Standing.SUSPECT:
            self._round = max(self._round, round_)
        self._leave(address)
        return turn

    def _make_room(self, standing: Standing) -> None:
        """The last in line goes, where it stands worse. Raises ``BusyError`` where none does."""
        last = max(self._heap)
        worst, _, _, address, turn = last
        if worst <= standing:
            raise _busy()
        self._heap.remove(last)
        heapq.heapify(self._heap)
        self._leave(address)
        if not turn.done():
            turn.set_exception(_busy())

    def _leave(self, address: str) -> None:
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]


def _busy() -> BusyError:
    return BusyError("too many passwords wait to be checked")


def _give_way() -> None:
    """Have this thread yield to the others, where the system can do that for one thread (Linux)."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
