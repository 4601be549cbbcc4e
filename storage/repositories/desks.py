"""Desks and memberships: written together with the events of the log that tell of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, Role
from storage.models import Desk, Membership, User
from storage.repositories.event_log import AuditLog, Event
from storage.types import utc_now


class Seat(NamedTuple):
    """A membership in force, and whose it is."""

    user_id: int
    name: str
    role: Role
    made_at: datetime
    is_closed: bool
    """Whether the account is closed: the place is kept for when it is opened again."""


class OpenDesk(NamedTuple):
    """A desk that somebody may work at now, and as what."""

    name: str
    title: str
    role: Role


class Desks:
    """The repository of desks and of who belongs to which."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_name(self, name: str) -> Desk | None:
        """The desk of that name; None where there is none."""
        return self._session.scalar(select(Desk).where(Desk.name == name))

    def all(self) -> list[Desk]:
        """Every desk there ever was, oldest first."""
        return list(self._session.scalars(select(Desk).order_by(Desk.id)))

    def add(self, name: str, title: str, actor: str) -> Desk:
        """Store a new desk that nobody belongs to."""
        now = utc_now()
        row = Desk(
            id=self._next(Desk), name=name, title=title, made_by=actor, made_at=now, closed_at=None
        )
        self._session.add(row)
        self._tell(AuditKind.DESK_ADDED, actor, now, desk=row.id, name=name, title=title)
        return row

    def rename(self, row: Desk, title: str, actor: str) -> None:
        """Give a desk another title."""
        row.title = title
        self._tell(AuditKind.DESK_RENAMED, actor, utc_now(), desk=row.id, title=title)

    def close(self, row: Desk, actor: str) -> None:
        """Let nobody in any more; its members stay its members."""
        row.closed_by, row.closed_at = actor, utc_now()
        self._tell(AuditKind.DESK_CLOSED, actor, row.closed_at, desk=row.id)

    def reopen(self, row: Desk, actor: str) -> None:
        """Let its members in again."""
        row.closed_by = row.closed_at = None
        self._tell(AuditKind.DESK_REOPENED, actor, utc_now(), desk=row.id)

    def membership(self, desk_id: int, user_id: int) -> Membership | None:
        """The membership in force of the user at the desk."""
        query = select(Membership).where(
            Membership.desk_id == desk_id,
            Membership.user_id == user_id,
            Membership.ended_at.is_(None),
        )
        return self._session.scalar(query)

    def join(self, desk: Desk, user: User, role: Role, actor: str) -> Membership:
        """Make ``user``, who has no place at the desk, a member."""
        now = utc_now()
        row = Membership(
            id=self._next(Membership),
            desk_id=desk.id,
            user_id=user.id,
            role=role,
            made_by=actor,
            made_at=now,
        )
        self._session.add(row)
        details = {"membership": row.id, "desk": desk.id, "user": user.id, "role": role.value}
        self._tell(AuditKind.MEMBER_ADDED, actor, now, **details)
        return row

    def leave(self, row: Membership, actor: str) -> None:
        """End a membership that is in force."""
        row.ended_by, row.ended_at = actor, utc_now()
        details = {"membership": row.id, "desk": row.desk_id, "user": row.user_id}
        self._tell(AuditKind.MEMBER_REMOVED, actor, row.ended_at, **details)

    def seats(self, desk_id: int) -> list[Seat]:
        """Everybody who belongs to the desk, by name."""
        query = (
            select(User.id, User.name, Membership.role, Membership.made_at, User.disabled_at)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.desk_id == desk_id, Membership.ended_at.is_(None))
            .order_by(User.name)
        )
        return [
            Seat(user_id, name, role, made_at, disabled_at is not None)
            for user_id, name, role, made_at, disabled_at in self._session.execute(query)
        ]

    def open_to(self, user_id: int) -> list[OpenDesk]:
        """The desks that the user may work at now, in the order of their titles: none where the
        account is closed."""
        query = (
            select(Desk.name, Desk.title, Membership.role)
            .join(Membership, Membership.desk_id == Desk.id)
            .join(User, User.id == Membership.user_id)
            .where(
                User.id == user_id,
                User.disabled_at.is_(None),
                Membership.ended_at.is_(None),
                Desk.closed_at.is_(None),
            )
            .order_by(Desk.title, Desk.id)
        )
        return [OpenDesk(*row) for row in self._session.execute(query)]

    def _next(self, table: type[Desk | Membership]) -> int:
        """The number of the next row: they are counted in the order of the log."""
        return 1 + (self._session.scalar(select(func.max(table.id))) or 0)

    def _tell(self, kind: AuditKind, actor: str, at: datetime, **details: object) -> None:
        self._session.flush()
        AuditLog(self._session).add(Event(kind, actor, details=details, at=at))
