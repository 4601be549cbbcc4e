"""Who is told of what, the outbox of what is to be told, and alarms as people are told of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import Channel, DeliveryState, ItemState, LabelValue, Topic
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now

HEARS_ITEMS = "removed_at IS NULL AND hears_items"
"""Condition, in SQL, for a subscription for which what happens to items is written down. Word for
word that of its index, or SQLite does not use that."""
UNDELIVERED = "state IN ('waiting', 'held', 'dead')"
"""The same, for a delivery that later ones of its line wait for."""
DUE = "state = 'waiting'"
"""The same, for a delivery that is tried when its time comes."""
UNSETTLED = "settled_at IS NULL"
"""The same, for an alarm that holds."""


class SubscriptionRow(Base):
    """Somebody or something that is told. The log tells of its making and of its end."""

    __tablename__ = "subscription"
    __table_args__ = (
        Index(
            "ix_subscription_items",
            "id",
            sqlite_where=text(HEARS_ITEMS),
            postgresql_where=text(HEARS_ITEMS),
        ),
    )

    id: Mapped[IntPk]
    name: Mapped[str] = mapped_column(String(80))
    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    address: Mapped[str] = mapped_column(Text)
    """The address that is told; empty once it has ended."""
    topics: Mapped[list[str]]
    added_by: Mapped[str | None] = mapped_column(String(100))
    """Whose images it hears of; None for all."""
    language: Mapped[str] = mapped_column(String(10))
    salt: Mapped[str] = mapped_column(String(64))
    """What its secret is derived from, with the deployment's: alone it signs nothing."""
    former_salt: Mapped[str | None] = mapped_column(String(64))
    """The salt of the secret before, which signs as well until ``former_until``."""
    former_until: Mapped[datetime | None]
    rotated_by: Mapped[str | None] = mapped_column(String(100))
    rotated_at: Mapped[datetime | None]
    """The time at which its secret took the place of the one before."""
    paused_by: Mapped[str | None] = mapped_column(String(100))
    paused_at: Mapped[datetime | None]
    """The time since which it is told of nothing; what happens waits behind its cursor."""
    hears_items: Mapped[bool]
    """Whether one of the topics is about items."""
    cursor: Mapped[int] = mapped_column(default=0)
    """The last event that was looked at for it."""
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    removed_by: Mapped[str | None] = mapped_column(String(100))
    removed_at: Mapped[datetime | None]


class OutboxEvent(Base):
    """Something to be told, stored in the transaction of what happened: of items by triggers, so
    that it is so whoever changes them. Numbers are never given twice, and follow the order in which
    things were stored, so that nothing comes up behind a cursor."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_at", "at"), {"sqlite_autoincrement": True})

    id: Mapped[IntPk]
    topic: Mapped[Topic] = mapped_column(text_enum(Topic))
    line: Mapped[str] = mapped_column(String(40))
    """The events of a line are told one after the other: those of an item, of an alarm."""
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    state: Mapped[ItemState | None] = mapped_column(text_enum(ItemState))
    verdict: Mapped[LabelValue | None] = mapped_column(text_enum(LabelValue))
    """The verdict then; of what the policy accepted, its decision tells it."""
    final_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    """The newest decision of the policy then."""
    document: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    """What is told of anything but items."""
    at: Mapped[datetime] = mapped_column(default=utc_now)


class OutboxDelivery(Base):
    """The telling of one event to one subscription."""

    __tablename__ = "outbox_delivery"
    __table_args__ = (
        UniqueConstraint("subscription_id", "event_id"),
        Index(
            "ix_outbox_delivery_due",
            "subscription_id",
            "due_at",
            sqlite_where=text(DUE),
            postgresql_where=text(DUE),
        ),
        Index(
            "ix_outbox_delivery_line",
            "subscription_id",
            "line",
            "event_id",
            sqlite_where=text(UNDELIVERED),
            postgresql_where=text(UNDELIVERED),
        ),
        Index("ix_outbox_delivery_event", "event_id"),
    )

    id: Mapped[IntPk]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("outbox_event.id"))
    line: Mapped[str] = mapped_column(String(40))
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    """The time of the next try; while it is being tried, the time at which it is taken for lost,
    with the process that tried it."""
    status: Mapped[int | None]
    """What the receiver answered last; None where it did not."""
    error: Mapped[str | None] = mapped_column(Text)
    """What went wrong last, in English."""
    ended_at: Mapped[datetime | None]


class AlertRow(Base):
    """Something that needs an admin, from when it was first seen until it holds no longer. What it
    is about is found out anew at each look: no row of this table decides anything."""

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "uq_alert_open",
            "topic",
            "subject",
            unique=True,
            sqlite_where=text(UNSETTLED),
            postgresql_where=text(UNSETTLED),
        ),
    )

    id: Mapped[IntPk]
    topic: Mapped[Topic] = mapped_column(text_enum(Topic))
    subject: Mapped[str] = mapped_column(String(40))
    """Which of several of its kind: a job's number; empty where there is one."""
    facts: Mapped[Json]
    """The figures of its sentence."""
    raised_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """The time at which it held last."""
    settled_at: Mapped[datetime | None]
