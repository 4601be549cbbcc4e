"""The door in front of everything, mounts included: who comes in, from where, and to what.

Gradio leaves several of its own paths open whatever its ``auth_dependency`` says, and knows no
roles. So each request passes here first: path -> area -> session -> person. Handlers behind ask
again what the person may do.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from review_app.core.errors import LimitError
from review_app.core.permissions import Area, Person, area_of, may_enter
from review_app.i18n import t
from review_app.web.bearer import Bearers, token_of
from review_app.web.failures import ACCOUNT_CLOSED, INVALID_TOKEN, Failure, answer, failure_of
from review_app.web.headers import with_security_headers
from review_app.web.identity import SessionCache
from review_app.web.mounts import MOUNTS
from review_app.web.origin import Origins

MAX_BODY = 64 * 1024
"""Most bytes of a request to our own routes; each mount's gateway has limits of its own."""

_PROBES = ("/healthz", "/readyz")


class Guard:
    """ASGI middleware. Puts the ``Person`` (or None) into ``scope["state"]["person"]``.

    ``largest``: how many bytes a request may have, by path, where that is not `MAX_BODY`.
    """

    def __init__(
        self,
        app: ASGIApp,
        sessions: SessionCache,
        bearers: Bearers,
        origins: Origins,
        largest: Mapping[str, int],
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._bearers = bearers
        self._largest = largest
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its person, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:  # nothing here speaks websocket
            await send({"type": "websocket.close", "code": 1008})

    async def _person(self, scope: Scope, headers: Headers) -> Person | None:
        area = area_of(scope["path"])
        if area is Area.OPEN:
            return None
        if token_of(headers) is not None:
            return await self._bearers.person_of(headers) if area is Area.PROGRAMS else None
        return await self._sessions.person_of(headers)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        over_tls = self._origins.is_over_tls(headers)
        send = with_security_headers(send, path, over_tls)
        person = await self._person(scope, headers)
        scope.setdefault("state", {})["person"] = person
        refusal = self._refusal(scope, headers, person)
        if refusal is not None:
            if refusal == _nobody() and await self._sessions.are_of_closed_account(headers):
                refusal = Failure(401, ACCOUNT_CLOSED, t("refusals.your_account_closed"))
            await answer(Request(scope), refusal)(scope, receive, send)
            return
        await self._app(_as_seen_outside(scope, over_tls), receive, send)

    def _refusal(self, scope: Scope, headers: Headers, person: Person | None) -> Failure | None:
        path, method = scope["path"], scope["method"]
        if path in _PROBES:
            return None
        if not self._origins.is_ours(headers):
            return Failure(
                400,
                "unknown_host",
                t("refusals.unknown_host"),
            )
        has_token = token_of(headers) is not None
        if not has_token and self._origins.is_foreign_write(method, headers):
            return Failure(403, "foreign_origin", t("refusals.foreign_origin"))
        if not may_enter(person, area_of(path)):
            if person is None:
                return _no_such_token() if has_token else _nobody()
            return Failure(403, "not_allowed", t("refusals.may_not_go", name=person.name))
        most = self._largest.get(path, MAX_BODY)
        return self._too_often(person) or _too_large(path, method, headers, most)

    def _too_often(self, person: Person | None) -> Failure | None:
        try:
            if person is not None:
                self._bearers.count(person)
        except LimitError as error:
            return failure_of(error)
        return None


def _nobody() -> Failure:
    return Failure(401, "not_signed_in", t("refusals.sign_in"))


def _no_such_token() -> Failure:
    return Failure(401, INVALID_TOKEN, t("tokens.invalid"))


def _too_large(path: str, method: str, headers: Headers, most: int) -> Failure | None:
    if method in ("GET", "HEAD") or path.startswith(tuple(mount + "/" for mount in MOUNTS)):
        return None
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or (length and not length.isdecimal()):
        return Failure(411, "length_required", t("refusals.length_required"))
    if length and int(length) > most:
        return Failure(413, "too_large", t("refusals.too_large", n=most // 1024))
    return None


def _as_seen_outside(scope: Scope, over_tls: bool) -> Scope:
    """The scope with the scheme people use, and without headers that Gradio would trust too far.

    It builds addresses from ``X-Forwarded-*`` and ``X-Gradio-Server``, which anybody can send, and
    lets every ``Origin`` read its answers where the host is not a loopback name.
    """
    scope["headers"] = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"origin", b"forwarded")
        and not name.startswith((b"x-forwarded-", b"x-gradio-"))
    ]
    if over_tls:
        scope["scheme"] = "https"
    return scope
