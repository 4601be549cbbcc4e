"""What learning from labels leaves behind: comparisons of detectors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk, Json
from storage.types import utc_now


class ComparisonRow(Base):
    """A look at what labels say of a challenger beside the champion. Each look spends some of the
    confidence of the challenger's certificates. Written once."""

    __tablename__ = "comparison"
    __table_args__ = (Index("ix_comparison_challenger", "challenger_id", "id"),)

    id: Mapped[IntPk]
    champion_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    challenger_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    document: Mapped[Json]
    """The figures, the replay and the advice, as they were told."""
    compared_by: Mapped[str] = mapped_column(String(100))
    compared_at: Mapped[datetime] = mapped_column(default=utc_now)
