"""What admins do to many images at once, and what it has left: tags, assignments, the archive,
deletions, tombstones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import BulkKind, ItemState
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now

MAX_TAG = 60
"""The most letters of a tag."""


class BulkAction(Base):
    """Something that somebody asked to be done to many images. The log tells of it; only how far it
    is, which decides nothing, is kept here alone."""

    __tablename__ = "bulk_action"

    id: Mapped[IntPk]
    kind: Mapped[BulkKind] = mapped_column(text_enum(BulkKind))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """What the form was given: sent twice, it asks once."""
    selection: Mapped[Json]
    """Which images were meant, as they were looked for or picked."""
    details: Mapped[Json]
    """What else decides or is told: whom they go to and how long, the tag, the reason."""
    below: Mapped[int]
    """Images with this number or a higher one came later, and are not meant."""
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_action.id"), unique=True)
    """The action that this one takes back."""
    asked_by: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    place: Mapped[int]
    """Images below this number are still to be looked at."""
    touched: Mapped[int] = mapped_column(default=0)
    """How many images it has changed so far."""
    ended_at: Mapped[datetime | None]


class BulkChange(Base):
    """One image that an action has changed, and how it was before. Append-only, and sealed by the
    event of the images that were changed with it."""

    __tablename__ = "bulk_change"
    __table_args__ = (
        Index("uq_bulk_change", "action_id", "item_id", unique=True),
        Index("ix_bulk_change_item", "item_id", "id"),
    )

    id: Mapped[IntPk]
    action_id: Mapped[int] = mapped_column(ForeignKey("bulk_action.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    to_state: Mapped[ItemState | None] = mapped_column(text_enum(ItemState))
    """The state that it came to; None where it stayed in its own."""
    was: Mapped[Json]
    """What an undo needs."""
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class Assignment(Base):
    """An image that one person alone is handed. Its rank lies among the places of that person
    exactly as long as there is such a row."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_user", "user_id", "item_id"),
        Index("ix_assignment_until", "until"),
    )

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    until: Mapped[datetime]
    """The time from which on it is everybody's again. Where the person's account is closed before,
    a trigger makes it that time."""


class ItemTag(Base):
    """A word that admins have put on an image, to find it by."""

    __tablename__ = "item_tag"
    __table_args__ = (
        Index("ix_item_tag_item", "item_id", "tag"),
        {"sqlite_with_rowid": False},
    )

    tag: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )


class ArchivedItem(Base):
    """An image that is out of the way of those who look for others. It decides nothing else."""

    __tablename__ = "archived_item"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )


class Deletion(Base):
    """An image that nobody is shown any more, for its file is to go. What an undo needs is in the
    change that made it so, which is sealed."""

    __tablename__ = "deletion"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )
    action_id: Mapped[int] = mapped_column(ForeignKey("bulk_action.id"), index=True)


class Tombstone(Base):
    """An image whose file is gone. Append-only; the change that made it is sealed."""

    __tablename__ = "tombstone"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """The file's hash, by which it is known should it come again."""
    deleted_by: Mapped[str] = mapped_column(String(100))
    deleted_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
