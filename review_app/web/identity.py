"""Who is asking: from the session cookie to a ``Person``, at every request."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import gradio as gr
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.requests import cookie_parser

from review_app.errors import NotAllowedError
from review_app.people import People
from review_app.permissions import Person
from review_app.words import Text

if TYPE_CHECKING:
    from review_app.bootstrap import Application

COOKIE = "review_session"
REMEMBERED_SECONDS = 1.0
"""How long a session's lookup is trusted: a session revoked elsewhere lives on this long."""
_REMEMBERED_AT_MOST = 10_000


class Sessions:
    """Looks sessions up off the event loop, and remembers each for a moment.

    One page load asks for dozens of files; each would otherwise be a read of the database. Only
    sessions that exist are remembered, so made-up tokens fill nothing.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self._known: dict[bytes, tuple[Person, float]] = {}

    async def person(self, token: str | None) -> Person | None:
        """Who the session's token belongs to, or None."""
        if not token:
            return None
        key = _key(token)
        known = self._known.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        self._known.pop(key, None)
        person = await run_sync(self._people.person, token)
        if person is not None:
            if len(self._known) >= _REMEMBERED_AT_MOST:
                self._known.clear()
            self._known[key] = (person, time.monotonic() + REMEMBERED_SECONDS)
        return person

    def forget(self, token: str) -> None:
        """Look the session up afresh next time; for when it has ended here."""
        self._known.pop(_key(token), None)


def _key(token: str) -> bytes:
    """What a session is remembered by: a dump of this process's memory signs nobody in."""
    return hashlib.sha256(token.encode()).digest()


def session_token(cookie_header: str) -> str | None:
    """The session's token in a ``Cookie`` header, or None."""
    return cookie_parser(cookie_header).get(COOKIE)


async def current_person(request: Request) -> Person:
    """FastAPI dependency: the person that the guard found. Raises ``NotAllowedError``."""
    person = getattr(request.state, "person", None)
    if not isinstance(person, Person):
        raise NotAllowedError(Text("refusals.sign_in_first"))
    return person


def person_of(app: Application, request: gr.Request) -> Person:
    """For Gradio's handlers: who called, looked up in the database. Raises ``NotAllowedError``.

    Gradio's own session hash is bound to nobody; only the cookie says who is there.
    """
    person = app.people.person(request.cookies.get(COOKIE))
    if person is None:
        raise NotAllowedError(Text("refusals.sign_in_ended"))
    return person
