"""The addresses of a site: a desk's lie below a prefix of its own, which is known here alone.

A desk's application is told of the part of a path behind the prefix, as if it were alone; what it
writes for browsers gets the prefix by `here`. What belongs to the whole deployment (signing in, the
account, the language, static files) has no prefix anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

from review_app.core.permissions import DESKS
from review_app.core.settings import Settings

_OUTSIDE = "outside_path"
_prefix: ContextVar[str] = ContextVar("prefix", default="")


def prefix_of(desk: str) -> str:
    """The prefix of a desk's addresses; empty for the queue that is always there."""
    return f"{DESKS}/{desk}" if desk else ""


def here(path: str) -> str:
    """The address, for a browser, of a path of the site that is served."""
    return _prefix.get() + path


@contextmanager
def on_site(settings: Settings) -> Iterator[None]:
    """A block in which addresses are those of the site with these settings."""
    token = _prefix.set(prefix_of(settings.desk))
    try:
        yield
    finally:
        _prefix.reset(token)


def local_path(scope: Scope) -> str:
    """The path as the application that a request has come to knows it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def outside_path(scope: Scope) -> str:
    """The path as the browser knows it."""
    path: str = scope.get("state", {}).get(_OUTSIDE, scope["path"])
    return path


class OnSite:
    """ASGI middleware in front of a desk's application: what is behind it writes addresses of the
    desk, and sees paths without its prefix, up to `WholePaths`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the part of its path behind the prefix."""
        prefix = prefix_of(self._settings.desk)
        with on_site(self._settings):
            if scope["type"] == "http":
                scope.setdefault("state", {})[_OUTSIDE] = scope["path"]
                scope["path"] = scope["path"].removeprefix(prefix)
                scope["root_path"] = prefix
            await self._app(scope, receive, send)


class WholePaths:
    """ASGI middleware in front of the router, which wants paths whole beside their root."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its whole path."""
        if scope["type"] == "http":
            scope["path"] = scope.get("root_path", "") + scope["path"]
        await self._app(scope, receive, send)
