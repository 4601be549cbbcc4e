"""Accounts: who there is, as what, and whether they may come in."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.core.errors import ChangedSinceError, ConflictError, InputError, NotFoundError
from review_app.i18n import Text
from review_app.people.credentials import hash_password
from review_app.people.lookalikes import are_confusable, mixed_word
from storage.database import Database
from storage.enums import AuditKind, Role
from storage.models import User
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.types import utc_now


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


class Accounts:
    """The accounts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: Role, actor: str, password: str | None = None) -> Account:
        """Make an account. Without a password the person signs in by one-time links only.

        Raises ``InputError`` for an unusable name or password, and for a word of several alphabets
        in the name; ``ConflictError`` for a name that is taken, or easily taken for another's.
        """
        name = _clean_name(name)
        _refuse_mixed(name)
        hashed = None if password is None else hash_password(password)
        with self._database.write() as repos:
            if repos.users.by_name(name):
                raise ConflictError(Text("people.taken", {"name": repr(name)}))
            _refuse_confusable(name, repos.users.all())
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

    def set_enabled(
        self, name: str, enabled: bool, actor: str, *, expects_change: bool = False
    ) -> None:
        """Open or close an account; closing ends its sessions and its unused sign-in links, forgets
        the browsers it was used at, revokes its tokens, and gives back what its person holds.

        Raises ``NotFoundError`` for an unknown name, ``ConflictError`` for the last admin, and
        ``ChangedSinceError`` where it is so already and whoever asks ``expects_change``.
        """
        with self._database.write() as repos:
            user = repos.users.by_name(normal(name))
            if user is None:
                raise NotFoundError(Text("people.unknown", {"name": repr(name)}))
            if (user.disabled_at is None) is enabled:
                if expects_change:
                    raise _done_since(repos, user)
                return
            if not enabled and _is_last_admin(user, repos.users.all()):
                raise ConflictError(Text("people.only_admin", {"name": name}))
            now = utc_now()
            repos.users.set_disabled(user, None if enabled else now)
            details: dict[str, Any] = {"name": user.name}
            if not enabled:
                details["given_back"] = repos.claims.release(user.id, now)
                repos.sessions.revoke_all_of(user.id, now)
                repos.links.revoke_all_of(user.id, now)
                repos.devices.forget_all_of(user.id)
                repos.tokens.revoke_all_of(user.id, actor)
            kind = AuditKind.USER_ENABLED if enabled else AuditKind.USER_DISABLED
            repos.audit.add(Event(kind, actor, details=details))


def normal(name: str) -> str:
    """The form a name is stored in: one spelling, however the keyboard composes its accents."""
    return unicodedata.normalize("NFC", name.strip())


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


def _clean_name(name: str) -> str:
    name = normal(name)
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InputError(Text("people.name_length"))
    return name


def _done_since(repos: Repositories, user: User) -> ChangedSinceError:
    """The refusal to open or close ``user`` once more, in the name of who did."""
    kinds = (AuditKind.USER_ENABLED, AuditKind.USER_DISABLED, AuditKind.USER_ADDED)
    events = [event for kind in kinds for event in repos.event_history.of_kind(kind)]
    own = [event for event in events if event.details["name"] == user.name]
    last = max(own, key=lambda event: event.id, default=None)
    by = Text("policy.by_system") if last is None else last.actor
    at = user.created_at if last is None else last.at
    key = "people.enabled_since" if user.disabled_at is None else "people.disabled_since"
    return ChangedSinceError(by, at, key=key, name=user.name)


def _refuse_mixed(name: str) -> None:
    found = mixed_word(name)
    if found is not None:
        word, (one, other, *_) = found
        scripts = {"one": Text(f"people.script_{one}"), "other": Text(f"people.script_{other}")}
        raise InputError(Text("people.mixed_scripts", {"word": repr(word), **scripts}))


def _refuse_confusable(name: str, users: list[User]) -> None:
    for user in users:
        if are_confusable(name, user.name):
            names = {"name": repr(name), "other": repr(user.name)}
            raise ConflictError(Text("people.confusable", names))


def _is_last_admin(user: User, users: list[User]) -> bool:
    admins = [u for u in users if u.role is Role.ADMIN and u.disabled_at is None]
    return [u.id for u in admins] == [user.id]
