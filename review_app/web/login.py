"""Signing in and out: by password, by one-time link."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from review_app.core.errors import BusyError, NotAllowedError
from review_app.core.permissions import DESKS, Area, Person, area_of, is_under, may_enter
from review_app.i18n import Text, current_language, t
from review_app.people import normal
from review_app.web import pages
from review_app.web.addresses import here, prefix_of
from review_app.web.browsers import browser_of
from review_app.web.checks import PasswordChecks
from review_app.web.cookies import Cookies
from review_app.web.failures import came_by_link
from review_app.web.identity import SessionCache, current_person
from review_app.web.language import is_own_path
from review_app.web.markup import sentence
from review_app.web.proxies import client_of
from review_app.web.throttle import Attempt, Throttle

if TYPE_CHECKING:
    from review_app.bootstrap import Application

Release = Callable[[Person], object]
_ACCOUNT = "/account"
WRONG_AFTER = 0.5
"""Seconds at least until a wrong password is told: how long a check took tells nothing of the name,
whose hash may be of older making."""
REFUSED_AFTER = 1.0
"""Seconds until a refusal is told, so that who tries without a pause makes one."""
_MAX_HELD = 200
_BUSY_SECONDS = 15


def home_of(person: Person) -> str:
    """The page where a person starts."""
    return "/admin/" if may_enter(person, Area.ADMIN) else "/review/"


def safe_target(target: str, person: Person) -> str:
    """``target`` if it is a path of this site that ``person`` may enter, else their home."""
    parts = urlsplit(target)
    if not is_own_path(target) or parts.path == "/" or not may_enter(person, area_of(parts.path)):
        return home_of(person)
    return target


def login_router(
    app: Application, sessions: SessionCache, cookies: Cookies, release: Release
) -> APIRouter:
    """``/login``, ``/login/link/{token}``, ``/logout`` and ``/``. ``release`` gives back what
    somebody holds who signs out."""
    router = APIRouter(include_in_schema=False)
    door = _Door(app, sessions, cookies, release)
    _add_start(router, door)
    _add_password(router, door)
    _add_link(router, door)
    _add_sign_out(router, door)
    return router


def start_router() -> APIRouter:
    """``/`` of a desk."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def start(person: Annotated[Person, Depends(current_person)]) -> Response:
        return RedirectResponse(here(home_of(person)), 303)

    return router


def _add_start(router: APIRouter, door: _Door) -> None:
    @router.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse(await door.target("/", request.state.person), 303)

    @router.get("/login")
    async def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's
        sessions = door.sessions
        person = await sessions.person_of(request.headers)
        if person is not None:
            return RedirectResponse(await door.target(next, person), 303)
        closed = await sessions.are_of_closed_account(request.headers)
        return pages.sign_in(next, problem=t("refusals.your_account_closed") if closed else "")


def _add_password(router: APIRouter, door: _Door) -> None:
    passwords = _Passwords(door)

    @router.post("/login")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1024)],
        target: Annotated[str, Form(alias="next", max_length=pages.MAX_TARGET)] = "/",
    ) -> Response:
        try:
            token = await passwords.check(request, name, password)
        except _TooManyError as refused:
            return _too_many(target, name, refused.wait)
        except NotAllowedError:
            return pages.sign_in(target, 401, t("signin.wrong"), name)
        return await door.open(request, token, target)


def _add_link(router: APIRouter, door: _Door) -> None:
    people = door.app.people

    @router.get("/login/link/{token}")
    async def ask(request: Request, token: str) -> Response:
        """Who only looks, as scanners of mail do, spends nothing."""
        if came_by_link(request):
            return pages.go_on(request.url.path)  # so that we see who is signed in here
        present = await door.sessions.person_of(request.headers)
        try:
            owner = await run_sync(people.owner_of_link, token)
        except NotAllowedError as error:
            return _used(error, present)
        return pages.link(request.url.path, owner, present)

    @router.post("/login/link/{token}")
    async def follow(request: Request, token: str) -> Response:
        browser = browser_of(request.headers.get("user-agent", ""))
        try:
            session = await run_sync(people.redeem_link, token, browser)
        except NotAllowedError as error:
            return _used(error, await door.sessions.person_of(request.headers))
        return await door.open(request, session, "/")


def _add_sign_out(router: APIRouter, door: _Door) -> None:
    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        await door.close(request)
        response = RedirectResponse("/login", 303)
        door.cookies.take(response)
        return response


