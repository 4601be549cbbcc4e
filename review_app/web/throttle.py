"""Slows down the guessing of passwords."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

PER_NAME = 5
"""Attempts on one name from one address within the window."""
PER_ADDRESS = 50
"""Attempts from one address within the window, whatever the names."""
WINDOW_SECONDS = 300.0
_KEYS_AT_MOST = 10_000


class Throttle:
    """Counts attempts in a sliding window, in memory: a restart forgives.

    An attempt counts from its start, so that many at once get no further than many in turn.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def attempt(self, name: str, address: str) -> int:
        """Count an attempt. Seconds to wait where there were too many, else 0."""
        now = self._clock()
        keys = (((name.casefold(), address), PER_NAME), ((address,), PER_ADDRESS))
        wait = max(self._wait(key, most, now) for key, most in keys)
        if wait > 0:
            return math.ceil(wait)
        for key, _ in keys:
            self._attempts.setdefault(key, deque()).append(now)
            self._attempts.move_to_end(key)
        while len(self._attempts) > _KEYS_AT_MOST:
            self._attempts.popitem(last=False)
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forgive the attempts on this name from this address."""
        self._attempts.pop((name.casefold(), address), None)

    def _wait(self, key: tuple[str, ...], most: int, now: float) -> float:
        times = self._attempts.get(key)
        if times is None:
            return 0.0
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return times[0] + WINDOW_SECONDS - now if len(times) >= most else 0.0
