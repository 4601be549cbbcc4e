"""The tables that govern auto-accept beside the policies: attempts to certify, and alarms of the
audits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import Route
from storage.models.base import Base, IntPk
from storage.types import text_enum, utc_now


class CertificationAttempt(Base):
    """Somebody tried to certify a checkpoint, which spent some of the confidence. Written once,
    before anything is known of the outcome."""

    __tablename__ = "certification_attempt"
    __table_args__ = (Index("ix_certification_attempt_checkpoint", "checkpoint_id", "tried_at"),)

    id: Mapped[IntPk]
    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    labels: Mapped[str] = mapped_column(Text)
    """The calibration set, in the words that the certificate has."""
    tried_by: Mapped[str] = mapped_column(String(100))
    tried_at: Mapped[datetime] = mapped_column(default=utc_now)


class Alarm(Base):
    """The audits of one side turned against its certificate, and auto-accept was closed. What it
    puts in doubt goes back to people; then it is settled. Nothing else of it ever changes."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("policy_version", "side"),)

    id: Mapped[IntPk]
    policy_version: Mapped[int] = mapped_column(ForeignKey("policy.version"))
    """The version that closed auto-accept: the same of all sides that turned at once."""
    side: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(40))
    """The name of the rule that raised it, as `review_app.audits` knows it."""
    group_name: Mapped[str | None] = mapped_column(Text)
    """The group whose audits alone raised it, and of which alone acceptances are in doubt; None for
    all of the side."""
    raised_at: Mapped[datetime] = mapped_column(default=utc_now)
    doubtful_versions: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Acceptances by these policy versions go back to people; None where none does."""
    doubtful_route: Mapped[Route | None] = mapped_column(text_enum(Route))
    """The route of those that go back."""
    doubtful_since: Mapped[datetime | None]
    """The time from which on they were decided."""
    settled_at: Mapped[datetime | None]
    """All of them are with people."""
