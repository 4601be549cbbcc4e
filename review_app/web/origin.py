"""Which addresses this server answers to, and whose pages may send it changes."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from review_app.config import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Origins:
    """The names of this server, from its settings."""

    def __init__(self, settings: Settings) -> None:
        public = urlsplit(settings.public_url)
        self._public_name = public.hostname
        self._public_origin = f"{public.scheme}://{public.netloc}" if public.netloc else None
        self._names = _LOOPBACK | {settings.host} - _EVERY_ADDRESS
        if public.hostname:
            self._names |= {public.hostname}

    def is_ours(self, headers: Headers) -> bool:
        """Whether the ``Host`` header names this server.

        A page elsewhere can point its own name at 127.0.0.1 and so reach a local server with the
        browser's blessing (DNS rebinding); the name it uses gives it away.
        """
        return _hostname(headers.get("host", "")) in self._names

    def is_public(self, headers: Headers) -> bool:
        """Whether the request came for the public address, that is through the proxy."""
        return self._public_name is not None and (
            _hostname(headers.get("host", "")) == self._public_name
        )

    def is_foreign_write(self, method: str, headers: Headers) -> bool:
        """Whether a page of another origin is behind this request, and it may change something.

        Browsers put ``Origin`` on every request that is not a plain read; programs send neither
        header, and carry no cookie that they were not given.
        """
        if method in _SAFE_METHODS:
            return False
        origin = headers.get("origin")
        if origin is not None:
            return not self._is_own(origin, headers)
        return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")

    def _is_own(self, origin: str, headers: Headers) -> bool:
        if origin == self._public_origin:
            return True
        return urlsplit(origin).netloc == headers.get("host")


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
