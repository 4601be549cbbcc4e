"""The hash-chained audit log, and the few options an admin may change while the app runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import AuditKind, ItemState
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now


class AuditEvent(Base):
    """Something that happened. Each row's hash covers the row before it, and is made with a key."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_item", "item_id", "id"),
        # Every process asks for the newest of them before it appends.
        Index(
            "ix_audit_event_turns",
            "id",
            sqlite_where=text("kind IN ('rekeyed', 'sealing_began')"),
            postgresql_where=text("kind IN ('rekeyed', 'sealing_began')"),
        ),
    )

    id: Mapped[IntPk]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor: Mapped[str] = mapped_column(String(100))
    kind: Mapped[AuditKind] = mapped_column(text_enum(AuditKind))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    from_state: Mapped[ItemState | None] = mapped_column(text_enum(ItemState))
    to_state: Mapped[ItemState | None] = mapped_column(text_enum(ItemState))
    details: Mapped[Json]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    seals: Mapped[str | None] = mapped_column(Text, deferred=True)
    """Hashes of the rows that were written with the event, as `storage.seals` has them (JSON)."""


class Option(Base):
    """A deployment-wide choice made in the app, as opposed to a setting of the environment."""

    __tablename__ = "option"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Json]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
