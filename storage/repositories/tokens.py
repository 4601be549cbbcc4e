"""Tokens of the API: made and revoked together with the events of the log that tell of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.enums import AuditKind, Role
from storage.models import ApiToken, User
from storage.repositories.event_log import AuditLog, Event
from storage.types import to_utc, utc_now


class TokenHolder(NamedTuple):
    """What a token is known by, and whom it acts for; asked for at every call."""

    id: int
    token_sha256: str
    scopes: list[str]
    last_used_at: datetime | None
    user_id: int
    name: str
    role: Role


_HOLDER = select(
    ApiToken.id,
    ApiToken.token_sha256,
    ApiToken.scopes,
    ApiToken.last_used_at,
    User.id,
    User.name,
    User.role,
).join(User, User.id == ApiToken.user_id)


class ApiTokens:
    """The repository of tokens."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_id(self) -> int:
        """The number of the next token: they are counted in the order of the log."""
        return 1 + (self._session.scalar(select(func.max(ApiToken.id))) or 0)

    def add(self, row: ApiToken, actor: str) -> ApiToken:
        """Store a token that ``actor`` has made, and give it its number."""
        row.made_by, row.made_at = actor, utc_now()
        self._session.add(row)
        self._session.flush()
        details = {
            "token": row.id,
            "owner": row.user_id,
            "name": row.name,
            "scopes": list(row.scopes),
            "sha256": row.token_sha256,
            "expires_at": to_utc(row.expires_at).isoformat(),
        }
        event = Event(AuditKind.TOKEN_MADE, actor, details=details, at=row.made_at)
        AuditLog(self._session).add(event)
        return row

    def revoke(self, row: ApiToken, actor: str) -> None:
        """End a token that has not been revoked."""
        row.revoked_by, row.revoked_at = actor, utc_now()
        self._session.flush()
        details = {"token": row.id, "name": row.name}
        event = Event(AuditKind.TOKEN_REVOKED, actor, details=details, at=row.revoked_at)
        AuditLog(self._session).add(event)

    def revoke_all_of(self, user_id: int, actor: str) -> int:
        """End every token of the user that has not been revoked; how many there were."""
        query = select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        rows = list(self._session.scalars(query.order_by(ApiToken.id)))
        for row in rows:
            self.revoke(row, actor)
        return len(rows)

    def holder(self, token_id: int, now: datetime) -> TokenHolder | None:
        """The token of this number and its owner, unless it is over, revoked, or the owner's
        account is closed or has no place here."""
        query = _HOLDER.where(
            ApiToken.id == token_id,
            ApiToken.expires_at > now,
            ApiToken.revoked_at.is_(None),
            User.disabled_at.is_(None),
            User.away_since.is_(None),
        )
        row = self._session.execute(query).one_or_none()
        return None if row is None else TokenHolder(*row)

    def get(self, token_id: int) -> ApiToken | None:
        """The token of this number; None where there is none."""
        return self._session.get(ApiToken, token_id)

    def all(self) -> list[tuple[ApiToken, str]]:
        """Every token with its owner's name, the newest first."""
        query = select(ApiToken, User.name).join(User, User.id == ApiToken.user_id)
        return [
            (row, name) for row, name in self._session.execute(query.order_by(ApiToken.id.desc()))
        ]

    def used(self, token_id: int, now: datetime) -> None:
        """Keep that the token was used."""
        told = update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now)
        self._session.execute(told)
