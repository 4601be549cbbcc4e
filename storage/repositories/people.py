"""Users, sessions, known devices and sign-in links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    bindparam,
    delete,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from storage.enums import Role, SignInMethod
from storage.models import KnownDevice, SignInLink, User, UserSession
from storage.prepared import Prepared
from storage.types import UtcDateTime

MAX_DEVICES = 20
"""Known devices of one user; the one used longest ago gives way."""


class OpenSession(NamedTuple):
    """The facts of a session that are asked for at every request."""

    user_id: int
    name: str
    role: Role
    created_at: datetime
    seen_at: datetime
    began_by: SignInMethod | None
    is_away: bool


_IS_OPEN = Prepared(
    select(User.id).where(
        User.id == bindparam("user"), User.disabled_at.is_(None), User.away_since.is_(None)
    )
)
_Moment = datetime | BindParameter[datetime]
_SEEN_AT = type_coerce(func.coalesce(UserSession.last_seen_at, UserSession.created_at), UtcDateTime)
_OPEN = (
    select(
        User.id,
        User.name,
        User.role,
        UserSession.created_at,
        _SEEN_AT,
        UserSession.began_by,
        User.away_since.is_not(None),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(User.disabled_at.is_(None))
)


def _is_open(now: _Moment, idle_since: _Moment) -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.expires_at > now,
        UserSession.revoked_at.is_(None),
        idle_since < _SEEN_AT,
    )


_OPEN_BY_TOKEN = Prepared(
    _OPEN.where(
        UserSession.token_sha256 == bindparam("token"),
        *_is_open(bindparam("now"), bindparam("idle", type_=UtcDateTime)),
    )
)


class Users:
    """The repository of accounts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: int) -> User | None:
        """The account of that id; None where there is none."""
        return self._session.get(User, user_id)

    def by_name(self, name: str) -> User | None:
        """The account of that name; None where there is none."""
        return self._session.scalar(select(User).where(User.name == name))

    def all(self) -> list[User]:
        """Every account, oldest first."""
        return list(self._session.scalars(select(User).order_by(User.id)))

    def is_open(self, user_id: int) -> bool:
        """Whether there is such an account that is not closed, and has a place here."""
        return _IS_OPEN.value(self._session, user=user_id) is not None

    def add(self, user: User) -> User:
        """Store ``user`` and give it its id."""
        self._session.add(user)
        self._session.flush()
        return user

    def set_disabled(self, user: User, at: datetime | None) -> None:
        """Close the account at that time, or open it (None)."""
        user.disabled_at = at
        self._session.flush()

    def set_role(self, user: User, role: Role) -> None:
        """Let the account be of that role."""
        user.role = role
        self._session.flush()

    def set_away(self, user: User, since: datetime | None) -> None:
        """Take the user's place in this queue from that time on, or give it back (None)."""
        user.away_since = since
        self._session.flush()

    def set_password(self, user: User, password_hash: str | None) -> None:
        """Put the hash of a new password in place of the old one; None: links alone sign in."""
        user.password_hash = password_hash
        self._session.flush()


