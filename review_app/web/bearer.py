"""``Authorization: Bearer``: the token that a program calls with, and how often it may.

Whoever brings a token is that token's owner within its scopes, and nobody else: a session's cookie
beside it is not looked at. So no page of another site can have a browser call as a program does,
and nothing of what guards cookies is asked of programs.
"""

from __future__ import annotations

from anyio.to_thread import run_sync
from starlette.datastructures import Headers

from review_app.core.permissions import Person
from review_app.people import TokenBook
from review_app.web.pace import RateLimit

_SCHEME = "bearer "
_AT_ONCE = 0.1
"""The share of a minute's calls that may come at once after a rest."""


class Bearers:
    """Looks up who calls with a token, off the event loop, and keeps each to its pace."""

    def __init__(self, tokens: TokenBook, calls_per_minute: int) -> None:
        self._tokens = tokens
        burst = max(1, round(calls_per_minute * _AT_ONCE))
        self._pace = RateLimit(interval=60 / calls_per_minute, burst=burst, longest_wait=0)

    async def person_of(self, headers: Headers) -> Person | None:
        """Whom the token acts for; None where it lets nobody in."""
        secret = token_of(headers)
        return None if secret is None else await run_sync(self._tokens.person, secret)

    def count(self, person: Person) -> None:
        """Count a call. Raises ``LimitError`` where the token has made too many of late."""
        if person.token is not None:
            self._pace.reserve(person.token.id)


def token_of(headers: Headers) -> str | None:
    """What a request brings as its token; None where it brings none."""
    said = headers.get("authorization", "")
    return said[len(_SCHEME) :].strip() if said.lower().startswith(_SCHEME) else None
