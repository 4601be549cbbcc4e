"""Tokens that programs call the API with. They are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk
from storage.types import utc_now


class ApiToken(Base):
    """A token that acts for its owner, within its scopes. The log tells of its making and of its
    end; only when it was last used is kept here alone."""

    __tablename__ = "api_token"

    id: Mapped[IntPk]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    """Whom it acts for."""
    name: Mapped[str] = mapped_column(String(80))
    """What it is for, in the words of whoever made it."""
    scopes: Mapped[list[str]]
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    revoked_by: Mapped[str | None] = mapped_column(String(100))
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """The minute of the last call; None where there was none."""
