"""Desks: queues beside the one that is always there, and who belongs to which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import Role
from storage.models.base import Base, IntPk
from storage.types import text_enum, utc_now


class Desk(Base):
    """A queue with a data directory of its own. The log tells all that its row says."""

    __tablename__ = "desk"

    id: Mapped[IntPk]
    name: Mapped[str] = mapped_column(String(32), unique=True)
    """What addresses and folders call it; it never changes."""
    title: Mapped[str] = mapped_column(String(80))
    """What people call it."""
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    closed_by: Mapped[str | None] = mapped_column(String(100))
    closed_at: Mapped[datetime | None]
    """Nobody comes in from then on; what lies there stays."""


class Membership(Base):
    """Somebody's place at a desk, from one event of the log to another. Another role is another
    membership."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_in_force",
            "user_id",
            "desk_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[IntPk]
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    """What they may do there, whatever they may do elsewhere."""
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[datetime | None]
