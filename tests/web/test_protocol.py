"""Slow, greedy and many clients, over real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from review_app.core.settings import Settings
from review_app.web.protocol import ConnectionLimits, limited_protocol
from review_app.web.serving import server_config
from tests.web.serving import Serving

LIMITS = ConnectionLimits(
    head_seconds=0.6,
    head_bytes=4096,
    headers=20,
    body_window=0.6,
    body_bytes=100,
    rest_seconds=0.3,
    write_seconds=1.5,
    write_bytes=10_000,
    per_address=5,
    in_all=12,
    look_seconds=0.05,
)
LONG = 30.0
"""Seconds after which a connection that should have ended has not."""
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells how long the body is; ``/early`` does not read it, ``/big`` answers at length."""
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    answer: Response
    if request.url.path == "/big":
        answer = PlainTextResponse("x" * 50_000_000)
    elif request.url.path == "/early":
        answer = PlainTextResponse("no", 413)
    else:
        n = 0
        async for part in request.stream():
            n += len(part)
        answer = PlainTextResponse(str(n))
    await answer(scope, receive, send)


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Serving(app, http=limited_protocol(Settings(), LIMITS), lifespan="off") as serving:
        yield serving


@contextmanager
def connection(serving: Serving, first: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=LONG) as sock:
        sock.sendall(first)
        yield sock


def rest(sock: socket.socket) -> bytes:
    """All that comes until the server ends the connection. It fails where that does not happen."""
    got = bytearray()
    with suppress(ConnectionResetError):
        while part := sock.recv(65536):
            got += part
    return bytes(got)


def dribble(sock: socket.socket, data: bytes, every: float) -> bool:
    """Send ``data`` byte by byte; whether the server took all of it."""
    try:
        for i in range(len(data)):
            sock.sendall(data[i : i + 1])
            time.sleep(every)
    except OSError:
        return False
    return True


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1]) if answer else 0


def test_who_says_nothing_or_dribbles_a_head_is_let_go_in_time(serving: Serving) -> None:
    began = time.monotonic()
    with connection(serving) as silent, connection(serving, b"\r\n") as blank:
        with connection(serving) as slow:
            assert not dribble(slow, b"GET / HTTP/1.1\r\nx: " + b"y" * 500, 0.02)
        assert [status(rest(sock)) for sock in (silent, blank)] == [408, 408]
    assert time.monotonic() - began < LONG


def test_a_second_request_on_a_connection_has_no_more_time(serving: Serving) -> None:
    with connection(serving, GET) as sock:
        assert status(sock.recv(65536)) == 200
        sock.sendall(b"GET / HT")
        assert status(rest(sock)) == 408


@pytest.mark.parametrize(
    "head",
    [b"x: " + b"y" * 10_000, b"".join(b"x-%d: y\r\n" % i for i in range(200)), b"x" * 10_000],
)
def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(
    serving: Serving, head: bytes
) -> None:
    with connection(serving, b"GET / HTTP/1.1\r\n" + head) as sock:
        assert status(rest(sock)) in (400, 431)


def test_a_body_that_dribbles_ends_but_one_on_a_slow_line_gets_through(serving: Serving) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
    with connection(serving, head % 400) as slow:
        assert not dribble(slow, b"x" * 400, 0.05)
    with connection(serving, head % 1500) as steady:
        for _ in range(30):  # 500 bytes a second, over three windows
            steady.sendall(b"x" * 50)
            time.sleep(0.06)
        assert steady.recv(65536).endswith(b"1500")
    with connection(serving, head % 10) as cut:
        cut.sendall(b"x")
        assert status(rest(cut)) == 408


def test_who_is_told_to_wait_before_sending_a_body_may(serving: Serving) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
    with connection(serving, head) as sock:
        assert status(sock.recv(65536)) == 100
        sock.sendall(b"hello")
        assert sock.recv(65536).endswith(b"5")


def test_the_rest_of_a_refused_body_is_not_waited_for(serving: Serving) -> None:
    head = b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n"
    with connection(serving, head) as sock:
        assert status(sock.recv(65536)) == 413
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < LONG:
                sock.sendall(b"x" * 1000)
                time.sleep(0.01)
        assert time.monotonic() - began < LONG


def test_trailers_without_end_are_refused(serving: Serving) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: "
    with connection(serving, head) as sock:
        sent = 0
        with suppress(OSError):
            while sent < 50_000_000:
                sock.sendall(b"y" * 65536)
                sent += 65536
        assert sent < 20_000_000


def test_who_does_not_read_the_answer_is_let_go(serving: Serving) -> None:
    with connection(serving, b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n") as sock:
        sock.recv(1)  # it has begun to answer
        serving.wait_until_left(LONG)
        assert len(rest(sock)) < 50_000_000
    with connection(serving, b"GET /big HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") as sock:
        n = 0
        while part := sock.recv(1_000_000):  # slowly, but it reads
            n += len(part)
            time.sleep(len(part) / 12_000_000)
        assert n > 50_000_000


def test_several_requests_at_once_are_answered_in_turn(serving: Serving) -> None:
    with connection(serving, GET * 3) as sock:
        got = b""
        while got.count(b"HTTP/1.1 200") < 3 or not got.endswith(b"0"):
            got += sock.recv(65536)


@pytest.fixture
def crowded() -> Iterator[Callable[..., Serving]]:
    """Servers with limits of their own: other tests leave connections behind for a while."""
    with ExitStack() as stack:

        def make(**settings: object) -> Serving:
            protocol = limited_protocol(Settings(**settings), LIMITS)  # type: ignore[arg-type]
            return stack.enter_context(Serving(app, http=protocol, lifespan="off"))

        yield make


def opened(serving: Serving, n: int, stack: ExitStack) -> list[int]:
    """The statuses of ``n`` clients that ask one after another and stay; 0 for one turned away."""
    statuses = []
    for _ in range(n):
        try:
            sock = stack.enter_context(connection(serving, GET))
            statuses.append(status(sock.recv(65536)))
        except OSError:
            statuses.append(0)
    return statuses


def test_one_address_has_so_many_connections_and_a_proxy_more(
    crowded: Callable[..., Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is only loopback here, which many may share; so have it pass for an address like others.
    monkeypatch.setattr(
        "review_app.web.proxies.Proxies.may_be_shared", lambda self, peer: self.trusts(peer)
    )
    serving = crowded()
    with ExitStack() as stack:
        assert opened(serving, 7, stack) == [200] * 5 + [0] * 2
    serving.wait_until_left(LONG)
    with ExitStack() as stack:
        assert opened(serving, 5, stack) == [200] * 5, "those that have ended do not count"
    with ExitStack() as stack:
        assert opened(crowded(trusted_proxies="127.0.0.0/8"), 9, stack) == [200] * 9


def test_where_there_is_no_room_who_only_waits_gives_way(crowded: Callable[..., Serving]) -> None:
    serving = crowded()
    busy = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    with ExitStack() as stack:
        working = [stack.enter_context(connection(serving, busy)) for _ in range(3)]
        silent = [stack.enter_context(connection(serving)) for _ in range(30)]
        assert opened(serving, 3, stack) == [200] * 3
        for sock in working:
            sock.sendall(b"x" * 1000)
            assert sock.recv(65536).endswith(b"1000")
        for sock in silent:
            rest(sock)


def test_the_site_is_served_with_these_limits() -> None:
    config = server_config(app, Settings())
    config.load()
    assert config.http_protocol_class.func.__name__ == "LimitedProtocol"  # type: ignore[attr-defined]
    assert config.ws_protocol_class is None
    assert not config.access_log
