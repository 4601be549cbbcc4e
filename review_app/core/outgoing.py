"""Calls to addresses that somebody has given: only where that tells and reaches nothing new.

Whoever may name an address could otherwise have the server ask for what only the server can reach
(server-side request forgery): its own ports, machines beside it, a cloud's metadata. So only http
and https are spoken, every address that the name resolves to must be allowed, and the connection is
made to the one that was checked: a name that means something else a moment later (DNS rebinding)
changes nothing. Redirects are not followed, proxies of the environment not asked, and time is
limited as a whole.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from review_app.core.errors import AddressError
from review_app.i18n import Text

IpAddress = IPv4Address | IPv6Address
MAX_LETTERS = 2000
"""The most letters of an address."""
PORTS = {"http": 80, "https": 443}
"""The port of each scheme, where an address names none."""
_CARRIES_IPV4 = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""Networks whose addresses stand for others (NAT64, 6to4, Teredo), public or not."""
_UNICAST = ip_network("2000::/3")
"""All that was ever given out of IPv6 (RFC 4291): outside lie site-local addresses, and those that
stand for IPv4 ones, which Python takes for global."""


def is_public(address: IpAddress) -> bool:
    """Whether anybody on the internet may reach ``address``, so that it is no news to reach it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    tunnelled = any(address in network for network in _CARRIES_IPV4)
    given_out = address.version == 4 or address in _UNICAST
    return given_out and address.is_global and not address.is_multicast and not tunnelled


@dataclass(frozen=True)
class Destination:
    """An address that was checked, and what its name meant then."""

    parts: SplitResult
    port: int
    host: IpAddress

    @property
    def target(self) -> str:
        """What a request asks the host for."""
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")


def split_address(address: str) -> tuple[SplitResult, int]:
    """The parts of ``address``, and its port. Raises ``AddressError`` where it is no plain http or
    https address."""
    refusal = AddressError(Text("fetching.no_address"))
    if len(address) > MAX_LETTERS or not address.isascii() or not address.isprintable():
        raise refusal
    try:
        parts = urlsplit(address)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise refusal from None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc or " " in address:
        raise refusal
    return parts, port


def resolved(
    parts: SplitResult, port: int, may_reach: Callable[[IpAddress], bool] = is_public
) -> Destination:
    """The host to connect to, once all that the name means may be reached.

    Raises ``AddressError``.
    """
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = Text("fetching.no_such_host", {"host": str(parts.hostname)})
        raise AddressError(why, is_unknown=True) from error
    hosts = [ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    if not hosts or not all(map(may_reach, hosts)):
        # The same whatever is there: what lies beside the server is no news.
        raise AddressError(Text("fetching.not_public"))
    return Destination(parts, port, hosts[0])


@contextmanager
def connected(to: Destination, seconds: float) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut when its time is up, however slowly anything goes on."""
    connection = pinned(to, seconds)
    timer = threading.Timer(seconds, cut, [connection])
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        connection.close()


def pinned(to: Destination, seconds: float) -> http.client.HTTPConnection:
    """A connection that asks for the name, and goes to the host whatever the name means by then."""
    name, is_secure = str(to.parts.hostname), to.parts.scheme == "https"
    if is_secure:
        secure = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            name, to.port, timeout=seconds, context=secure
        )
    else:
        connection = http.client.HTTPConnection(name, to.port, timeout=seconds)

    def connect() -> None:
        # Sooner than all is over, so that by then there is a line to cut.
        line = socket.create_connection((str(to.host), to.port), seconds / 2)
        connection.sock = line
        if is_secure:
            connection.sock = line = secure.wrap_socket(
                line, server_hostname=name, do_handshake_on_connect=False
            )
            line.do_handshake()

    connection.connect = connect  # type: ignore[method-assign]
    return connection


def cut(connection: http.client.HTTPConnection) -> None:
    """End what takes too long, however slowly it goes on."""
    line = connection.sock
    if line is not None:
        with suppress(OSError):
            socket.socket.shutdown(
                line, socket.SHUT_RDWR
            )  # a TLS line forgets its state in its own
