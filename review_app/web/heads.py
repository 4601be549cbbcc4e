"""The heads of requests: bounded, with no other cookies than our own, and forms in UTF-8.

What decodes the quoted values of cookies takes time with the square of their length in Pythons up
to 3.11.9: 30 KB held up the whole server for eight seconds, whoever sent them. So nothing behind
gets a cookie to decode that this server cannot have set.

A form in parts may name the codec that its fields are read by, and any codec of Python would do:
some take time with the square of the length, others give text that no database stores. Browsers
name none.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from review_app.i18n import t, use_language
from review_app.web.failures import Failure, answer
from review_app.web.language import language_of

MAX_HEAD = 32 * 1024
"""Most bytes of all headers of a request together; a browser sends two or three thousand."""

_COOKIE = re.compile(rb"(?:__Host-)?review_[a-z]{1,32}=[A-Za-z0-9_-]{1,128}")
_Headers = list[tuple[bytes, bytes]]


class Heads:
    """ASGI middleware; whatever reads cookies stands behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its own cookies alone, or refuse a head that is too large."""
        if scope["type"] == "http":
            given, scope["headers"] = scope["headers"], _with_own_cookies(scope["headers"])
            with use_language(language_of(Headers(scope=scope))):
                failure = _refusal(given)
                if failure is not None:
                    await answer(Request(scope), failure)(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _refusal(headers: _Headers) -> Failure | None:
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD:
        return Failure(431, "long_head", t("refusals.long_head", n=MAX_HEAD // 1024))
    if sum(name == b"host" for name, _ in headers) > 1:
        # Of two names, each who reads them may choose another.
        return Failure(400, "unknown_host", t("refusals.unknown_host"))
    if any(name == b"content-type" and _names_codec(value) for name, value in headers):
        return Failure(400, "bad_input", t("refusals.odd_call"))
    return None


def _names_codec(content_type: bytes) -> bool:
    kind = content_type.strip().lower()
    return kind.startswith(b"multipart/") and b"charset" in kind


def _with_own_cookies(headers: _Headers) -> _Headers:
    """The headers with one of cookies at most, of those that we may have set."""
    sent = b";".join(value for name, value in headers if name == b"cookie")
    own = [part.strip() for part in sent.split(b";") if _COOKIE.fullmatch(part.strip())]
    others = [header for header in headers if header[0] != b"cookie"]
    return [*others, (b"cookie", b"; ".join(own))] if own else others
