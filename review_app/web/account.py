"""One's own account: where one is signed in, ending that, and another password."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from review_app.core.errors import (
    BusyError,
    ChangedSinceError,
    InputError,
    NotAllowedError,
    ReviewAppError,
)
from review_app.core.permissions import Permission, Person
from review_app.i18n import Text, current_language, t
from review_app.web import pages
from review_app.web.checks import PasswordChecks
from review_app.web.cookies import Cookies
from review_app.web.identity import SessionCache, current_person
from review_app.web.markup import sentence
from review_app.web.own_figures import own_lines
from review_app.web.proxies import Client
from review_app.web.throttle import Attempt, Standing, Throttle

if TYPE_CHECKING:
    from review_app.bootstrap import Application


class AccountChange(StrEnum):
    """A change that has just been made, for the page to say."""

    SESSION = "session"
    """One other session was ended."""
    OTHERS = "others"
    """All other sessions were ended."""
    PASSWORD = "password"  # noqa: S105 - the word, not one
    """The password was changed."""


Present = Annotated[Person, Depends(current_person)]
_NOWHERE = Client("", is_shared=True)
_STATUS = {BusyError: 429, ChangedSinceError: 409, InputError: 400, NotAllowedError: 403}


def account_router(app: Application, sessions: SessionCache, cookies: Cookies) -> APIRouter:
    """``/account`` and what its forms send."""
    router = APIRouter(prefix="/account", include_in_schema=False)
    page = _Page(app, cookies)

    @router.get("")
    async def show(
        request: Request, person: Present, done: AccountChange | None = None
    ) -> HTMLResponse:
        return await page.show(request, person, done=done)

    @router.post("/sessions/end")
    async def end(
        request: Request, person: Present, session: Annotated[str, Form(max_length=64)]
    ) -> Response:
        await run_sync(app.people.sessions.end_one, person, session)
        sessions.forget_all()
        return _back(AccountChange.SESSION)

    @router.post("/sessions/end-others")
    async def end_others(request: Request, person: Present) -> Response:
        await run_sync(app.people.sessions.end_others, person, page.token(request))
        sessions.forget_all()
        return _back(AccountChange.OTHERS)

    _add_password(router, app, sessions, page)
    return router


def _add_password(router: APIRouter, app: Application, sessions: SessionCache, page: _Page) -> None:
    changes = _Changes(app, page)

    @router.post("/password")
    async def change(
        request: Request,
        person: Present,
        new: Annotated[str, Form(max_length=2048)],
        again: Annotated[str, Form(max_length=2048)],
        old: Annotated[str, Form(max_length=2048)] = "",
        seen: Annotated[str | None, Form(max_length=64)] = None,
    ) -> Response:
        if new != again:
            return await page.show(request, person, 400, problem=t("account.not_alike"))
        try:
            await changes.change(request, person, old, new, seen)
        except (BusyError, ChangedSinceError, InputError, NotAllowedError) as error:
            return await page.refuse(request, person, error)
        sessions.forget_all()
        return _back(AccountChange.PASSWORD)


class _Page:
    """The page, drawn anew after each form."""

    def __init__(self, app: Application, cookies: Cookies) -> None:
        self._people = app.people
        self._monitoring = app.monitoring
        self.cookies = cookies

    def token(self, request: Request) -> str:
        """The token of the session the request came in."""
        return self.cookies.session(request.headers) or ""

    async def show(
        self,
        request: Request,
        person: Person,
        status: int = 200,
        done: AccountChange | None = None,
        problem: str = "",
    ) -> HTMLResponse:
        token = self.token(request)
        own = await run_sync(self._people.sessions.of, person, token)
        needs_old = await run_sync(self._people.needs_old_password, person, token)
        seen = await run_sync(self._people.password_seen, person)
        found = await run_sync(self._monitoring.own_figures, person.id)
        figures = own_lines(found) if person.may(Permission.REVIEW) else ()
        return pages.account(person, own, needs_old, seen, done or "", problem, status, figures)

    async def refuse(self, request: Request, person: Person, error: ReviewAppError) -> HTMLResponse:
        status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
        said = sentence(error.render(current_language()))
        return await self.show(request, person, status, problem=said)


class _Changes:
    """Changes of passwords: the old one is guessed no faster here than at the door."""

    def __init__(self, app: Application, page: _Page) -> None:
        self._people = app.people
        self._page = page
        self._throttle = Throttle()
        self._checks = PasswordChecks()

    async def change(
        self, request: Request, person: Person, old: str, new: str, seen: str | None
    ) -> None:
        """Change the password. Raises ``BusyError`` after many wrong tries, or what
        ``change_password`` raises."""
        attempt = Attempt(person.name, _NOWHERE, device=str(person.id))
        if wait := self._throttle.begin(attempt):
            raise BusyError(Text("account.too_many", {"n": max(1, round(wait / 60))}))
        session = self._page.token(request)
        device = self._page.cookies.device(request.headers)

        def work() -> None:
            self._people.change_password(person, session, old, new, device, seen)

        try:
            await self._checks.run(Standing.KNOWN, _NOWHERE, work)
        except (ChangedSinceError, InputError):
            self._throttle.withdraw(attempt)
            raise
        self._throttle.succeeded(attempt)


def _back(done: AccountChange) -> Response:
    """A redirect to the page, so that loading it again does nothing again."""
    return RedirectResponse(f"/account?done={done}", 303)
