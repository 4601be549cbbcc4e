"""Sessions: signed-in browsers, what is known of each, and how they end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.core.errors import NotFoundError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.people.credentials import digest, new_token
from storage.database import Database
from storage.enums import AuditKind, SignInMethod
from storage.models import User, UserSession
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.types import utc_now

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last used: each time costs a write."""
JUST_NOW = timedelta(minutes=10)
"""How long a one-time link proves who somebody is in place of a password."""
_ID_DIGITS = 16


@dataclass(frozen=True)
class Browser:
    """A browser as it describes itself; None where it cannot be told."""

    name: str | None = None
    """The name of the browser, as in ``Firefox``."""
    platform: str | None = None
    """The name of the system, as in ``Windows``."""


@dataclass(frozen=True)
class OwnSession:
    """One of a person's sessions, as their page lists it."""

    id: str
    """A number that tells it apart from the person's others; it opens nothing."""
    browser: Browser
    began_at: datetime
    seen_at: datetime
    is_this: bool


class SessionBook:
    """The sessions of one database. ``life`` is the longest, ``idle`` the longest without use."""

    def __init__(self, database: Database, life: timedelta, idle: timedelta) -> None:
        self._database = database
        self._life = life
        self._idle = idle
        # Aside: nobody waits for a write while another one holds the database.
        self._aside = ThreadPoolExecutor(1, "session-seen")
        self._being_kept: set[str] = set()

    def close(self) -> None:
        """Keep what is still to be kept."""
        self._aside.shutdown()

    def begin(self, repos: Repositories, user: User, by: SignInMethod, browser: Browser) -> str:
        """The token of a new session."""
        token, now = new_token(), utc_now()
        row = UserSession(
            token_sha256=digest(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._life,
            began_by=by,
            browser=browser.name,
            platform=browser.platform,
            last_seen_at=now,
        )
        repos.sessions.add(row)
        repos.audit.add(Event(AuditKind.SIGNED_IN, user.name, details={"by": by.value}))
        return token

    def person(self, token: str | None, *, is_active: bool = True) -> Person | None:
        """Who a session's token belongs to, or None.

        What pages ask for by themselves is not ``is_active``: it keeps no session open.
        """
        if not token:
            return None
        key, now = digest(token), utc_now()
        with self._database.read() as repos:
            found = repos.sessions.open(key, now, now - self._idle)
        if found is None:
            return None
        if is_active and found.seen_at < now - min(SEEN_EVERY, self._idle / 4):
            self._saw(key, now)
        return Person(found.user_id, found.name, found.role, is_away=found.is_away)

    def is_of_closed_account(self, token: str) -> bool:
        """Whether the token was of a session whose account is closed now: only who held one is
        told."""
        with self._database.read() as repos:
            return repos.sessions.is_of_closed_account(digest(token))

    def end(self, token: str) -> None:
        """End the session of this token: its person signs out."""
        with self._database.write() as repos:
            repos.sessions.revoke(digest(token), utc_now())

    def of(self, person: Person, token: str) -> list[OwnSession]:
        """The person's open sessions, newest first; ``token`` is that of the one they ask from."""
        now, this = utc_now(), digest(token)
        with self._database.read() as repos:
            rows = repos.sessions.all_open(person.id, now, now - self._idle)
        return [_own(row, this) for row in rows]

    def end_one(self, person: Person, session_id: str) -> None:
        """End one of the person's own sessions. Raises ``NotFoundError`` where it has ended."""
        now = utc_now()
        with self._database.write() as repos:
            rows = repos.sessions.all_open(person.id, now, now - self._idle)
            row = next((row for row in rows if _id_of(row) == session_id), None)
            if row is None:
                raise NotFoundError(Text("account.no_session"))
            repos.sessions.revoke(row.token_sha256, now)
            repos.audit.add(Event(AuditKind.SESSIONS_ENDED, person.name, details={"n": 1}))

    def end_others(self, person: Person, token: str) -> int:
        """End the person's other sessions, if any, and return how many there were."""
        now = utc_now()
        with self._database.write() as repos:
            n = self.end_others_in(repos, person.id, token)
            if n:
                event = Event(AuditKind.SESSIONS_ENDED, person.name, details={"n": n}, at=now)
                repos.audit.add(event)
        return n

    def end_others_in(self, repos: Repositories, user_id: int, token: str) -> int:
        """Do ``end_others`` as a part of a transaction, which says itself why."""
        now, this = utc_now(), digest(token)
        rows = repos.sessions.all_open(user_id, now, now - self._idle)
        repos.sessions.revoke_all_of(user_id, now, but_for=[this])
        return sum(row.token_sha256 != this for row in rows)

    def began_by_link_just_now(self, token: str) -> bool:
        """Whether the session's person has come by a one-time link a moment ago."""
        now = utc_now()
        with self._database.read() as repos:
            found = repos.sessions.open(digest(token), now, now - self._idle)
        return (
            found is not None
            and found.began_by is SignInMethod.LINK
            and found.created_at > now - JUST_NOW
        )

    def _saw(self, key: str, now: datetime) -> None:
        if key not in self._being_kept:
            self._being_kept.add(key)
            self._aside.submit(self._keep_seen, key, now)

    def _keep_seen(self, key: str, now: datetime) -> None:
        try:
            with self._database.write(durable=False) as repos:
                repos.sessions.saw(key, now)
        finally:
            self._being_kept.discard(key)


def _own(row: UserSession, this: str) -> OwnSession:
    return OwnSession(
        id=_id_of(row),
        browser=Browser(row.browser, row.platform),
        began_at=row.created_at,
        seen_at=row.last_seen_at or row.created_at,
        is_this=row.token_sha256 == this,
    )


def _id_of(row: UserSession) -> str:
    return row.token_sha256[:_ID_DIGITS]
