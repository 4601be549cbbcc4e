"""Users, sessions and sign-in links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.models import SignInLink, User, UserSession


class Users:
    """Accounts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: int) -> User | None:
        return self._session.get(User, user_id)

    def by_name(self, name: str) -> User | None:
        return self._session.scalar(select(User).where(User.name == name))

    def all(self) -> list[User]:
        return list(self._session.scalars(select(User).order_by(User.id)))

    def add(self, user: User) -> User:
        self._session.add(user)
        self._session.flush()
        return user


class Sessions:
    """Signed-in browsers, by the hash of their token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: UserSession) -> None:
        self._session.add(row)
        self._session.flush()

    def user_of(self, token_sha256: str, now: datetime) -> User | None:
        """The enabled user of a session that is neither over nor revoked."""
        query = (
            select(User)
            .join(UserSession, UserSession.user_id == User.id)
            .where(
                UserSession.token_sha256 == token_sha256,
                UserSession.expires_at > now,
                UserSession.revoked_at.is_(None),
                User.disabled_at.is_(None),
            )
        )
        return self._session.scalar(query)

    def revoke(self, token_sha256: str, now: datetime) -> None:
        self._session.execute(
            update(UserSession)
            .where(UserSession.token_sha256 == token_sha256)
            .values(revoked_at=now)
        )

    def revoke_all_of(self, user_id: int, now: datetime) -> None:
        self._session.execute(
            update(UserSession)
            .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=now)
        )


class Links:
    """One-time sign-in links, by the hash of their token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: SignInLink) -> None:
        self._session.add(row)
        self._session.flush()

    def revoke_all_of(self, user_id: int, now: datetime) -> None:
        """Spend the user's links that nobody has used."""
        self._session.execute(
            update(SignInLink)
            .where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None))
            .values(used_at=now)
        )

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
