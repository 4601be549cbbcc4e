"""A reviewer at the other end of HTTP, who takes and answers as the page does."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from review_app.web.identity import COOKIE
from tests.web.serving import LETS_GO, TRUST

BASE = "/api/v1/review/"
AT_ONCE = 6


class HttpReviewer:
    """One signed-in reviewer and one connection."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=url + BASE,
            cookies={COOKIE: token},
            timeout=60,
            limits=LETS_GO,
            verify=TRUST,
        )

    def close(self) -> None:
        self._client.close()

    def take(self, n: int) -> list[str]:
        """The handles of all that is held now."""
        return [task["item_id"] for task in self._post("take", n=n)]

    def answer(self, items: Sequence[str]) -> list[dict[str, Any]]:
        """Label ``items`` in one call; what became of each."""
        entries = [
            {"kind": "label", "client_id": str(uuid.uuid4()), "item_id": item, "value": "real"}
            for item in items
        ]
        outcomes: list[dict[str, Any]] = self._post("answers", entries=entries)
        return outcomes

    def release(self) -> None:
        """Close the page."""
        self._post("release")

    def work(self, seed: int, lease_seconds: float) -> int:
        """Until nothing is left, but a third of what is taken is abandoned: the page is closed, or
        its computer just goes away. How many answers were acknowledged."""
        rng = random.Random(seed)
        done = idle = 0
        while idle < 3:
            items = self.take(AT_ONCE)
            if not items:
                idle += 1
                time.sleep(lease_seconds)  # somebody who went away may still hold some
                continue
            idle = 0
            fate = rng.random()
            if fate < 1 / 6:
                self.release()
            elif fate < 1 / 3:
                time.sleep(1.1 * lease_seconds)
            else:
                outcomes = self.answer(items)
                assert not any(outcome["error"] for outcome in outcomes)
                done += len(outcomes)
        return done

    def _post(self, path: str, **body: Any) -> Any:
        return self._client.post(path, json=body).raise_for_status().json()
