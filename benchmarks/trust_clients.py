"""Reviewers who keep each answer until it is acknowledged, and send it again, as the page does."""

from __future__ import annotations

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from review_app.web.identity import COOKIE

AT_ONCE = 6
"""Items taken at once."""
MAX_IN_A_CALL = 4
PAUSE = 0.02
"""Seconds between two calls of one person, at most twice that."""
SKIPS, UNDOS = 0.03, 0.08
"""Share of what people do."""
_RETRY = (429, 503, 507)
"""The replies that mean "not now": the same call is made again, a moment later."""
Entry = dict[str, Any]


@dataclass
class Record:
    """What one person has sent, and what the server has said about it."""

    sent: dict[str, str] = field(default_factory=dict)
    """Kind of each entry, by its client id."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """Codes."""
    cut: int = 0
    """Calls that were under way when the server was killed."""


class Client(threading.Thread):
    """One person at work until ``halt``."""

    def __init__(self, url: str, token: str, seed: int, halt: threading.Event) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._token = token
        self._rng = random.Random(seed)
        self._halt = halt
        self._hand: list[Any] = []
        self._unsent: list[Entry] = []
        self._newest: str | None = None
        self.record = Record()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Take and answer; whatever else goes wrong than a server that is gone is kept."""
        try:
            with self._connected() as client:
                while not self._halt.is_set():
                    self._step(client)
                    time.sleep(self._rng.uniform(0, 2 * PAUSE))
        except BaseException as failure:
            self.failure = failure

    def _connected(self) -> httpx.Client:
        base = f"{self._url}/api/v1/review/"
        return httpx.Client(base_url=base, cookies={COOKIE: self._token}, timeout=30)

    def _step(self, client: httpx.Client) -> None:
        try:
            if self._unsent or self._hand:
                self._answer(client)
            else:
                self._take(client)
        except httpx.TransportError as cut:
            # Killed, before or after it stored what was sent: nobody here can know.
            self.record.cut += not isinstance(cut, httpx.ConnectError)
            time.sleep(0.05)

    def _take(self, client: httpx.Client) -> None:
        reply = client.post("take", json={"n": AT_ONCE})
        if reply.status_code in _RETRY:
            time.sleep(0.2)
            return
        self._hand = [task["item_id"] for task in reply.raise_for_status().json()]

    def _answer(self, client: httpx.Client) -> None:
        if not self._unsent:
            self._unsent = [self._entry() for _ in range(self._rng.randint(1, MAX_IN_A_CALL))]
            self.record.sent |= {entry["client_id"]: entry["kind"] for entry in self._unsent}
        reply = client.post("answers", json={"entries": self._unsent})
        if reply.status_code in _RETRY:
            time.sleep(0.2)
            return
        for entry, outcome in zip(self._unsent, reply.raise_for_status().json(), strict=True):
            self._note(entry, outcome)
        self._unsent = []

    def _entry(self) -> Entry:
        """What the person does next; a hand that is empty is answered by an undo."""
        chance, known_as = self._rng.random(), str(uuid.uuid4())
        if self._newest and (chance < UNDOS or not self._hand):
            newest, self._newest = self._newest, None
            return {"kind": "undo", "client_id": known_as, "of": newest}
        if not self._hand:
            return {"kind": "undo", "client_id": known_as}
        item = {"client_id": known_as, "item_id": self._hand.pop()}
        if chance > 1 - SKIPS:
            return {"kind": "skip", **item}
        self._newest = known_as
        return {"kind": "label", "value": self._rng.choice(["real", "fake"]), **item}

    def _note(self, entry: Entry, outcome: dict[str, Any]) -> None:
        if outcome["error"] is not None:
            self.record.refused.append(outcome["error"]["code"])
            return
        self.record.acknowledged[entry["client_id"]] = entry["kind"]
        if outcome["task"] is not None:
            self._hand.append(outcome["task"]["item_id"])
