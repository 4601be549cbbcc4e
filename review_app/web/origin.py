"""The addresses this server answers to, and whose pages may send it changes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from review_app.core.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port of an address, in the one form in which they can be compared."""

    scheme: str
    host: str
    port: int


class Origins:
    """The names of this server, from its settings.

    Where people come through a proxy, its public name is the only one: nobody has a reason to ask
    for another, and the proxy passes on the name that people typed. Else only this machine is here.
    """

    def __init__(self, settings: Settings) -> None:
        self._public = origin_of(settings.public_url)
        self._names = {self._public.host} if self._public else _LOOPBACK | {settings.host}

    def is_ours(self, headers: Headers) -> bool:
        """Whether the ``Host`` header names this server.

        A page elsewhere can point its own name at 127.0.0.1 and so reach a local server with the
        browser's blessing (DNS rebinding); the name it uses gives it away.
        """
        host = _host_of(headers)
        return host is not None and host.host in self._names

    def is_over_tls(self, headers: Headers) -> bool:
        """Whether the request came for an https address, that is through the proxy."""
        return self._public is not None and self._public.scheme == "https" and self.is_ours(headers)

    def is_foreign_write(self, method: str, headers: Headers) -> bool:
        """Whether a page of another origin is behind this request, and it may change something.

        Browsers put ``Origin`` on every request that is not a plain read; programs send neither
        header, and carry no cookie that they were not given.
        """
        if method in _SAFE_METHODS:
            return False
        origin = headers.get("origin")
        if origin is not None:
            # Without a proxy nothing here speaks TLS: the page is where the request went.
            own = self._public or _host_of(headers)
            return own is None or origin_of(origin) != own
        return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


@lru_cache(maxsize=64)
def origin_of(address: str) -> Origin | None:
    """The origin of an address of the web, or None where it has none."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.hostname is None or port is None or "@" in parts.netloc:
        return None
    return Origin(parts.scheme, parts.hostname, port)


def _host_of(headers: Headers) -> Origin | None:
    """The host that the request went to, as its ``Host`` header says."""
    host = headers.get("host", "")
    return None if set(host) & set("/?#\\") else origin_of(f"http://{host}")
