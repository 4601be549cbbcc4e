"""Background jobs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import JobCause, JobKind, JobState
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now

OPEN = "state IN ('queued', 'running')"
"""Condition, in SQL, for a job that has not ended. Word for word that of its index, or SQLite does
not use that."""


class JobRow(Base):
    """Something that takes long and was asked for: done by one process at a time, beside the
    server. It decides nothing and is no evidence: what a job does is on record where it does it."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_open", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_job_kind", "kind", "id"),
    )

    id: Mapped[IntPk]
    kind: Mapped[JobKind] = mapped_column(text_enum(JobKind))
    parameters: Mapped[Json]
    """What its function is called with."""
    state: Mapped[JobState] = mapped_column(text_enum(JobState), default=JobState.QUEUED)
    asked_by: Mapped[str] = mapped_column(String(100))
    cause: Mapped[JobCause] = mapped_column(text_enum(JobCause), default=JobCause.HAND)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    """The time at which the attempt began that runs, or ran last."""
    ended_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    """What ``done`` is counted to; None while nobody knows it."""
    counting_since: Mapped[datetime | None]
    """The time at which what is counted now began: jobs have several steps."""
    result: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    """What went wrong, in English."""
    cancel_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    attempts: Mapped[int] = mapped_column(default=0)
    """How many processes began it."""
    runner: Mapped[str | None] = mapped_column(String(32))
    """The name of the process that works on it, drawn at random; None where none does."""
    lease_until: Mapped[datetime | None]
    """The time until which it is that process's, which renews it while it lives."""
