"""Wrong passwords from many addresses: how long others wait to be signed in meanwhile.

Part of ``python -m benchmarks.trust``. Idle and attacked take turns in the same run, at one server;
the addresses are told by a trusted proxy's header, as they would be behind one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.review_site import serving
from benchmarks.scored_queue import ACTOR, opened
from storage.enums import Role

ADDRESSES = 50
ATTACKED, SPRAYED = 10, 3
"""Accounts whose passwords are guessed, again and again; and for one such guess so many at names
that are new each time, which no limit per name slows down."""
OTHERS = 20
ROUNDS = 5
IDLE_SECONDS, BETWEEN = 4.0, 0.15
"""Of each round; and between two sign-ins of the others."""
EVERY = 1.0
"""Seconds between two guesses from one address."""
PATIENCE = 20.0
"""Seconds after which who guesses hangs up; answered by 0, so to say."""
SETTLE_SECONDS = 6.0
"""The server reads its detector when it starts."""
PASSWORD = "correct horse battery staple"
_People = Iterator[tuple[int, str]]


@dataclass
class Seen:
    """How long the others waited, in ms, and what they and the attackers were answered."""

    idle: list[float] = field(default_factory=list)
    attacked: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)
    attackers: Counter[int] = field(default_factory=Counter)


def measure(folder: Path, guesses: int) -> dict[str, Any]:
    """Percentiles of the others' sign-ins, idle and under ``guesses`` wrong passwords; ``folder``
    must be empty."""
    others = [f"other-{i}" for i in range(OTHERS)]
    with opened(folder) as app:
        for name in [f"attacked-{i}" for i in range(ATTACKED)] + others:
            app.people.add(name, Role.REVIEWER, ACTOR, PASSWORD)
    seen = Seen()
    with serving(folder, REVIEW_TRUSTED_PROXIES="127.0.0.1") as server:
        time.sleep(SETTLE_SECONDS)
        asyncio.run(_rounds(_Door(server.port), others, guesses, seen))
    idle, attacked = (_percentiles(times) for times in (seen.idle, seen.attacked))
    return {
        "guesses": guesses,
        "addresses": ADDRESSES,
        "idle_ms": idle,
        "attacked_ms": attacked,
        "p95_ratio": attacked["p95"] / idle["p95"],
        "others_refused": seen.others.total() - seen.others[303],
        "others_answered": {str(code): n for code, n in sorted(seen.others.items())},
        "attackers_answered": {str(code): n for code, n in sorted(seen.attackers.items())},
    }


async def _rounds(door: _Door, others: list[str], guesses: int, seen: Seen) -> None:
    people, targets = cycle(enumerate(others)), _targets()
    for _ in range(ROUNDS):
        over = asyncio.create_task(asyncio.sleep(IDLE_SECONDS))
        await _sign_in_until(over, door, people, seen.idle, seen.others)
        attack = asyncio.create_task(_attack(door, targets, guesses // ROUNDS, seen.attackers))
        await _sign_in_until(attack, door, people, seen.attacked, seen.others)


def _targets() -> Iterator[str]:
    """The names that are tried."""
    for number in count():
        if number % (SPRAYED + 1) == 0:
            yield f"attacked-{number // (SPRAYED + 1) % ATTACKED}"
        else:
            yield f"nobody-{number}"


async def _sign_in_until(
    over: asyncio.Task[None], door: _Door, people: _People, times: list[float], codes: Counter[int]
) -> None:
    """Others sign in, one after another."""
    while not over.done():
        number, name = next(people)
        clock = time.perf_counter()
        codes[await door.sign_in(name, PASSWORD, f"198.51.100.{number + 1}")] += 1
        times.append((time.perf_counter() - clock) * 1000)
        await asyncio.sleep(BETWEEN)
    await over


async def _attack(door: _Door, targets: Iterator[str], guesses: int, codes: Counter[int]) -> None:
    """``guesses`` in all, each address `EVERY` so often and never waiting for an answer."""

    async def guess(number: int, name: str) -> None:
        await asyncio.sleep(EVERY * number / ADDRESSES)
        address = f"203.0.113.{number % ADDRESSES + 1}"
        guessed = door.sign_in(name, f"wrong password {number}", address)
        try:
            codes[await asyncio.wait_for(guessed, PATIENCE)] += 1
        except TimeoutError:
            codes[0] += 1

    await asyncio.gather(*(guess(number, next(targets)) for number in range(guesses)))


@dataclass(frozen=True)
class _Door:
    """The sign-in form, as a proxy in front of the server passes it on."""

    port: int

    async def sign_in(self, name: str, password: str, address: str) -> int:
        """The status of the answer: 303 signs in."""
        body = urlencode({"name": name, "password": password})
        head = (
            f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            f"X-Forwarded-For: {address}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write((head + body).encode())
            status = await reader.readline()
            await reader.read()
            return int(status.split()[1])
        finally:
            writer.close()


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "p50": float(p50), "p95": float(p95)}
