"""What governs auto-accept beside the policies: attempts to certify."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk
from storage.types import utc_now


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
