"""Policies and the decisions made under them. Rows are written once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import PolicyState, Route, TriageFlag
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now


class PolicyRow(Base):
    """A policy version; the one with the highest version is in force."""

    __tablename__ = "policy"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[PolicyState] = mapped_column(text_enum(PolicyState))
    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    document: Mapped[Json]
    note: Mapped[str] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DecisionRow(Base):
    """A decision of the policy on an item, with the scores it was made on. The newest one
    counts."""

    __tablename__ = "decision"
    __table_args__ = (
        # With the numbers that images are searched by, so that a search need not fetch each row.
        Index("ix_decision_item", "item_id", "id", "p_fake", "std"),
        Index("ix_decision_audited", "policy_version", "audited", "route"),
        Index(
            "ix_decision_mark",
            "mark",
            "item_id",
            sqlite_where=text("mark IS NOT NULL"),
            postgresql_where=text("mark IS NOT NULL"),
        ),
    )

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    policy_version: Mapped[int] = mapped_column(ForeignKey("policy.version"))
    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    head: Mapped[str] = mapped_column(String(40))
    route: Mapped[Route] = mapped_column(text_enum(Route))
    proposal: Mapped[Route | None] = mapped_column(text_enum(Route))
    """The acceptance an audited item would have had."""
    reasons: Mapped[list[str]]
    p_fake: Mapped[float]
    std: Mapped[float]
    entropy: Mapped[float]
    mutual_information: Mapped[float]
    score: Mapped[float]
    """What thresholds are compared with: surely real at 0, surely fake at 1."""
    novelty: Mapped[float | None]
    """How unlike the training images the image is, z; None where nothing measures it."""
    mark: Mapped[TriageFlag | None] = mapped_column(text_enum(TriageFlag))
    """What else the image is good for: retraining, a second reviewer."""
    audited: Mapped[bool]
    audit_probability: Mapped[float]
    inclusion_probability: Mapped[float]
    """Probability that this item gets a human label, known before anyone saw it."""
    group_name: Mapped[str | None] = mapped_column(Text)
    """The group that the policy found the image in; None under a policy that knows none."""
    decided_at: Mapped[datetime] = mapped_column(default=utc_now)
