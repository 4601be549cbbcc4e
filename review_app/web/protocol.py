"""HTTP connections with limits: of time for what a client sends and reads, of size, of number.

uvicorn waits for ever for the rest of a request, and keeps as many connections as are opened. Then
a few hundred clients that send a byte a minute take every place (slowloris).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from review_app.core.settings import Settings
from review_app.web.proxies import Proxies

_FRAMING_BYTES = 512 * 1024
"""More than a body itself, of what comes with it: sizes of chunks, trailers."""


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of what a client may take. Times in seconds, sizes in bytes."""

    head_seconds: float = 15
    """The seconds for a request's line and headers to be there, from the connection or their first
    byte."""
    head_bytes: int = 64 * 1024
    headers: int = 200
    body_window: float = 30
    """The time over which a body's pace is measured, and ..."""
    body_bytes: int = 16 * 1024
    """... the least that comes of it in that time: half a kilobyte a second."""
    rest_seconds: float = 5
    """The seconds for the rest of a body that nobody reads, since the answer is given."""
    write_seconds: float = 60
    """The seconds for a client to take all that waits to be sent to it, or at least ..."""
    write_bytes: int = 16 * 1024
    """... so much of it."""
    per_address: int = 64
    """Connections of one client; proxies have more."""
    in_all: int = 1000
    look_seconds: float = 1
    """The seconds between two looks at these times."""


class _Phase(Enum):
    HEAD = auto()
    """A request is to come, or its headers are coming."""
    BODY = auto()
    """Its headers are there."""
    WHOLE = auto()
    """All of it is there."""


class LimitedProtocol(HttpToolsProtocol):
    """A connection that is ended when its client takes more than ``limits``."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
        proxies: Proxies,
        counts: Counter[str],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._proxies = proxies
        self._counts = counts
        self._counted: str | None = None
        self._phase = _Phase.HEAD
        self._since = time.monotonic()  # of the phase, or of the part of it that is measured
        self._n_raw = self._n_body = self._n_window = 0
        self._answered_at: float | None = None
        self._n_unsent, self._taken_at = 0, self._since
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection for its client, and end it at once where that is one too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if self._is_one_too_many():
            self.transport.abort()
            return
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection off."""
        if self._look is not None:
            self._look.cancel()
        if self._counted is not None:
            self._counts[self._counted] -= 1
            if not self._counts[self._counted]:
                del self._counts[self._counted]
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse a head (431) or a framing (400) that is too large."""
        if self.transport.is_closing():
            return
        if self.is_idle:  # whatever comes, uvicorn waits from now on
            self._enter(_Phase.HEAD)
        super().data_received(data)
        self._n_raw += len(data)
        if self._phase is _Phase.HEAD and self._n_raw > self._limits.head_bytes:
            self._refuse(431)
        elif self._n_raw > 2 * self._n_body + _FRAMING_BYTES and self._phase is _Phase.BODY:
            self._refuse(400)

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request begins, perhaps before the one ahead of it is whole."""
        if self._phase is not _Phase.HEAD:
            self._enter(_Phase.HEAD)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header was read; too many are refused (431)."""
        super().on_header(name, value)
        if len(self.headers) > self._limits.headers:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """The head is whole; the time for the body begins."""
        if self.transport.is_closing():
            return
        self._enter(_Phase.BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body came."""
        self._n_body += len(body)
        self._n_window += len(body)
        if self.transport.is_closing():
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; what is left is the answer."""
        self._enter(_Phase.WHOLE)
        if self.transport.is_closing():
            return
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The whole answer was handed to the connection."""
        self._answered_at = time.monotonic()
        super().on_response_complete()

    # Our own

    @property
    def is_idle(self) -> bool:
        """Whether a request was answered and no other has begun."""
        return self._phase is _Phase.WHOLE and self._is_answered()

    @property
    def since(self) -> float:
        """The time at which the present phase began."""
        return self._since

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is lost with this connection but time that its client has taken."""
        return self.is_idle or (self._phase is _Phase.HEAD and self._is_answered())

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        self._since = time.monotonic()
        self._n_raw = self._n_body = self._n_window = 0
        self._answered_at = None

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _is_one_too_many(self) -> bool:
        """Count the connection. Where there is no room for it, one that waits gives way."""
        peer = self.client[0] if self.client else ""
        if not self._proxies.may_be_shared(peer):
            self._counted = peer
            self._counts[peer] += 1
            if self._counts[peer] > self._limits.per_address:
                return True
        if len(self.connections) <= self._limits.in_all:
            return False
        others = (c for c in self.connections if isinstance(c, LimitedProtocol) and c is not self)
        waiting = [other for other in others if other.is_waiting]
        if not waiting:
            return True
        min(waiting, key=lambda other: other.since).transport.abort()
        return False

    def _look_later(self) -> None:
        self._look = self.loop.call_later(self._limits.look_seconds, self._look_at_times)

    def _look_at_times(self) -> None:
        now = time.monotonic()
        if self._is_unread(now):
            self.transport.abort()
        elif self.transport.is_closing():
            pass  # what is left is still being sent
        elif self.flow.read_paused:
            self._since, self._n_window = now, 0  # it is we who do not read
        elif self._phase is _Phase.HEAD:
            if now - self._since > self._limits.head_seconds:
                self._refuse(408)
        elif self._phase is _Phase.BODY:
            self._look_at_body(now)
        self._look_later()

    def _is_unread(self, now: float) -> bool:
        """Whether the client takes nothing of what is sent to it, or next to nothing."""
        n = self.transport.get_write_buffer_size()
        # More than before: it has taken what there was, or nothing was waited for.
        if not n or not self._n_unsent or abs(n - self._n_unsent) >= self._limits.write_bytes:
            self._n_unsent, self._taken_at = n, now
        return now - self._taken_at > self._limits.write_seconds

    def _look_at_body(self, now: float) -> None:
        if self._answered_at is not None:
            if now - self._answered_at > self._limits.rest_seconds:
                self.transport.close()
        elif self.cycle.waiting_for_100_continue:
            self._since = now  # it is told to wait
        elif now - self._since > self._limits.body_window:
            if self._n_window < self._limits.body_bytes:
                self._refuse(408)
            self._since, self._n_window = now, 0

    def _refuse(self, status: int) -> None:
        """End the connection, and say why where no answer has begun."""
        if self.transport.is_closing():
            return
        if self._phase is _Phase.HEAD:
            can_answer = self._is_answered()
        else:
            can_answer = not self.cycle.response_started and not self.pipeline
        if can_answer:
            self.transport.write(
                STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # nothing of what it sends now would be read
            self.cycle.message_event.set()
        self.transport.close()


def limited_protocol(
    settings: Settings, limits: ConnectionLimits | None = None
) -> partial[LimitedProtocol]:
    """What uvicorn is given as ``http``: makes the protocols of one server."""
    return partial(
        LimitedProtocol,
        limits=limits or ConnectionLimits(in_all=_room()),
        proxies=Proxies(settings),
        counts=Counter(),
    )


def _room() -> int:
    """How many connections there may be, so that files can still be opened."""
    try:
        import resource
    except ImportError:  # Windows
        return ConnectionLimits.in_all
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ConnectionLimits.in_all if soft < 0 else min(ConnectionLimits.in_all, soft // 2)