class _Door:
    """Begins and ends sessions in a browser."""

    def __init__(
        self, app: Application, sessions: SessionCache, cookies: Cookies, release: Release
    ) -> None:
        self.app = app
        self.sessions = sessions
        self.cookies = cookies
        self._release = release

    async def target(self, target: str, person: Person) -> str:
        """`safe_target` of somebody in this queue; of whoever works at desks, one of theirs."""
        path = urlsplit(target).path
        asks_for_desk = is_under(path, (DESKS,))
        if not (person.is_away or asks_for_desk):
            return safe_target(target, person)
        assert self.app.desks is not None
        prefixes = [
            prefix_of(desk.name) for desk in await run_sync(self.app.desks.open_to, person.id)
        ]
        if asks_for_desk and is_own_path(target) and is_under(path, tuple(prefixes)):
            return target
        if not person.is_away:
            return home_of(person)
        return f"{prefixes[0]}/" if prefixes else _ACCOUNT

    async def open(self, request: Request, token: str, target: str) -> Response:
        """Let in whom the session ``token`` belongs to; whoever was in here before is out."""
        person = await self.sessions.person(token)
        if person is None:  # closed by an admin in this very moment
            raise NotAllowedError(Text("refusals.account_closed"))
        await self.close(request, now=person)
        known = self.cookies.device(request.headers)
        device = await run_sync(self.app.people.remember_device, person, known)
        response = RedirectResponse(await self.target(target, person), 303)
        self.cookies.put(response, token, device)
        return response

    async def close(self, request: Request, now: Person | None = None) -> None:
        """End the session that the request came in, if any; what its person holds is given back,
        unless it is the same one who is here ``now``."""
        person = await self.sessions.person_of(request.headers)
        token = self.cookies.session(request.headers)
        if person is None or token is None:
            return
        if person != now:
            await run_sync(self._release, person)
        await run_sync(self.app.people.sign_out, token)
        self.sessions.forget(token)


class _TooManyError(Exception):
    """The attempt is not looked at; another one may be made after ``wait`` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


class _Passwords:
    """A check of passwords, as often and as soon as the throttle lets."""

    def __init__(self, door: _Door) -> None:
        self._people = door.app.people
        self._cookies = door.cookies
        self._throttle = Throttle()
        self._checks = PasswordChecks()
        self._n_held = 0

    async def check(self, request: Request, name: str, password: str) -> str:
        """The token of a new session. Raises ``NotAllowedError`` or ``_TooManyError``."""
        began = time.monotonic()
        attempt = await self._attempt(request, name)
        standing = self._throttle.standing(attempt)
        if wait := self._throttle.begin(attempt):
            await self._hold(REFUSED_AFTER)
            raise _TooManyError(wait)
        browser = browser_of(request.headers.get("user-agent", ""))
        check = partial(self._people.sign_in, name, password, browser)
        try:
            token = await self._checks.run(standing, attempt.client, check)
        except BusyError:
            self._throttle.withdraw(attempt)
            await self._hold(REFUSED_AFTER)
            raise _TooManyError(_BUSY_SECONDS) from None
        except NotAllowedError:
            await self._hold(began + WRONG_AFTER - time.monotonic())
            raise
        self._throttle.succeeded(attempt)
        return token

    async def _attempt(self, request: Request, name: str) -> Attempt:
        device = self._cookies.device(request.headers)
        if device is not None and not await run_sync(self._people.knows_device, name, device):
            device = None
        # As it is looked up: however a name is composed, it is one to guess at.
        return Attempt(normal(name), client_of(request), device)

    async def _hold(self, seconds: float) -> None:
        """Wait, unless many do already: what is held takes memory."""
        if self._n_held >= _MAX_HELD:
            return
        self._n_held += 1
        try:
            await asyncio.sleep(max(0.0, seconds))
        finally:
            self._n_held -= 1


def _used(error: NotAllowedError, present: Person | None) -> HTMLResponse:
    text = sentence(error.render(current_language()))
    return pages.message(text, 403, signed_in=present is not None)


def _too_many(target: str, name: str, wait: int) -> HTMLResponse:
    problem = t("signin.too_many", n=max(1, math.ceil(wait / 60)))
    response = pages.sign_in(target, 429, problem, name)
    response.headers["retry-after"] = str(wait)
    return response
