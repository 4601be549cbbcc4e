"""What monitoring found last, so that a page shows it without computing anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json
from storage.types import utc_now


class MonitoringResult(Base):
    """The newest finding of one kind; it takes the place of the one before. It decides nothing, and
    all of it can be computed again."""

    __tablename__ = "monitoring_result"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    document: Mapped[Json]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
