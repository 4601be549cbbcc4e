"""The application as a process of its own, over a data directory with a queue in it, and a person
who reviews there by HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import httpx

from review_app.web.identity import COOKIE
from tests.web.site import Site

ROOT = Path(__file__).parents[2]


class Process:
    """``deepfake-review serve`` over ``data_dir``, by ``python``; its log is kept beside that."""

    def __init__(self, data_dir: Path, *, python: Path = Path(sys.executable)) -> None:
        self._log = data_dir.with_name("log")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [python, "-m", "review_app", "serve", "--port", "0"],
                cwd=ROOT,
                env={
                    "REVIEW_DATA_DIR": str(data_dir),
                    "REVIEW_ENGINE": "torch",
                    "PATH": "/usr/bin:/bin",
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.search(r"open at (http://\S+)", said)
        assert found is not None, (said, self.log)
        self.url = found[1]
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


@contextmanager
def queue(data_dir: Path, n: int) -> Iterator[tuple[list[int], str]]:
    """Items that wait, and the session of a person who may review them."""
    site = Site(data_dir)
    items = site.items(n)
    token = site.token(site.account())
    site.close()
    yield items, token


class Reviewer:
    """Takes and answers, one item after the other; knows what was acknowledged."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1/review/", timeout=120)
        self._http.cookies.set(COOKIE, token)
        self._http.headers["origin"] = url
        self._n = 0
        self.stored: list[str] = []

    def take(self) -> httpx.Response:
        return self._http.post("take", json={"n": 1})

    def answer(self, item_id: int) -> httpx.Response:
        """Answer as the page does; an answer that is acknowledged is among ``stored``."""
        self._n += 1
        client_id = f"answer-{self._n:06}"
        entry = {"kind": "label", "client_id": client_id, "item_id": item_id, "value": "fake"}
        told = self._http.post("answers", json={"entries": [entry]})
        if told.is_success:
            (outcome,) = told.json()
            assert outcome["error"] is None, outcome
            self.stored.append(client_id)
        return told

    def close(self) -> None:
        self._http.close()
