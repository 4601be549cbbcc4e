"""Score files that were taken in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk
from storage.types import utc_now


class ScoreFile(Base):
    """A score file was read and applied, and what it brought; again, where it was taken in again.
    Written once, with all that it brought."""

    __tablename__ = "score_file"
    __table_args__ = (
        Index("ix_score_file_sha256", "sha256"),
        Index("ix_score_file_items", "first_item_id", "last_item_id"),
    )

    id: Mapped[IntPk]
    name: Mapped[str] = mapped_column(String(1024))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    """The rows of the detectors that were taken."""
    scores: Mapped[dict[str, int]]
    """How many scores were new, by the checkpoint that each detector has here."""
    images: Mapped[int]
    """The number of images that were new, each with an item."""
    labels: Mapped[int]
    """The number of known labels that were new."""
    first_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    """The first of the new items, whose ids follow each other."""
    last_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    taken_by: Mapped[str] = mapped_column(String(100))
    taken_at: Mapped[datetime] = mapped_column(default=utc_now)
