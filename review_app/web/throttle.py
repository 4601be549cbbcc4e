"""Slows down the guessing of passwords, and says whose attempts may wait for those of others."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from review_app.web.proxies import Client

FREE_PER_NAME = 5
"""Wrong attempts on one name, from all addresses together, before the next has to wait."""
FREE_PER_ADDRESS = 10
"""The same from one address, whatever the names."""
FIRST_WAIT, LONGEST_WAIT = 15.0, 900.0
"""Seconds; each further wrong attempt doubles the wait before the next."""
NAMES_FORGET, ADDRESSES_FORGET = 86_400.0, 3_600.0
"""Seconds without an attempt after which the count starts anew."""
_GOOD_SECONDS = 86_400.0
_DOUBTFUL = 3
"""Wrong attempts, or such as are under way, at which a browser or an address that people sign in at
is like any other."""
_MAX_KEYS = 50_000

Clock = Callable[[], float]


class Standing(IntEnum):
    """The standing of an attempt: whose password is checked first, where several wait."""

    KNOWN = 0
    """The attempt comes from a browser or an address at which somebody has signed in."""
    NEW = 1
    """The attempt comes from an address that nothing is known of."""
    SUSPECT = 2
    """The attempt comes from an address with wrong attempts of late."""


@dataclass(frozen=True)
class Attempt:
    """Somebody gives a name and a password."""

    name: str
    client: Client
    device: str | None = None
    """The token of the browser, where that user has signed in at it before; else None."""


class Throttle:
    """A count of wrong attempts, in memory: a restart forgives.

    An attempt counts from its start, so that many at once get no further than many in turn; one
    that turns out right is taken back. At a known device only what is tried there counts, so who
    hammers at a name shuts out nobody who has signed in before.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._names = _Backoff(FREE_PER_NAME, NAMES_FORGET, clock)
        self._devices = _Backoff(FREE_PER_NAME, NAMES_FORGET, clock)
        self._addresses = _Backoff(FREE_PER_ADDRESS, ADDRESSES_FORGET, clock)
        self._good: OrderedDict[str, float] = OrderedDict()

    def begin(self, attempt: Attempt) -> int:
        """Count the attempt. Seconds to wait where there were too many, else 0."""
        counters = self._counters(attempt)
        wait = max(counter.wait(key) for counter, key in counters)
        if wait > 0:
            return math.ceil(wait)
        for counter, key in counters:
            counter.add(key)
        return 0

    def standing(self, attempt: Attempt) -> Standing:
        """How the attempt stands; ask before it is counted."""
        if attempt.device is not None:
            n_wrong = self._devices.n(_key(attempt.name, attempt.device))
            return Standing.KNOWN if n_wrong < _DOUBTFUL else Standing.SUSPECT
        address = attempt.client.address
        if attempt.client.is_shared:
            n_wrong = self._names.n(_key(attempt.name))
        else:
            n_wrong = self._addresses.n(address)
            if n_wrong < _DOUBTFUL and self._is_good(address):
                return Standing.KNOWN
        return Standing.SUSPECT if n_wrong else Standing.NEW

    def succeeded(self, attempt: Attempt) -> None:
        """Forgive what was tried on this name there, for its person has come."""
        if attempt.device is not None:
            self._devices.forget(_key(attempt.name, attempt.device))
            return
        self._addresses.take_back(attempt.client.address)
        self._names.forget(_key(attempt.name))
        self._good[attempt.client.address] = self._clock()
        self._good.move_to_end(attempt.client.address)
        if len(self._good) > _MAX_KEYS:
            self._good.popitem(last=False)

    def withdraw(self, attempt: Attempt) -> None:
        """The attempt was not looked at after all."""
        for counter, key in self._counters(attempt):
            counter.take_back(key)

    def _counters(self, attempt: Attempt) -> list[tuple[_Backoff, str]]:
        if attempt.device is not None:
            return [(self._devices, _key(attempt.name, attempt.device))]
        counters = [(self._names, _key(attempt.name))]
        # What is tried at the address that everybody comes from says nothing of anybody.
        if not attempt.client.is_shared:
            counters.append((self._addresses, attempt.client.address))
        return counters

    def _is_good(self, address: str) -> bool:
        at = self._good.get(address)
        return at is not None and self._clock() - at < _GOOD_SECONDS


@dataclass
class _Attempts:
    n: int
    last: float


class _Backoff:
    """How many wrong attempts each key has had, and how long the next has to wait."""

    def __init__(self, free: int, forget_after: float, clock: Clock) -> None:
        self._free = free
        self._forget_after = forget_after
        self._clock = clock
        self._counts: OrderedDict[str, _Attempts] = OrderedDict()

    def n(self, key: str) -> int:
        count = self._counts.get(key)
        if count is None or self._clock() - count.last >= self._forget_after:
            return 0
        return count.n

    def wait(self, key: str) -> float:
        """Seconds until the next attempt may be made."""
        over = self.n(key) - self._free
        if over < 0:
            return 0.0
        # Bounded first: the power would outgrow what a float holds.
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(over, 20))
        return max(0.0, self._counts[key].last + wait - self._clock())

    def add(self, key: str) -> None:
        self._counts[key] = _Attempts(self.n(key) + 1, self._clock())
        self._counts.move_to_end(key)
        if len(self._counts) > _MAX_KEYS:
            self._counts.popitem(last=False)

    def take_back(self, key: str) -> None:
        """One attempt less."""
        count = self._counts.get(key)
        if count is None:
            return
        count.n -= 1
        if count.n <= 0:
            del self._counts[key]

    def forget(self, key: str) -> None:
        self._counts.pop(key, None)


def _key(*parts: str) -> str:
    return "\0".join([parts[0].strip().casefold(), *parts[1:]])
