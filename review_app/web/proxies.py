"""The address of the client itself, where proxies stand in front of it.

``X-Forwarded-For`` and ``Forwarded`` (RFC 7239) can be sent by anybody; they are believed only as
far as proxies wrote them that the operator has named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from review_app.core.settings import Network, Settings

Address = IPv4Address | IPv6Address

_FOR = re.compile(r'(?:^|[;,\s])for="?(\[[^\];,"\s]*\]|[^;,"\s]*)', re.IGNORECASE)
_MAX_TOLD = 4096
"""Characters of the headers, from their end, where the proxies write that are near."""
_STATE = "client"


@dataclass(frozen=True)
class Client:
    """The origin of a request, as far as that is known."""

    address: str
    """The address; of IPv6 the first 64 bits, which one person has all of."""
    is_shared: bool
    """Whether everybody may come from there: the proxy's own address, or this machine's."""


class Proxies:
    """The proxies that an operator trusts, and what can be known of clients through them."""

    def __init__(self, settings: Settings) -> None:
        self._trusted: tuple[Network, ...] = settings.proxies
        self._is_behind_unknown = bool(settings.public_url) and not self._trusted

    def trusts(self, peer: str) -> bool:
        """Whether ``peer``, an address, is a proxy whose word counts."""
        address = _parsed(peer)
        return address is not None and self._is_trusted(address)

    def may_be_shared(self, peer: str) -> bool:
        """Whether many people may come from ``peer``: a proxy, trusted or not yet named."""
        address = _parsed(peer)
        return (
            address is None
            or address.is_loopback
            or self._is_behind_unknown
            or self._is_trusted(address)
        )

    def client(self, peer: str, headers: Headers) -> Client:
        """The client of the request that ``peer`` has sent with ``headers``."""
        address = _parsed(peer)
        if address is None:
            return Client(peer, is_shared=True)
        if not self._is_trusted(address):  # whatever it tells
            return Client(_whole(address), self.may_be_shared(peer))
        for hop in _hops(headers):
            if not self._is_trusted(address):
                break
            before = _parsed(hop)
            if before is None:
                break
            address = before
        text = str(address)
        return Client(_whole(address), self.may_be_shared(text))

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


class ClientAddress:
    """ASGI middleware: puts the ``Client`` into ``scope["state"]``, for ``client_of``.

    It stands outside the guard, which takes the headers away before anything behind believes them.
    """

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its client."""
        if scope["type"] == "http":
            peer = (scope.get("client") or ("", 0))[0]
            client = self._proxies.client(peer, Headers(scope=scope))
            scope.setdefault("state", {})[_STATE] = client
        await self._app(scope, receive, send)


def client_of(request: Request) -> Client:
    """The client that ``request`` comes from."""
    client = request.scope["state"][_STATE]
    assert isinstance(client, Client)
    return client


def _hops(headers: Headers) -> Iterator[str]:
    """The addresses that proxies have told, nearest first.

    ``X-Forwarded-For`` counts where it is there: most proxies write that one, and pass on whatever
    ``Forwarded`` a client made up.
    """
    told = _items(headers.getlist("x-forwarded-for"))
    if not told:
        told = _FOR.findall(",".join(headers.getlist("forwarded"))[-_MAX_TOLD:])
    return reversed(told)


def _items(lines: Sequence[str]) -> list[str]:
    text = ",".join(lines)[-_MAX_TOLD:]
    return [item.strip() for item in text.split(",") if item.strip()]


@lru_cache(maxsize=256)
def _parsed(text: str) -> Address | None:
    """The address in ``text``, with or without a port; None where none is told."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _whole(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, 64), strict=False))
