"""Claims (leases on items), labels (what people said), second looks, corrections of verdicts."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import ClaimOutcome, LabelValue
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now

GIVEN_BACK = "outcome IN ('released', 'expired', 'outworn')"
"""Condition, in SQL, for a claim that ended unanswered and without a skip. Word for word that of
its index, or SQLite does not use that."""
SKIPPED = "outcome = 'skipped'"
"""The same, for a claim that ended by a skip."""
HANDLE_LETTERS = 22
"""The letters of a handle: 128 bits in an alphabet that addresses may hold."""


def new_handle() -> str:
    """What an item is called while somebody holds it: drawn at random, so it tells nothing."""
    return secrets.token_urlsafe(16)


class Claim(Base):
    """A reviewer holds an item until ``expires_at``, or until the claim has ended.

    One that ended unanswered goes on, under its handle, when its holder is handed the item again.
    """

    __tablename__ = "claim"
    __table_args__ = (
        Index("ix_claim_item_user", "item_id", "user_id"),
        Index("ix_claim_live", "ended_at", "expires_at"),
        Index("ix_claim_user", "user_id", "ended_at"),
        Index("ix_claim_handle", "user_id", "handle"),
        *(
            Index(name, "user_id", "ended_at", sqlite_where=text(c), postgresql_where=text(c))
            for name, c in (("ix_claim_given_back", GIVEN_BACK), ("ix_claim_skipped", SKIPPED))
        ),
        # Whatever the code does, nobody holds an item twice.
        Index(
            "uq_claim_live",
            "item_id",
            "user_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    handle: Mapped[str] = mapped_column(String(32), default=new_handle, server_default="")
    """What its holder knows the item by; nothing else names it to them. Claims of before there were
    handles have the item's number."""
    claimed_at: Mapped[datetime]
    """The time at which it was last handed out."""
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[ClaimOutcome | None] = mapped_column(text_enum(ClaimOutcome))
    gold: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The item was settled already and is handed out to see how somebody answers."""


class Label(Base):
    """One answer. Never changed and never deleted: another answer is a new row that supersedes.

    A row without a value withdraws the row it supersedes. A label is in force while no row
    supersedes it and it has a value.
    """

    __tablename__ = "label"
    __table_args__ = (
        Index("ix_label_item_user", "item_id", "user_id"),
        Index("ix_label_user", "user_id", "id"),
        Index("ix_label_user_time", "user_id", "labelled_at"),
        Index("ix_label_user_item", "user_id", "item_id"),
        Index(
            "ix_label_final",
            "final_at",
            sqlite_where=text("final_at IS NOT NULL"),
            postgresql_where=text("final_at IS NOT NULL"),
        ),
    )

    id: Mapped[IntPk]
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    """An id made by the page, so that sending an answer twice stores it once."""
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    value: Mapped[LabelValue | None] = mapped_column(text_enum(LabelValue))
    comment: Mapped[str] = mapped_column(Text, default="")
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("label.id"), unique=True)
    blind: Mapped[bool]
    """The reviewer had not been shown the model's opinion on this item."""
    revealed: Mapped[bool] = mapped_column(default=False)
    """The answer's receipt showed the model's opinion."""
    adjudicates: Mapped[bool] = mapped_column(default=False)
    """Whether it was given on an escalated item; it alone decides the verdict."""
    extra: Mapped[bool] = mapped_column(default=False)
    """Came after the lease had run out and others had answered: kept, not counted."""
    seconds: Mapped[float | None]
    """The seconds from the image's appearance to the answer, as the page measured it."""
    labelled_at: Mapped[datetime] = mapped_column(default=utc_now)
    escalation: Mapped[str | None] = mapped_column(Text)
    """Why an admin should decide; None where the reviewer did not ask for one."""
    tags: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Kinds of manipulation seen, in the order given; None without any."""
    regions: Mapped[list[Json] | None] = mapped_column(JSON(none_as_null=True))
    """The places on the image, as `review_app.review.regions` describes them; None without any."""
    final_at: Mapped[datetime | None]
    """The time until which its author may take it back or change it; None where it was final at
    once."""
    bulk_size: Mapped[int | None] = mapped_column("together")
    """How many images the same confirmation in the grid answered, this one among them; None for a
    look at this image alone."""


class Correction(Base):
    """A final verdict that an admin put right. Append-only: the newest one on an item counts.

    Evidence never reads it: see `review_app.records.correction`.
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_item", "item_id", "id"),)

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    value: Mapped[LabelValue] = mapped_column(text_enum(LabelValue))
    was: Mapped[LabelValue] = mapped_column(text_enum(LabelValue))
    """What the image was held to be until then."""
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SecondLook(Base):
    """An image that one person had settled alone was drawn, by chance, to be shown to another.
    Written once, by the transaction that stored the answer; whether somebody has looked since is
    told by the labels."""

    __tablename__ = "second_look"
    __table_args__ = (Index("ix_second_look_item", "item_id"),)

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), unique=True)
    """The answer that settled the image. The draw counts while it is in force."""
    probability: Mapped[float]
    """The probability with which it was drawn."""
    drawn_at: Mapped[datetime] = mapped_column(default=utc_now)


class AwaitedLook(Base):
    """A draw that nobody else has answered on, nor decided since: whom it may be shown to is asked
    of these alone. Triggers keep it, so that it is so whoever writes a label; it decides nothing.
    """

    __tablename__ = "awaited_look"

    id: Mapped[int] = mapped_column(
        ForeignKey("second_look.id"), primary_key=True, autoincrement=False
    )
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    """Whose answer it is that somebody else is to look at."""


class SkillWeights(Base):
    """What people's answers weigh in verdicts of several, as of a moment. Written once."""

    __tablename__ = "skill_weights"

    id: Mapped[IntPk]
    as_of: Mapped[datetime] = mapped_column(unique=True)
    """They rest on answers from before then."""
    usual: Mapped[float]
    """The weight of an answer by somebody who is not among ``weights``."""
    weights: Mapped[Json]
    """What an answer of real and one of fake weighs, by the number of its author's account."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class Disagreement(Base):
    """An item on which the answers in force differ. A trigger keeps it, so that it is so whoever
    writes a label; it decides nothing."""

    __tablename__ = "disagreement"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )
