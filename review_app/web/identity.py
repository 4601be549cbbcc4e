"""The identity of who asks: from the session cookie to a ``Person``, at every request."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import gradio as gr
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.datastructures import Headers

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.people import People
from review_app.web.cookies import SESSION, Cookies

if TYPE_CHECKING:
    from review_app.bootstrap import Application

COOKIE = SESSION
"""The session cookie's name where people come without TLS, on this machine."""
UNATTENDED = "x-unattended"
"""A header of what open pages ask for by themselves, while nobody touches them (shell.js)."""
REMEMBERED_SECONDS = 1.0
"""How long a session's lookup is trusted: a session revoked elsewhere lives on this long."""
_MAX_REMEMBERED = 10_000


class SessionCache:
    """A cache that looks sessions up off the event loop, and remembers each for a moment.

    One page load asks for dozens of files; each would otherwise be a read of the database. Only
    sessions that exist are remembered, so made-up tokens fill nothing.
    """

    def __init__(self, people: People, cookies: Cookies) -> None:
        self._people = people
        self._cookies = cookies
        self._known: dict[bytes, tuple[Person, float]] = {}

    async def person_of(self, headers: Headers) -> Person | None:
        """Who sent a request with these headers, or None."""
        token = self._cookies.session(headers)
        return await self.person(token, is_active=UNATTENDED not in headers)

    async def person(self, token: str | None, *, is_active: bool = True) -> Person | None:
        """Who the session's token belongs to, or None."""
        if not token:
            return None
        key = _key(token)
        known = self._known.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        self._known.pop(key, None)
        person = await run_sync(lambda: self._people.person(token, is_active=is_active))
        if person is not None:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[key] = (person, time.monotonic() + REMEMBERED_SECONDS)
        return person

    async def are_of_closed_account(self, headers: Headers) -> bool:
        """Whether nobody is there because the account that the cookie was of is closed."""
        token = self._cookies.session(headers)
        if not token:
            return False
        return await run_sync(self._people.is_of_closed_account, token)

    def forget(self, token: str) -> None:
        """Look the session up afresh next time; for when it has ended here."""
        self._known.pop(_key(token), None)

    def forget_all(self) -> None:
        """Look every session up afresh; for when some have ended whose tokens nobody knows."""
        self._known.clear()


def _key(token: str) -> bytes:
    """What a session is remembered by: a dump of this process's memory signs nobody in."""
    return hashlib.sha256(token.encode()).digest()


async def current_person(request: Request) -> Person:
    """FastAPI dependency: the person that the guard found. Raises ``NotAllowedError``."""
    person = getattr(request.state, "person", None)
    if not isinstance(person, Person):
        raise NotAllowedError(Text("refusals.sign_in_first"))
    return person


def person_of(app: Application, request: gr.Request) -> Person:
    """The person who called a handler of Gradio's, looked up in the database. Raises
    ``NotAllowedError``.

    Gradio's own session hash is bound to nobody; only the cookie says who is there.
    """
    token = request.cookies.get(Cookies(app.settings).session_name)
    # The guard has seen whether somebody is there.
    person = app.people.person(token, is_active=False)
    if person is None:
        raise NotAllowedError(Text("refusals.sign_in_ended"))
    return person
