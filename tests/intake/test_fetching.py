"""Images by address: what is fetched, and that nothing of this machine or its neighbours is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from review_app.core.errors import RefusalReason, RefusedFile
from review_app.core.outgoing import Destination, cut, is_public, pinned
from review_app.intake.fetching import ImageFetcher, name_of

PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1"),
    *("fec0::1", "::127.0.0.1", "4000::1"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_not_everybody_reaches_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


class Answers(BaseHTTPRequestHandler):
    """A server's answers, by path."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "/image?x=1")
            self.end_headers()
            return
        body = b"p" * (2000 if self.path == "/long" else 10)
        self.send_response(200)
        if self.path == "/short":
            self.send_header("content-length", "999")
        self.end_headers()
        self.wfile.write(body + self.headers["host"].encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def fetcher(port: int, seconds: float = 10) -> ImageFetcher:
    """One that takes the server of the tests for public."""
    return ImageFetcher(1000, seconds, lambda _: True, frozenset({port}))


def refused(fetcher: ImageFetcher, address: str) -> RefusalReason:
    with pytest.raises(RefusedFile) as caught:
        fetcher.fetch(address)
    return caught.value.reason


def test_what_is_there_is_fetched_by_its_name(port: int) -> None:
    got = fetcher(port).fetch(f"http://localhost:{port}/image?key=1")
    assert got == b"p" * 10 + f"localhost:{port}".encode()
    assert name_of("https://a.example/b.png?key=1#x") == "https://a.example/b.png"


def test_nothing_of_this_machine_is_asked_for(port: int) -> None:
    real = ImageFetcher(1000, ports=frozenset({port}))
    for host in ("127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"):
        assert refused(real, f"http://{host}:{port}/image") in (
            RefusalReason.UNSUPPORTED,
            RefusalReason.MISSING,
        ), host


ODD = (
    *("ftp://a.example/", "file:///etc/passwd", "a.example/x", "http://", "http://a b.example/"),
    *("http://user@a.example/", "http://a.example:22/", "http://a.example:x/", "gopher://a/"),
    *("http://ä.example/", "http://a.example/\r\nhost: b", f"http://a.example/{'x' * 2000}"),
)


@pytest.mark.parametrize("address", ODD)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    assert refused(ImageFetcher(1000), address) is RefusalReason.UNSUPPORTED


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("moved", RefusalReason.MISSING),
        ("long", RefusalReason.TOO_LARGE),
        ("short", RefusalReason.UNREADABLE),
    ],
)
def test_redirects_and_odd_sizes_are_refused(port: int, path: str, reason: RefusalReason) -> None:
    assert refused(fetcher(port), f"http://127.0.0.1:{port}/{path}") is reason


def test_a_server_that_never_answers_is_left(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        number = silent.getsockname()[1]
        quick = fetcher(number, seconds=0.2)
        assert refused(quick, f"http://127.0.0.1:{number}/") is RefusalReason.UNREADABLE


def test_a_server_that_never_ends_shaking_hands_is_left_when_the_time_is_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        number = server.getsockname()[1]
        parts = urlsplit(f"https://localhost:{number}/")
        connection = pinned(Destination(parts, number, ip_address("127.0.0.1")), 10)
        connecting = pool.submit(connection.connect)
        line, _ = server.accept()
        with line:
            line.settimeout(2)
            assert line.recv(1), "it has begun"
            cut(connection)
            while line.recv(4096):  # and ends here, or in a TimeoutError
                pass
        assert isinstance(connecting.exception(), OSError)
        connection.close()