class Sessions:
    """Signed-in browsers, by the hash of their token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: UserSession) -> None:
        """Store a session that begins."""
        self._session.add(row)
        self._session.flush()

    def open(self, token_sha256: str, now: datetime, idle_since: datetime) -> OpenSession | None:
        """A session of an enabled user, unless it is over, revoked, or was last seen before
        ``idle_since``."""
        asked = {"token": token_sha256, "now": now, "idle": idle_since}
        found = _OPEN_BY_TOKEN.rows(self._session, **asked)
        return OpenSession(*found[0]) if found else None

    def is_of_closed_account(self, token_sha256: str) -> bool:
        """Whether there was such a session, of an account that is closed now."""
        query = (
            select(User.id)
            .join(UserSession, UserSession.user_id == User.id)
            .where(UserSession.token_sha256 == token_sha256, User.disabled_at.is_not(None))
        )
        return self._session.scalar(query) is not None

    def all_open(self, user_id: int, now: datetime, idle_since: datetime) -> list[UserSession]:
        """Every open session of the user, newest first."""
        query = (
            select(UserSession)
            .where(UserSession.user_id == user_id, *_is_open(now, idle_since))
            .order_by(UserSession.created_at.desc())
        )
        return list(self._session.scalars(query))

    def saw(self, token_sha256: str, now: datetime) -> None:
        """Keep that something was asked for in the session."""
        self._session.execute(
            update(UserSession)
            .where(UserSession.token_sha256 == token_sha256)
            .values(last_seen_at=now)
        )

    def revoke(self, token_sha256: str, now: datetime) -> None:
        """End the session, unless it was ended before."""
        self._session.execute(
            update(UserSession)
            .where(UserSession.token_sha256 == token_sha256, UserSession.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    def revoke_all_of(self, user_id: int, now: datetime, but_for: Sequence[str] = ()) -> int:
        """End all sessions of the user but those of the tokens ``but_for``; how many had not run
        out."""
        ended = self._session.scalars(
            update(UserSession)
            .where(
                UserSession.user_id == user_id,
                UserSession.revoked_at.is_(None),
                UserSession.token_sha256.not_in(but_for),
            )
            .values(revoked_at=now)
            .returning(UserSession.expires_at)
        )
        return sum(expires_at > now for expires_at in ended)


class Devices:
    """Browsers at which people have signed in, by the hash of their token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_known(self, token_sha256: str, user_name: str | None = None) -> bool:
        """Whether somebody, or the enabled user of that name, has signed in there."""
        query = select(KnownDevice.token_sha256).where(KnownDevice.token_sha256 == token_sha256)
        if user_name is not None:
            query = query.join(User, User.id == KnownDevice.user_id).where(
                User.name == user_name, User.disabled_at.is_(None)
            )
        return self._session.scalar(query.limit(1)) is not None

    def keep(self, token_sha256: str, user_id: int, now: datetime) -> None:
        """Know the device from now on, or still; at most ``MAX_DEVICES`` for each user."""
        key = {"token_sha256": token_sha256, "user_id": user_id}
        row = self._session.get(KnownDevice, key)
        if row is None:
            row = KnownDevice(**key, created_at=now)
            self._session.add(row)
        row.last_used_at = now
        self._session.flush()
        self._drop_oldest(user_id)

    def forget_all_of(self, user_id: int, but_for: Sequence[str] = ()) -> None:
        """Know no browser of the user any more but those of the tokens ``but_for``."""
        self._session.execute(
            delete(KnownDevice).where(
                KnownDevice.user_id == user_id, KnownDevice.token_sha256.not_in(but_for)
            )
        )

    def _drop_oldest(self, user_id: int) -> None:
        newest = (
            select(KnownDevice.token_sha256)
            .where(KnownDevice.user_id == user_id)
            .order_by(KnownDevice.last_used_at.desc())
            .limit(MAX_DEVICES)
        )
        self.forget_all_of(user_id, list(self._session.scalars(newest)))


class Links:
    """One-time sign-in links, by the hash of their token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: SignInLink) -> None:
        """Store a link that nobody has used."""
        self._session.add(row)
        self._session.flush()

    def revoke_all_of(self, user_id: int, now: datetime) -> None:
        """Spend the user's links that nobody has used."""
        self._session.execute(
            update(SignInLink)
            .where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None))
            .values(used_at=now)
        )

    def user_of(self, token_sha256: str, now: datetime) -> User | None:
        """The enabled user whom the link would sign in, or None where it is unknown, spent or
        over. It is not spent by that."""
        query = (
            select(User)
            .join(SignInLink, SignInLink.user_id == User.id)
            .where(
                SignInLink.token_sha256 == token_sha256,
                SignInLink.used_at.is_(None),
                SignInLink.expires_at > now,
                User.disabled_at.is_(None),
            )
        )
        return self._session.scalar(query)

    def use(self, token_sha256: str, now: datetime) -> int | None:
        """Spend the link; the user's id, or None where it is unknown, spent or over."""
        query = (
            update(SignInLink)
            .where(
                SignInLink.token_sha256 == token_sha256,
                SignInLink.used_at.is_(None),
                SignInLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(SignInLink.user_id)
        )
        return self._session.scalar(query)
