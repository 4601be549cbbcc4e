"""Somebody who floods Inspect, views and uploads, as a process of its own at the lowest priority:
such people sit at other computers.

``python -m benchmarks.trust_flooder``: one JSON document of `Flood` on stdin; floods until a line
comes, or for so many ``rounds``, and tells on stdout how often the server did what.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from PIL import Image

from review_app.forensics.views import View
from review_app.web.identity import COOKIE

READY = "ready"
LINES = 8
"""Connections at a time."""
_SESSION = "flood"


@dataclass(frozen=True)
class Flood:
    """What is to be flooded."""

    url: str
    token: str
    function: int
    """Gradio's number of what reads an upload."""
    rounds: int | None


def images() -> list[bytes]:
    """Small ones, one at the limit of pixels that is flat, one of many bytes, one far above it."""
    rng = np.random.default_rng(11)
    small = [Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8)) for _ in range(4)]
    large = Image.fromarray(rng.integers(0, 256, (2000, 3000, 3), np.uint8))
    flat = Image.new("RGB", (5000, 4990), (90, 120, 60))
    huge = Image.new("RGB", (10_000, 9_900), (90, 120, 60))
    return [
        *(_encoded(image, "JPEG") for image in small),
        _encoded(large, "JPEG"),
        _encoded(flat, "PNG"),
        _encoded(huge, "PNG"),
    ]


def _encoded(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


class Flooder:
    """One person on `LINES` connections."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._client = httpx.Client(base_url=flood.url, cookies={COOKIE: flood.token}, timeout=120)
        self._told: Counter[str] = Counter()
        self._token = ""
        self._views = itertools.cycle(View)
        self.over = threading.Event()
        self.started: Callable[[], None] = lambda: None

    def round(self, data: bytes) -> None:
        """Send an image, have it read, and ask for a view of the last one that was."""
        sent = self._client.post("/review/gradio_api/upload", files={"files": ("a.png", data)})
        self._count("upload", sent)
        if sent.status_code == 200:
            self._have_read(sent.json()[0])
        if self._token:
            view = next(self._views)
            got = self._client.get(f"/inspected/{self._token}/view/{view}")
            self._count("view", got)

    def run(self) -> Counter[str]:
        """Flood; what the server said how often."""
        sources = images()
        self.started()
        with ThreadPoolExecutor(LINES) as pool:
            list(pool.map(self._one, (sources[n % len(sources)] for n in self._rounds())))
        return self._told

    def _rounds(self) -> Iterator[int]:
        # Handed to the pool at once: more than can be done, and the rest is dropped at the end.
        return iter(range(self._flood.rounds or 3000))

    def _one(self, data: bytes) -> None:
        if self.over.is_set():
            return
        try:
            self.round(data)
        except httpx.HTTPError as error:
            self._told[type(error).__name__] += 1

    def _have_read(self, path: str) -> None:
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        session = f"{_SESSION}{threading.get_ident()}"
        body = {"fn_index": self._flood.function, "data": [file], "session_hash": session}
        joined = self._client.post("/review/gradio_api/queue/join", json=body)
        self._count("read", joined)
        if joined.status_code != 200:
            return
        told = self._client.get(f"/review/gradio_api/queue/data?session_hash={session}").text
        self._told["reading" if "P(fake)" in told else "no reading"] += 1
        if found := re.search(r"/inspected/([\w-]+)/view", told):
            self._token = found[1]

    def _count(self, what: str, answer: httpx.Response) -> None:
        self._told[f"{what} {answer.status_code}"] += 1


def main() -> None:
    """Flood as told, and tell what came of it."""
    os.nice(19)
    flooder = Flooder(Flood(**json.loads(sys.stdin.readline())))

    def wait_for_the_end() -> None:
        sys.stdin.readline()
        flooder.over.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    flooder.started = lambda: print(READY, flush=True)
    told: dict[str, Any] = dict(flooder.run())
    print(json.dumps(told))


if __name__ == "__main__":
    main()
