"""Accounts: who there is, as what, and whether they may come in."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
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
    is_away: bool
    """Whether they work at desks alone, and have no place in this queue."""


class Accounts:
    """The accounts of one database. ``after_switch`` is told who has opened or closed one."""

    def __init__(
        self, database: Database, after_switch: Callable[[str], None] = lambda _actor: None
    ) -> None:
        self._database = database
        self._after_switch = after_switch

    def add(
        self,
        name: str,
        role: Role,
        actor: str,
        password: str | None = None,
        *,
        is_away: bool = False,
    ) -> Account:
        """Make an account. Without a password the person signs in by one-time links only;
        ``is_away``: they have no place in this queue, but at desks alone.

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
            return _account(_add(repos, name, role, actor, hashed, is_away=is_away))

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
            user = user_named(repos, name)
            if (user.disabled_at is None) is enabled:
                if expects_change:
                    raise _done_since(repos, user)
                return
            if not enabled:
                refuse_last_admin(repos, user)
            now = utc_now()
            repos.users.set_disabled(user, None if enabled else now)
            details: dict[str, Any] = {"name": user.name}
            if not enabled:
                details["given_back"] = repos.claims.release(user.id, now)
                sign_out(repos, user, now)
                repos.tokens.revoke_all_of(user.id, actor)
            kind = AuditKind.USER_ENABLED if enabled else AuditKind.USER_DISABLED
            repos.audit.add(Event(kind, actor, details=details))
        self._after_switch(actor)

    def set_role(self, name: str, role: Role, actor: str, seen: Role | None = None) -> bool:
        """Give an account another role, and give back what its person holds and could decide no
        longer; whether that changed anything. What they may do follows at once, tokens included.

        ``seen``: the role that whoever asks knows of. Raises ``NotFoundError`` for an unknown name,
        ``ConflictError`` for the last admin, and ``ChangedSinceError`` where it is another by now.
        """
        with self._database.write() as repos:
            user = user_named(repos, name)
            if seen is not None and user.role is not seen:
                raise _role_since(repos, user)
            if user.role is role:
                return False
            refuse_last_admin(repos, user)
            details: dict[str, Any] = {"name": user.name, "was": user.role, "role": role}
            details["given_back"] = repos.claims.release(user.id, utc_now())
            repos.users.set_role(user, role)
            repos.audit.add(Event(AuditKind.ROLE_CHANGED, actor, details=details))
            return True

    def sign_out_everywhere(self, name: str, actor: str) -> int:
        """End all sessions and unused links of an account, and forget the browsers it was used at;
        how many sessions were open. The password stays.

        Raises ``NotFoundError`` for an unknown name, and ``ConflictError`` for the last admin where
        there is no password.
        """
        with self._database.write() as repos:
            user = user_named(repos, name)
            if user.password_hash is None:
                refuse_last_admin(repos, user)
            n = sign_out(repos, user, utc_now())
            details = {"name": user.name, "n": n}
            repos.audit.add(Event(AuditKind.SESSIONS_ENDED, actor, details=details))
        return n


def normal(name: str) -> str:
    """The form a name is stored in: one spelling, however the keyboard composes its accents."""
    return unicodedata.normalize("NFC", name.strip())


def user_named(repos: Repositories, name: str) -> User:
    """The account of that name, open or closed. Raises ``NotFoundError``."""
    user = repos.users.by_name(normal(name))
    if user is None:
        raise NotFoundError(Text("people.unknown", {"name": repr(name)}))
    return user


def open_user_named(repos: Repositories, name: str) -> User:
    """The account of that name, if it is open. Raises ``NotFoundError``."""
    user = repos.users.by_name(normal(name))
    if user is None or user.disabled_at is not None:
        raise NotFoundError(Text("people.none_enabled", {"name": repr(name)}))
    return user


def sign_out(repos: Repositories, user: User, now: datetime) -> int:
    """Nobody is signed in as ``user`` any more, nor by a link of before; how many were."""
    n = repos.sessions.revoke_all_of(user.id, now)
    repos.links.revoke_all_of(user.id, now)
    repos.devices.forget_all_of(user.id)
    return n


def _account(user: User) -> Account:
    return Account(
        user.id,
        user.name,
        user.role,
        user.pseudonym,
        user.created_at,
        user.disabled_at is not None,
        user.password_hash is not None,
        user.away_since is not None,
    )


def _add(
    repos: Repositories,
    name: str,
    role: Role,
    actor: str,
    hashed: str | None,
    *,
    is_away: bool = False,
) -> User:
    pseudonym = f"r-{secrets.token_hex(4)}"
    user = User(name=name, role=role, pseudonym=pseudonym, password_hash=hashed)
    user.away_since = utc_now() if is_away else None
    repos.users.add(user)
    details: dict[str, Any] = {"name": name, "role": role} | ({"away": True} if is_away else {})
    repos.audit.add(Event(AuditKind.USER_ADDED, actor, details=details))
    return user


def _clean_name(name: str) -> str:
    name = normal(name)
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InputError(Text("people.name_length"))
    return name


def _done_since(repos: Repositories, user: User) -> ChangedSinceError:
    """The refusal to open or close ``user`` once more, in the name of who did."""
    key = "people.enabled_since" if user.disabled_at is None else "people.disabled_since"
    return _since(repos, user, (AuditKind.USER_ENABLED, AuditKind.USER_DISABLED), key)


def _role_since(repos: Repositories, user: User) -> ChangedSinceError:
    """The refusal to change a role that is another by now, in the name of who changed it."""
    return _since(repos, user, (AuditKind.ROLE_CHANGED,), f"people.{user.role}_since")


def _since(
    repos: Repositories, user: User, kinds: tuple[AuditKind, ...], key: str
) -> ChangedSinceError:
    """A refusal in the name of whoever made ``user`` what they are by one of ``kinds``."""
    told = (*kinds, AuditKind.USER_ADDED)
    events = [event for kind in told for event in repos.event_history.of_kind(kind)]
    own = [event for event in events if event.details["name"] == user.name]
    last = max(own, key=lambda event: event.id, default=None)
    by = Text("policy.by_system") if last is None else last.actor
    at = user.created_at if last is None else last.at
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


def refuse_last_admin(repos: Repositories, user: User) -> None:
    """Raise ``ConflictError`` where nobody else could put right what is done to ``user``."""
    here = [u for u in repos.users.all() if u.disabled_at is None and u.away_since is None]
    if [u.id for u in here if u.role is Role.ADMIN] == [user.id]:
        raise ConflictError(Text("people.only_admin", {"name": user.name}))
