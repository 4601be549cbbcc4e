"""Signing in: by password, by one-time link; and changing one's password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from review_app.core.errors import ChangedSinceError, NotAllowedError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.people.accounts import (
    Accounts,
    normal,
    open_user_named,
    refuse_last_admin,
    sign_out,
)
from review_app.people.credentials import (
    digest,
    hash_password,
    is_password,
    new_token,
    renewed,
)
from review_app.people.sessions import Browser, SessionBook
from storage.database import Database
from storage.enums import AuditKind, SignInMethod
from storage.models import SignInLink, User
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.types import utc_now

_WRONG = "name or password is wrong"
_UNKNOWN = Browser()


class People(Accounts):
    """Accounts and sign-in over one database."""

    def __init__(
        self,
        database: Database,
        session_hours: float,
        link_minutes: float,
        idle_minutes: float = 120,
        after_switch: Callable[[str], None] = lambda _actor: None,
    ) -> None:
        super().__init__(database, after_switch)
        life, idle = timedelta(hours=session_hours), timedelta(minutes=idle_minutes)
        self.sessions = SessionBook(database, life, idle)
        self._link_life = timedelta(minutes=link_minutes)

    def close(self) -> None:
        """Finish what is being stored."""
        self.sessions.close()

    def make_link(self, name: str, actor: str) -> str:
        """A token that signs ``name`` in once, until it runs out or another one is made."""
        with self._database.write() as repos:
            return self._new_link(repos, open_user_named(repos, name), actor)

    def reset_sign_in(self, name: str, actor: str) -> str:
        """Take back all that ``name`` could sign in by, the password too, and sign them out
        everywhere; the token of a link that signs them in once.

        Raises ``NotFoundError`` where there is no enabled user of that name, and ``ConflictError``
        for the last admin, who could be left without a way in.
        """
        with self._database.write() as repos:
            user = open_user_named(repos, name)
            refuse_last_admin(repos, user)
            had_password = user.password_hash is not None
            ended = sign_out(repos, user, utc_now())
            repos.users.set_password(user, None)
            details = {"name": user.name, "had_password": had_password, "sessions_ended": ended}
            repos.audit.add(Event(AuditKind.SIGN_IN_RESET, actor, details=details))
            return self._new_link(repos, user, actor)

    def _new_link(self, repos: Repositories, user: User, actor: str) -> str:
        """The token of a new link, the one that works from now on."""
        token, now = new_token(), utc_now()
        repos.links.revoke_all_of(user.id, now)
        expires_at = now + self._link_life
        row = SignInLink(token_sha256=digest(token), user_id=user.id, expires_at=expires_at)
        repos.links.add(row)
        repos.audit.add(Event(AuditKind.LINK_MADE, actor, details={"name": user.name}))
        return token

    def owner_of_link(self, token: str) -> Person:
        """Whom a one-time link would sign in. It is not spent by that, however often it is asked.

        Raises ``NotAllowedError`` where it signs nobody in any more.
        """
        with self._database.read() as repos:
            user = repos.links.user_of(digest(token), utc_now())
            if user is None:
                raise NotAllowedError(Text("refusals.link_used"))
            return Person(user.id, user.name, user.role)

    def redeem_link(self, token: str, browser: Browser = _UNKNOWN) -> str:
        """Spend a one-time link; the token of the new session."""
        with self._database.write() as repos:
            user_id = repos.links.use(digest(token), utc_now())
            user = None if user_id is None else repos.users.get(user_id)
            if user is None or user.disabled_at is not None:
                raise NotAllowedError(Text("refusals.link_used"))
            return self.sessions.begin(repos, user, SignInMethod.LINK, browser)

    def sign_in(self, name: str, password: str, browser: Browser = _UNKNOWN) -> str:
        """Check a password (slow on purpose; call it off the event loop); a session's token."""
        with self._database.read() as repos:
            user = repos.users.by_name(normal(name))
            hashed = None if user is None else user.password_hash
        if not is_password(hashed, password) or hashed is None:
            raise NotAllowedError(_WRONG)
        better = renewed(hashed, password)
        with self._database.write() as repos:
            # Asked for again under the lock: the account may have been closed meanwhile.
            user = repos.users.by_name(normal(name))
            if user is None or user.password_hash != hashed or user.disabled_at is not None:
                raise NotAllowedError(_WRONG)
            if better is not None:
                repos.users.set_password(user, better)
            return self.sessions.begin(repos, user, SignInMethod.PASSWORD, browser)

    def person(self, token: str | None, *, is_active: bool = True) -> Person | None:
        """Who a session's token belongs to, or None."""
        return self.sessions.person(token, is_active=is_active)

    def is_of_closed_account(self, token: str) -> bool:
        """Whether the token was of a session whose account is closed now."""
        return self.sessions.is_of_closed_account(token)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self.sessions.end(token)

    def knows_device(self, name: str, device: str | None) -> bool:
        """Whether the user of that name has signed in at the browser with this token."""
        if not device:
            return False
        with self._database.read() as repos:
            return repos.devices.is_known(digest(device), normal(name))

    def remember_device(self, person: Person, device: str | None) -> str:
        """Know the browser that ``person`` has just signed in at; the token for it to keep.

        One that we gave it before, to whomever, it may keep; any other may be known elsewhere.
        """
        with self._database.write(durable=False) as repos:
            if not device or not repos.devices.is_known(digest(device)):
                device = new_token()
            repos.devices.keep(digest(device), person.id, utc_now())
        return device

    def needs_old_password(self, person: Person, session: str) -> bool:
        """Whether ``person`` can have another password only by telling the one they have."""
        with self._database.read() as repos:
            user = repos.users.get(person.id)
            has_password = user is not None and user.password_hash is not None
        return has_password and not self.sessions.began_by_link_just_now(session)

    def password_seen(self, person: Person) -> str:
        """A text that tells one password of theirs from the next, and from none; it opens
        nothing."""
        with self._database.read() as repos:
            return _seen(_enabled(repos, person))

    def change_password(
        self,
        person: Person,
        session: str,
        old: str,
        new: str,
        device: str | None = None,
        seen: str | None = None,
    ) -> int:
        """Give one's own account another password; how many other sessions of theirs that ended.

        ``session`` is the token of the session it is done from, ``seen`` what `password_seen` told
        the form. Slow on purpose. Raises ``NotAllowedError`` where the old one is wrong,
        ``InputError`` for an unusable new one, and ``ChangedSinceError`` where it was changed after
        the form was loaded.
        """
        needs_old = self.needs_old_password(person, session)
        with self._database.read() as repos:
            user = _enabled(repos, person)
            hashed = user.password_hash
            if seen is not None and seen != _seen(user):
                raise _changed_since(repos, user)
        if needs_old and not is_password(hashed, old):
            raise NotAllowedError(Text("account.wrong_old"))
        new_hash = hash_password(new)
        with self._database.write() as repos:
            user = _enabled(repos, person)
            if user.password_hash != hashed:  # changed meanwhile, from elsewhere
                raise NotAllowedError(Text("account.wrong_old"))
            repos.users.set_password(user, new_hash)
            ended = self.sessions.end_others_in(repos, user.id, session)
            repos.devices.forget_all_of(user.id, [digest(device)] if device else [])
            details = {"name": user.name, "first": hashed is None, "sessions_ended": ended}
            repos.audit.add(Event(AuditKind.PASSWORD_CHANGED, user.name, details=details))
        return ended


def _seen(user: User) -> str:
    return digest(user.password_hash or "")[:16]


def _changed_since(repos: Repositories, user: User) -> ChangedSinceError:
    events = repos.event_history.of_kind(AuditKind.PASSWORD_CHANGED)
    own = [event.at for event in events if event.details["name"] == user.name]
    at = own[-1] if own else user.created_at
    return ChangedSinceError(user.name, at, key="account.changed_since")


def _enabled(repos: Repositories, person: Person) -> User:
    user = repos.users.get(person.id)
    if user is None or user.disabled_at is not None:
        raise NotAllowedError(Text("refusals.account_closed"))
    return user
