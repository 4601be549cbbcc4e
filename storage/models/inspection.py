"""The tables that stored images are recognised by, and that tell who was told the detector's
reading of what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, IntPk
from storage.types import utc_now


class ImageDescriptor(Base):
    """The descriptor by which copies of an image are found: see `review_app.copies.descriptors`."""

    __tablename__ = "image_descriptor"

    id: Mapped[IntPk]
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), unique=True)
    phash: Mapped[int] = mapped_column(BigInteger)
    """64-bit hash of the image's middle, as a signed integer."""
    thumb: Mapped[bytes] = mapped_column(LargeBinary)
    """The middle as 32 by 32 grey levels."""


class Reading(Base):
    """Somebody had an image of their own read by the detector. Append-only.

    Of the image only 64 by 64 grey levels are kept, for each part of it that may be a picture.
    """

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_user", "user_id", "newest_descriptor"),)

    id: Mapped[IntPk]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    probe: Mapped[bytes] = mapped_column(LargeBinary)
    newest_descriptor: Mapped[int]
    """Images whose descriptor is not newer were compared with it then; see `ReadingMatch`."""
    read_at: Mapped[datetime] = mapped_column(default=utc_now)


class ReadingMatch(Base):
    """A stored image that resembles one whose reading somebody was told. Append-only."""

    __tablename__ = "reading_match"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"))
    """The first such reading."""
    similarity: Mapped[float]
