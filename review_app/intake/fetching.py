"""Images by address: fetched by this server, from the public internet and from nowhere else.

Whoever may name an address could otherwise have the server ask for what only the server can reach
(server-side request forgery): its own ports, machines beside it, a cloud's metadata. So only http
and https on their own ports are taken, every address that the name resolves to must be public, and
the connection is made to the one that was checked: a name that means something else a moment later
(DNS rebinding) changes nothing. Redirects are not followed, proxies of the environment not asked,
and size and time are limited as a whole.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from review_app.core.errors import RefusalReason, RefusedFile
from review_app.i18n import Text

IpAddress = IPv4Address | IPv6Address
MAX_LETTERS = 2000
"""The most letters of an address."""
_PORTS = {"http": 80, "https": 443}
_CARRIES_IPV4 = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""Networks whose addresses stand for others (NAT64, 6to4, Teredo), public or not."""
_UNICAST = ip_network("2000::/3")
"""All that was ever given out of IPv6 (RFC 4291): outside lie site-local addresses, and those that
stand for IPv4 ones, which Python takes for global."""
_HEADERS = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "deepfake-review"}


def is_public(address: IpAddress) -> bool:
    """Whether anybody on the internet may reach ``address``, so that it is no news to reach it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    tunnelled = any(address in network for network in _CARRIES_IPV4)
    given_out = address.version == 4 or address in _UNICAST
    return given_out and address.is_global and not address.is_multicast and not tunnelled


@dataclass(frozen=True)
class ImageFetcher:
    """Fetches one image at a time. ``seconds``: for all of it, from the connection to the last
    byte. ``may_reach`` and ``ports`` say what it connects to."""

    max_bytes: int
    seconds: float = 30
    may_reach: Callable[[IpAddress], bool] = is_public
    ports: frozenset[int] = frozenset(_PORTS.values())

    def fetch(self, address: str) -> bytes:
        """The bytes at ``address``. Raises ``RefusedFile`` where they are not to be had."""
        parts, port = self._checked(address)
        connection = _pinned(parts, port, self._resolved(address, parts, port), self.seconds)
        timer = threading.Timer(self.seconds, _cut, [connection])
        timer.start()
        try:
            return self._read(address, parts, connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = Text("fetching.failed", {"why": type(error).__name__})
            raise _refused(address, RefusalReason.UNREADABLE, why) from error
        finally:
            timer.cancel()
            connection.close()

    def _checked(self, address: str) -> tuple[SplitResult, int]:
        refusal = _refused(address, RefusalReason.UNSUPPORTED, Text("fetching.no_address"))
        if len(address) > MAX_LETTERS or not address.isascii() or not address.isprintable():
            raise refusal
        try:
            parts = urlsplit(address)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            raise refusal from None
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
            raise refusal
        if port not in self.ports or " " in address:
            raise refusal
        return parts, port

    def _resolved(self, address: str, parts: SplitResult, port: int) -> str:
        """The address to connect to, once all that the name means may be reached."""
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            why = Text("fetching.no_such_host", {"host": str(parts.hostname)})
            raise _refused(address, RefusalReason.MISSING, why) from error
        hosts = [str(place[0]).partition("%")[0] for *_, place in found]
        if not hosts or not all(self.may_reach(ip_address(host)) for host in hosts):
            # The same whatever is there: what lies beside the server is no news.
            raise _refused(address, RefusalReason.UNSUPPORTED, Text("fetching.not_public"))
        return hosts[0]

    def _read(
        self, address: str, parts: SplitResult, connection: http.client.HTTPConnection
    ) -> bytes:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers=_HEADERS)
        with connection.getresponse() as answer:
            if answer.status != http.HTTPStatus.OK:
                why = Text("fetching.status", {"status": str(answer.status)})
                raise _refused(address, RefusalReason.MISSING, why)
            data, left = answer.read(self.max_bytes + 1), answer.length or 0
        if len(data) > self.max_bytes:
            values = {"size": len(data) + left, "most": self.max_bytes}
            why = Text("inspect.too_many_bytes", values)
            raise _refused(address, RefusalReason.TOO_LARGE, why)
        if left:  # the line went dead before all of it was here
            raise http.client.IncompleteRead(data, left)
        return data


def name_of(address: str) -> str:
    """What an image from ``address`` is called: without what follows a question mark, which may
    hold a secret."""
    return address.partition("?")[0].partition("#")[0]


def _pinned(parts: SplitResult, port: int, host: str, seconds: float) -> http.client.HTTPConnection:
    """A connection that asks for the name, and goes to ``host`` whatever the name means by then."""
    name = str(parts.hostname)
    if parts.scheme == "https":
        secure = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            name, port, timeout=seconds, context=secure
        )
    else:
        connection = http.client.HTTPConnection(name, port, timeout=seconds)

    def connect() -> None:
        # Sooner than all is over, so that by then there is a line to cut.
        connection.sock = line = socket.create_connection((host, port), seconds / 2)
        if parts.scheme == "https":
            connection.sock = line = secure.wrap_socket(
                line, server_hostname=name, do_handshake_on_connect=False
            )
            line.do_handshake()

    connection.connect = connect  # type: ignore[method-assign]
    return connection


def _cut(connection: http.client.HTTPConnection) -> None:
    """End what takes too long, however slowly it goes on."""
    line = connection.sock
    if line is not None:
        with suppress(OSError):
            socket.socket.shutdown(
                line, socket.SHUT_RDWR
            )  # a TLS line forgets its state in its own


def _refused(address: str, reason: RefusalReason, detail: Text) -> RefusedFile:
    return RefusedFile(name_of(address), reason, detail)
