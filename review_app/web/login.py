"""Signing in and out: by password, by one-time link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from review_app.errors import NotAllowedError
from review_app.permissions import Person, area_of, may_enter
from review_app.web import pages
from review_app.web.identity import COOKIE, Sessions
from review_app.web.language import is_own_path
from review_app.web.markup import sentence
from review_app.web.throttle import Throttle
from review_app.words import Text, current_language, t
from storage.enums import Role

if TYPE_CHECKING:
    from review_app.bootstrap import Application

_HOME = {Role.ADMIN: "/admin/", Role.REVIEWER: "/review/"}
_PASSWORD_CHECKS = 2
"""Checks at once: each takes a core and 64 MiB for a moment (argon2id)."""


def home_of(person: Person) -> str:
    """Where a person starts."""
    return _HOME[person.role]


def safe_target(target: str, person: Person) -> str:
    """``target`` if it is a path of this site that ``person`` may enter, else their home."""
    parts = urlsplit(target)
    if not is_own_path(target) or parts.path == "/" or not may_enter(person, area_of(parts.path)):
        return home_of(person)
    return target


def login_router(app: Application, sessions: Sessions) -> APIRouter:
    """``/login``, ``/login/link/{token}``, ``/logout`` and ``/``."""
    router = APIRouter(include_in_schema=False)
    cookie = _Cookie(app)
    _add_start(router, sessions)
    _add_password(router, app, sessions, cookie)
    _add_link(router, app, sessions, cookie)
    _add_sign_out(router, app, sessions, cookie)
    return router


def _add_start(router: APIRouter, sessions: Sessions) -> None:
    @router.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse(home_of(request.state.person), 303)

    @router.get("/login")
    async def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's
        person = await sessions.person(request.cookies.get(COOKIE))
        if person is not None:
            return RedirectResponse(safe_target(next, person), 303)
        return pages.sign_in(next)


def _add_password(router: APIRouter, app: Application, sessions: Sessions, cookie: _Cookie) -> None:
    throttle = Throttle()
    checks = CapacityLimiter(_PASSWORD_CHECKS)

    @router.post("/login")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1024)],
        target: Annotated[str, Form(alias="next", max_length=2048)] = "/",
    ) -> Response:
        address = request.client.host if request.client else ""
        if wait := throttle.attempt(name, address):
            return _too_many(target, name, wait)
        try:
            token = await run_sync(app.people.sign_in, name, password, limiter=checks)
        except NotAllowedError:
            return pages.sign_in(target, 401, t("signin.wrong"), name)
        throttle.succeeded(name, address)
        person = await _signed_in(sessions, token)
        return cookie.put(RedirectResponse(safe_target(target, person), 303), token)


def _add_link(router: APIRouter, app: Application, sessions: Sessions, cookie: _Cookie) -> None:
    @router.get("/login/link/{token}")
    async def link(request: Request, token: str) -> Response:
        if _is_prefetch(request):
            return Response(status_code=204)  # the browser is guessing; the link is for a person
        try:
            session = await run_sync(app.people.redeem_link, token)
        except NotAllowedError as error:
            return pages.message(sentence(error.said(current_language())), 403, signed_in=False)
        person = await _signed_in(sessions, session)
        return cookie.put(pages.go_on(home_of(person)), session)


def _add_sign_out(router: APIRouter, app: Application, sessions: Sessions, cookie: _Cookie) -> None:
    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        await run_sync(app.desk.release, request.state.person)
        token = request.cookies[COOKIE]
        await run_sync(app.people.sign_out, token)
        sessions.forget(token)
        return cookie.take(RedirectResponse("/login", 303))


class _Cookie:
    """The session cookie: for this site's own pages, unseen by scripts."""

    def __init__(self, app: Application) -> None:
        self._secure = app.settings.secure_cookies
        self._max_age = round(app.settings.session_hours * 3600)

    def put(self, response: Response, token: str) -> Response:
        response.set_cookie(
            COOKIE,
            token,
            max_age=self._max_age,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def take(self, response: Response) -> Response:
        response.delete_cookie(COOKIE, secure=self._secure, httponly=True, samesite="strict")
        # What the browser kept of images is of no use to whoever signs in next.
        response.headers["clear-site-data"] = '"cache"'
        return response


def _is_prefetch(request: Request) -> bool:
    purpose = request.headers.get("sec-purpose") or request.headers.get("purpose", "")
    return "prefetch" in purpose


async def _signed_in(sessions: Sessions, token: str) -> Person:
    person = await sessions.person(token)
    if person is None:  # closed by an admin in this very moment
        raise NotAllowedError(Text("refusals.account_closed"))
    return person


def _too_many(target: str, name: str, wait: int) -> HTMLResponse:
    problem = t("signin.too_many", n=max(1, round(wait / 60)))
    response = pages.sign_in(target, 429, problem, name)
    response.headers["retry-after"] = str(wait)
    return response
