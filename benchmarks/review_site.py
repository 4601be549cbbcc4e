"""The application as its own process, a queue of large pictures, and people who may sign in."""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.scored_queue import ACTOR, insert
from review_app.bootstrap import Application
from storage.enums import ItemState, Role
from storage.types import utc_now

SIDE = 1024
DISTINCT = 40
SEED = 20260501
_PATIENCE = 180.0
_TICKS = os.sysconf("SC_CLK_TCK")
SETTLED_S = 65.0
"""Seconds after which a quiet server has looked twice whether it can give memory back."""
IDLE_MB = 350.0
"""The memory that a quiet server may have in use."""


def picture(seed: int) -> bytes:
    """A JPEG of `SIDE` by `SIDE` pixels, some 270 KB: shapes under noise."""
    rng = np.random.default_rng([SEED, seed])
    canvas = Image.new("RGB", (SIDE, SIDE), tuple(rng.integers(40, 216, 3).tolist()))
    draw = ImageDraw.Draw(canvas)
    for _ in range(24):
        corners = np.sort(rng.integers(0, SIDE, (2, 2)), axis=0)
        draw.ellipse(corners.ravel().tolist(), fill=tuple(rng.integers(0, 256, 3).tolist()))
    noise = rng.normal(0, 9, (SIDE, SIDE, 1))
    pixels = np.clip(np.asarray(canvas, np.float64) + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=82)
    return out.getvalue()


def fill(app: Application, n: int, needed_labels: int, files: bool = True) -> list[int]:
    """The ids of ``n`` waiting items, in the order they are handed out in. Each has a file of its
    own, unless nobody will look at it; only `DISTINCT` pictures differ."""
    hashes = [hashlib.sha256(b"picture %d" % i).hexdigest() for i in range(n)]
    pictures = [picture(seed) for seed in range(DISTINCT)] if files else []
    for i, sha256 in enumerate(hashes if files else ()):
        place = app.media.public(sha256, "image/jpeg")
        place.parent.mkdir(parents=True, exist_ok=True)
        if i < DISTINCT:
            place.write_bytes(pictures[i])
        else:
            place.hardlink_to(app.media.public(hashes[i % DISTINCT], "image/jpeg"))
    copies = [hashlib.sha256(data).hexdigest() for data in pictures]
    at = utc_now().strftime("%Y-%m-%d %H:%M:%S.%f")
    ids = range(1, n + 1)
    size = (SIDE * SIDE // 4, SIDE, SIDE)
    images = (
        (i, sha, *size, "JPEG", "image/jpeg", copies[(i - 1) % DISTINCT] if files else None, i, at)
        for i, sha in enumerate(hashes, start=1)
    )
    waiting = (ItemState.IN_REVIEW.value, at)
    items = ((i, i, *waiting, f"{i}.jpg", float(i), needed_labels, needed_labels, at) for i in ids)
    columns = "id sha256 n_bytes width height format public_type public_sha256 phash created_at"
    insert(app, "image", columns, images)
    columns = "id image_id state state_since name rank needed_labels open_slots created_at"
    insert(app, "item", columns, items)
    return list(ids)


def account(app: Application, name: str) -> int:
    """The id of a new reviewer."""
    return app.people.add(name, Role.REVIEWER, ACTOR).id


class Server:
    """A command that serves HTTP on a port of its own; it can be killed and started again."""

    def __init__(self, *command: str, ready: str, **environment: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, *(part.format(port=self.port) for part in command)]
        self._ready = ready
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_id(self) -> int:
        """The id of the process of the command, which runs."""
        assert self._process is not None
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Processor time that the server has used so far."""
        fields = self._told("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        """Memory that the server has in use, in MiB."""
        (kib,) = re.findall(r"VmRSS:\s+(\d+)", self._told("status"))
        return int(kib) / 1024

    def _told(self, about: str) -> str:
        """What the system says of the process."""
        return Path(f"/proc/{self.process_id}/{about}").read_text("utf-8")

    def start(self) -> None:
        """Start the server and return once it answers."""
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdout=silent, stderr=silent
        )
        deadline = time.monotonic() + _PATIENCE
        with httpx.Client(base_url=self.url) as client:  # one: to make it takes 20 ms of a core
            while not self._answers(client):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self._command} does not answer; run it to see why")
                time.sleep(0.1)

    def kill(self) -> None:
        """Kill the server as a power cut would: no chance to finish anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _answers(self, client: httpx.Client) -> bool:
        try:
            return client.get(self._ready).is_success
        except httpx.TransportError:
            return False


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    """The application over ``folder``, as ``deepfake-review serve`` runs it with ``settings``."""
    settings["REVIEW_DATA_DIR"] = str(folder)
    yield from _running(
        Server("-m", "review_app", "serve", "--port", "{port}", ready="/readyz", **settings)
    )


@contextmanager
def serving_plain(pictures: Path) -> Iterator[Server]:
    """The plain page over the pictures below ``pictures``."""
    yield from _running(
        Server("-m", "benchmarks.plain_page", str(pictures), "{port}", ready="/config")
    )


@contextmanager
def serving_bare(folder: Path, items: int) -> Iterator[Server]:
    """The bare handlers over so many items, in a new database in ``folder``."""
    command = ("-m", "benchmarks.bare_handler", str(folder), "{port}", str(items))
    yield from _running(Server(*command, ready="/readyz"))


def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
