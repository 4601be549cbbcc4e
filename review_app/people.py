"""Accounts and sign-in: passwords, sessions, one-time links.

Tokens are 256 random bits; the database keeps only their SHA-256, so a copy of it signs nobody in.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from review_app.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.permissions import Person
from review_app.words import Text
from storage.database import Database
from storage.enums import AuditKind, Role
from storage.models import SignInLink, User, UserSession
from storage.repositories import Repositories
from storage.repositories.audit import Event
from storage.types import utc_now

MIN_PASSWORD, MAX_PASSWORD = 10, 1024
"""Characters."""
_WRONG = "name or password is wrong"
_hasher = PasswordHasher()
# Verified against when the name is unknown, so that the answer takes as long either way.
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class Account:
    """A user as the admin's page lists them."""

    id: int
    name: str
    role: Role
    pseudonym: str
    created_at: datetime
    disabled: bool
    has_password: bool


class People:
    """Accounts and sign-in over one database."""

    def __init__(self, database: Database, session_hours: float, link_minutes: float) -> None:
        self._database = database
        self._session_life = timedelta(hours=session_hours)
        self._link_life = timedelta(minutes=link_minutes)

    def add(self, name: str, role: Role, actor: str, password: str | None = None) -> Account:
        """Make an account. Without a password the person signs in by one-time links only.

        Raises ``InputError`` for an unusable name or password, ``ConflictError`` for a taken name.
        """
        name = _clean_name(name)
        hashed = None if password is None else _hash(password)
        with self._database.write() as repos:
            if repos.users.by_name(name):
                raise ConflictError(Text("people.taken", {"name": repr(name)}))
            return _account(_add(repos, name, role, actor, hashed))

    def ensure(self, name: str, role: Role, actor: str) -> Account:
        """The account of that name, made if need be; one that exists keeps its role."""
        name = _clean_name(name)
        with self._database.write() as repos:
            user = repos.users.by_name(name) or _add(repos, name, role, actor, None)
            return _account(user)

    def all(self) -> list[Account]:
        """Every account, oldest first."""
        with self._database.read() as repos:
            return [_account(user) for user in repos.users.all()]

    def set_enabled(self, name: str, enabled: bool, actor: str) -> None:
        """Open or close an account; closing ends its sessions and its unused sign-in links.

        Raises ``NotFoundError`` for an unknown name, ``ConflictError`` for the last admin.
        """
        with self._database.write() as repos:
            user = repos.users.by_name(_normal(name))
            if user is None:
                raise NotFoundError(Text("people.unknown", {"name": repr(name)}))
            if (user.disabled_at is None) is enabled:
                return
            if not enabled and _is_last_admin(user, repos.users.all()):
                raise ConflictError(Text("people.only_admin", {"name": name}))
            now = utc_now()
            user.disabled_at = None if enabled else now
            if not enabled:
                repos.sessions.revoke_all_of(user.id, now)
                repos.links.revoke_all_of(user.id, now)
            kind = AuditKind.USER_ENABLED if enabled else AuditKind.USER_DISABLED
            repos.audit.add(Event(kind, actor, details={"name": user.name}))

    def make_link(self, name: str, actor: str) -> str:
        """A token that signs ``name`` in once, until it runs out."""
        token = secrets.token_urlsafe(32)
        with self._database.write() as repos:
            user = repos.users.by_name(_normal(name))
            if user is None or user.disabled_at is not None:
                raise NotFoundError(Text("people.none_enabled", {"name": repr(name)}))
            expires_at = utc_now() + self._link_life
            row = SignInLink(token_sha256=_digest(token), user_id=user.id, expires_at=expires_at)
            repos.links.add(row)
            repos.audit.add(Event(AuditKind.LINK_MADE, actor, details={"name": user.name}))
        return token

    def redeem_link(self, token: str) -> str:
        """Spend a one-time link; the token of the new session."""
        with self._database.write() as repos:
            user_id = repos.links.use(_digest(token), utc_now())
            user = None if user_id is None else repos.users.get(user_id)
            if user is None or user.disabled_at is not None:
                raise NotAllowedError(Text("refusals.link_used"))
            return self._begin_session(repos, user, "link")

    def sign_in(self, name: str, password: str) -> str:
        """Check a password (slow on purpose; call it off the event loop); a session's token."""
        with self._database.read() as repos:
            user = repos.users.by_name(_normal(name))
        hashed = (user and user.password_hash) or _NOBODY
        if not _verifies(hashed, password):
            raise NotAllowedError(_WRONG)
        with self._database.write() as repos:
            # Asked for again under the lock: the account may have been closed meanwhile.
            user = repos.users.by_name(_normal(name))
            if user is None or user.password_hash != hashed or user.disabled_at is not None:
                raise NotAllowedError(_WRONG)
            if _hasher.check_needs_rehash(hashed):
                user.password_hash = _hasher.hash(password)
            return self._begin_session(repos, user, "password")

    def person(self, token: str | None) -> Person | None:
        """Who a session's token belongs to, or None."""
        if not token:
            return None
        with self._database.read() as repos:
            user = repos.sessions.user_of(_digest(token), utc_now())
            return None if user is None else Person(user.id, user.name, user.role)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.write() as repos:
            repos.sessions.revoke(_digest(token), utc_now())

    def _begin_session(self, repos: Repositories, user: User, by: str) -> str:
        token = secrets.token_urlsafe(32)
        expires_at = utc_now() + self._session_life
        repos.sessions.add(
            UserSession(token_sha256=_digest(token), user_id=user.id, expires_at=expires_at)
        )
        repos.audit.add(Event(AuditKind.SIGNED_IN, user.name, details={"by": by}))
        return token


def _account(user: User) -> Account:
    return Account(
        user.id,
        user.name,
        user.role,
        user.pseudonym,
        user.created_at,
        user.disabled_at is not None,
        user.password_hash is not None,
    )


def _add(repos: Repositories, name: str, role: Role, actor: str, hashed: str | None) -> User:
    pseudonym = f"r-{secrets.token_hex(4)}"
    user = repos.users.add(User(name=name, role=role, pseudonym=pseudonym, password_hash=hashed))
    details = {"name": name, "role": role}
    repos.audit.add(Event(AuditKind.USER_ADDED, actor, details=details))
    return user


def _normal(name: str) -> str:
    """The form a name is stored in: one spelling, however the keyboard composes its accents."""
    return unicodedata.normalize("NFC", name.strip())


def _clean_name(name: str) -> str:
    name = _normal(name)
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InputError(Text("people.name_length"))
    return name


def _hash(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return _hasher.hash(password)


def _verifies(hashed: str, password: str) -> bool:
    try:
        # Cut, so that nobody makes the hash work through megabytes.
        return _hasher.verify(hashed, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_last_admin(user: User, users: list[User]) -> bool:
    admins = [u for u in users if u.role is Role.ADMIN and u.disabled_at is None]
    return [u.id for u in admins] == [user.id]
