"""Saved views: filters of the Images tab that admins keep under a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk
from storage.types import utc_now

MAX_VIEW_NAME = 80
"""The most letters of a view's name."""


class SavedView(Base):
    """Filters under a name, for their owner or for all admins. It decides nothing."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("uq_saved_view_name", "owner_id", "name", unique=True),)

    id: Mapped[IntPk]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(String(MAX_VIEW_NAME))
    shared: Mapped[bool]
    """Whether all admins see it, and may change it."""
    filters: Mapped[dict[str, str]]
    """Those that are set, by name."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts the changes, so that a page knows whether it shows the newest one."""
    changed_by: Mapped[str] = mapped_column(String(100))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
