"""A real receiver of webhooks, which answers as a test tells it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

from review_app.notifications.webhooks import WebhookCaller

NETWORKS = (ip_network("127.0.0.0/8"),)
Answer = Callable[[dict[str, Any]], int]
"""A status for what was received, 0 for none: the line is cut. It may take its time."""


@dataclass(frozen=True)
class Received:
    """A call as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """A receiver that is listening. ``answers``: by the number of the call; the last one is for
    all that follow."""

    port: int = 0
    answers: list[Answer] = field(default_factory=lambda: [lambda _: 204])
    calls: list[Received] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=abc"

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The documents, in the order in which they came."""
        return [call.document for call in self.calls]

    def wait_for(self, n: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The documents once there are ``n``."""
        wait_until(lambda: len(self.calls) >= n, seconds)
        return self.taken


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something holds that another thread brings about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


@contextmanager
def receiving(*answers: Answer | int, port: int = 0) -> Iterator[Receiver]:
    """A receiver; a number answers with that status."""
    receiver = Receiver()
    if answers:
        receiver.answers = [_answer(one) for one in answers]
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(headers, body)
            with lock:
                answer = receiver.answers[min(len(receiver.calls), len(receiver.answers) - 1)]
                receiver.calls.append(received)
            status = answer(received.document)
            if status:
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(one: Answer | int) -> Answer:
    return one if callable(one) else lambda _: one


def caller(seconds: float = 5) -> WebhookCaller:
    """One that may call this machine."""
    return WebhookCaller(NETWORKS, seconds)
