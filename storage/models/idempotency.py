"""Calls of programs that may be sent again: what each was answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class IdempotentCall(Base):
    """A call under a key that its sender made up. Whoever sends it again is answered as before,
    until it expires. It decides nothing."""

    __tablename__ = "idempotent_call"

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Whose keys they are: nobody meets another's."""
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked for."""
    began_at: Mapped[datetime]
    status: Mapped[int | None]
    """The HTTP status of the answer; None while the call is being done."""
    body: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)
