"""The site behind a real server on a real port."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from review_app.core.settings import Settings
from review_app.web.serving import server_config

KEPT_OPEN = 5
"""Seconds for which the server keeps a connection that nobody uses."""
LETS_GO = httpx.Limits(keepalive_expiry=KEPT_OPEN / 2)
"""Of clients: whoever asks on a connection that the server is just closing gets no answer."""

TRUST = ssl.create_default_context()
"""Of clients: each would read the certificates of the world anew, for 30 ms, and need none here."""


class Serving:
    """uvicorn in a thread; can be stopped and started again on the same port."""

    def __init__(self, web: ASGIApp, **options: Any) -> None:
        self._web = web
        self._options = options
        self.port = _free_port()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once the server answers; nothing happens where it does already."""
        if self._server is not None:
            return
        config = server_config(
            self._web,
            Settings(),
            host="127.0.0.1",
            port=self.port,
            log_level="warning",
            timeout_keep_alive=KEPT_OPEN,
            timeout_graceful_shutdown=1,
            **self._options,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def wait_until_left(self, patience: float = 10.0) -> None:
        """Returns once nobody is connected and nothing is being done, or after so many seconds.

        A page that was closed may have asked for something that is still to be done.
        """
        assert self._server is not None
        state = self._server.server_state
        deadline = time.monotonic() + patience
        while (state.connections or state.tasks) and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._server = self._thread = None

    def __enter__(self) -> Serving:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
