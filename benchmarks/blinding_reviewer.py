"""A reviewer who writes down everything that the server says while they work as a page does."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from benchmarks.blinding_features import Features, Told, changes, features, told
from review_app.web.identity import COOKIE

AHEAD = 6
BASE = "/api/v1/review"
OWN = ("image", "small", "noise", "metadata")


@dataclass
class Seen:
    """What was told of one item, by the handle that it went under."""

    handle: str
    before: list[Told] = field(default_factory=list)
    """What was told until it was answered."""
    after: list[Told] = field(default_factory=list)
    """What was told from its answer until the next one's."""
    task: Features = field(default_factory=dict)
    counts: tuple[Told, Told] | None = None
    """The header's numbers before and after the answer."""


def known_before(seen: Seen) -> Features:
    """What somebody can go by who is about to answer."""
    found = dict(seen.task)
    for answer in seen.before:
        found |= features(answer)
    return found


def known_after(seen: Seen) -> Features:
    """What somebody can go by who has answered, taken that back, and answered again."""
    found = known_before(seen)
    for answer in seen.after:
        found |= features(answer)
    if seen.counts is not None:
        before, after = (features(counts) for counts in seen.counts)
        found |= changes(before, after, "change of")
    return found


class Watcher:
    """One signed-in reviewer at ``url``; ``value`` is what they answer."""

    def __init__(self, url: str, token: str, value: Callable[[], str]) -> None:
        self._client = httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=60)
        self._value = value
        self._since = datetime.now(UTC).isoformat()

    def close(self) -> None:
        self._client.close()

    def work(self, most: int) -> list[Seen]:
        """Work until nothing is left, or ``most`` items are answered."""
        found: list[Seen] = []
        hand: list[Seen] = []
        known: set[str] = set()
        counts = self._counts()
        while len(found) < most:
            hand += self._take(known)
            if not hand:
                break
            seen = hand.pop(0)
            seen.before += self._look(seen)
            seen.after += self._answer(seen)
            after = self._counts()
            seen.counts, counts = (counts, after), after
            seen.after.append(after)
            found.append(seen)
        return found

    def _take(self, known: set[str]) -> list[Seen]:
        reply, tasks = self._ask("take", "POST", f"{BASE}/take", {"n": AHEAD})
        new = [task for task in tasks if task["item_id"] not in known]
        known.update(task["item_id"] for task in new)
        found = []
        for task in new:
            place = {
                "place": float(tasks.index(task)),
                "place among the new": float(new.index(task)),
                "new": float(len(new)),
            }
            own = told_of(task)
            found.append(Seen(task["item_id"], [reply, own], task=place))
        return found

    def _look(self, seen: Seen) -> list[Told]:
        address = f"/media/{seen.handle}"
        of = {
            "image": address,
            "small": f"{address}/small",
            "noise": f"{address}/view/noise",
            "metadata": f"{address}/metadata",
        }
        return [
            *(self._ask(what, "GET", place)[0] for what, place in of.items()),
            self._ask("part", "GET", address, range="bytes=0-63")[0],
            self._ask("similar", "POST", f"{BASE}/similar", {"item_id": seen.handle})[0],
        ]

    def _answer(self, seen: Seen) -> list[Told]:
        """Answered, taken back, answered again, and looked up."""
        given = {"item_id": seen.handle, "value": self._value(), "seconds": 2.5}
        first = self._ask("label", "POST", f"{BASE}/label", {"client_id": _id(), **given})[0]
        undo = self._ask("undo", "POST", f"{BASE}/undo", {"client_id": _id()})[0]
        again = {"client_id": _id(), **given}
        entries = {"entries": [{"kind": "label", **again}]}
        second = self._ask("answers", "POST", f"{BASE}/answers", entries)[0]
        change = {"client_id": _id(), "of": again["client_id"], "value": self._value()}
        changed = self._ask("change", "POST", f"{BASE}/change", change)[0]
        listed = self._ask("recent", "GET", f"{BASE}/recent?n=1")[0]
        return [first, undo, second, changed, listed]

    def _counts(self) -> Told:
        return self._ask("progress", "GET", f"{BASE}/progress", since=self._since)[0]

    def _ask(
        self,
        what: str,
        method: str,
        address: str,
        body: Any = None,
        since: str | None = None,
        range: str | None = None,  # noqa: A002 - the header's name
    ) -> tuple[Told, Any]:
        headers = {} if range is None else {"range": range}
        params = None if since is None else {"since": since}
        clock = time.perf_counter()
        answer = self._client.request(method, address, json=body, headers=headers, params=params)
        seconds = time.perf_counter() - clock
        answer.raise_for_status()
        kept = told(what, answer, seconds)
        return kept, answer.json() if kept.text else None


def told_of(task: dict[str, Any]) -> Told:
    """What a list of tasks says of one of them."""
    text = json.dumps(task)
    return Told("task", 0.0, 200, [], text, len(text))


def _id() -> str:
    return str(uuid.uuid4())
