"""Reviewers as a process of their own: it does as little as it can, to leave the processor to the
server that is measured.

``python -m benchmarks.review_clients``: one JSON document of `Work` on stdin, one of `Told` on
stdout.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

AHEAD = 40
"""Items that a page asks for, as the review page does at rest."""
SHORT = 0.75
"""It asks for more when it holds less than this share."""


@dataclass(frozen=True)
class Work:
    """What the reviewers are to do."""

    port: int
    cookies: list[str]
    """The cookies of those who are signed in."""
    seconds: float
    ahead: bool
    """Whether many items are held and what was answered travels in one call, as the page does it.
    Else each is taken and answered in a call of its own."""
    every: float
    """Seconds between two answers of one person; 0: as fast as the server lets them."""


@dataclass
class Told:
    """What came of it."""

    waits: list[float] = field(default_factory=list)
    """Seconds from an answer until the next item was in hand."""
    takes: list[float] = field(default_factory=list)
    """Seconds that asking for items took."""
    answers: list[float] = field(default_factory=list)
    """Seconds until a call with answers was acknowledged."""
    stored: list[str] = field(default_factory=list)
    """Handles of items whose answers the server has acknowledged."""
    took: float = 0.0
    """Seconds that all of it took."""
    processor_seconds: float = 0.0
    """The seconds of this process, meanwhile."""


class Line:
    """One connection of one person, kept open."""

    def __init__(self, work: Work, cookie: str, number: int) -> None:
        self._port = work.port
        self._head = (
            f"Host: 127.0.0.1:{work.port}\r\nCookie: {cookie}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self._name = f"{time.time_ns()}-{number}"
        self._sent = 0

    async def open(self) -> None:
        self._from, self._to = await asyncio.open_connection("127.0.0.1", self._port)

    async def take(self, n: int) -> list[str]:
        """The handles of all that is held now."""
        return [task["item_id"] for task in await self._post("take", {"n": n})]

    async def label(self, item: str) -> str:
        """Answer one item; its handle, once that is acknowledged."""
        receipt = await self._post("label", self._answer(item))
        return str(receipt["item_id"])

    async def answers(self, items: list[str]) -> list[str]:
        """Answer several in one call; their handles, once that is acknowledged."""
        entries = [{"kind": "label", **self._answer(item)} for item in items]
        outcomes = await self._post("answers", {"entries": entries})
        return [outcome["receipt"]["item_id"] for outcome in outcomes]

    def _answer(self, item: str) -> dict[str, Any]:
        self._sent += 1
        return {"client_id": f"{self._name}-{self._sent}", "item_id": item, "value": "real"}

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        content = json.dumps(body)
        start = f"POST /api/v1/review/{path} HTTP/1.1\r\n"
        self._to.write(f"{start}{self._head}{len(content)}\r\n\r\n{content}".encode())
        head = (await self._from.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        reply = json.loads(await self._from.readexactly(length))
        if b" 200 " not in head[:20]:
            raise RuntimeError(f"{path} was refused: {reply}")
        return reply


class Reviewer:
    """One person at work until ``end``."""

    def __init__(self, work: Work, cookie: str, number: int, told: Told) -> None:
        self._work = work
        self._told = told
        self._line = Line(work, cookie, number)
        self._hand: deque[str] = deque()
        self._fresh = asyncio.Event()
        self._unsent: list[str] = []
        self._known: set[str] = set()

    async def work(self) -> None:
        await self._line.open()
        end = time.perf_counter() + self._work.seconds
        await (self._work_ahead(end) if self._work.ahead else self._work_singly(end))

    async def _work_singly(self, end: float) -> None:
        while time.perf_counter() < end:
            clock = time.perf_counter()
            (item,) = await self._line.take(1)
            told = time.perf_counter()
            self._told.takes.append(told - clock)
            self._told.waits.append(told - clock)
            self._told.stored.append(await self._line.label(item))
            self._told.answers.append(time.perf_counter() - told)

    async def _work_ahead(self, end: float) -> None:
        await self._fetch()
        line = asyncio.create_task(self._talk(end))
        due = time.perf_counter()
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._unsent.append(self._hand.popleft())
            clock = time.perf_counter()
            while not self._hand and not line.done():
                self._fresh.clear()
                await self._fresh.wait()
            self._told.waits.append(time.perf_counter() - clock)
            due = max(due + self._work.every, time.perf_counter())
        await line

    async def _talk(self, end: float) -> None:
        while self._unsent or time.perf_counter() < end:
            await asyncio.sleep(0.002)
            if sent := self._unsent[:50]:
                clock = time.perf_counter()
                self._told.stored += await self._line.answers(sent)
                self._told.answers.append(time.perf_counter() - clock)
                del self._unsent[: len(sent)]
            if len(self._hand) < SHORT * AHEAD:
                await self._fetch()
        self._fresh.set()

    async def _fetch(self) -> None:
        clock = time.perf_counter()
        held = await self._line.take(min(80, AHEAD + len(self._unsent)))
        self._told.takes.append(time.perf_counter() - clock)
        self._hand.extend(item for item in held if item not in self._known)
        self._known.update(held)
        self._fresh.set()


async def _all_at_work(work: Work) -> Told:
    told = Told()
    people = [Reviewer(work, cookie, i, told) for i, cookie in enumerate(work.cookies)]
    clock, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(person.work() for person in people))
    told.took = time.perf_counter() - clock
    told.processor_seconds = time.process_time() - spent
    return told


def main() -> None:
    """Read the work, do it, and tell."""
    work = Work(**json.load(sys.stdin))
    json.dump(asdict(asyncio.run(_all_at_work(work))), sys.stdout)


if __name__ == "__main__":
    main()
