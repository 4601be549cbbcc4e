"""Images by content, and the items of the queue that carry them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.enums import ItemState, LabelValue
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now


class Image(Base):
    """One distinct file, known by the SHA-256 of its bytes."""

    __tablename__ = "image"

    id: Mapped[IntPk]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str] = mapped_column(String(16))
    public_type: Mapped[str] = mapped_column(String(32))
    """Media type of the copy without metadata that reviewers see."""
    phash: Mapped[int] = mapped_column(BigInteger)
    """64-bit perceptual hash, as a signed integer."""
    near_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    """The earlier image this one looks like, if any."""
    near_distance: Mapped[int | None]
    """Hamming distance of the two perceptual hashes, in bits."""
    file_metadata: Mapped[Json]
    """EXIF, XMP and text chunks, kept apart from what reviewers download."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Item(Base):
    """An image's place in the queue."""

    __tablename__ = "item"
    __table_args__ = (
        Index("ix_item_queue", "state", "rank", "id"),
        Index("ix_item_state", "state", "id"),
        Index("ix_item_since", "state", "state_since"),
    )

    id: Mapped[IntPk]
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), unique=True)
    state: Mapped[ItemState] = mapped_column(text_enum(ItemState), default=ItemState.PENDING)
    state_since: Mapped[datetime] = mapped_column(default=utc_now)
    name: Mapped[str] = mapped_column(String(1024))
    """The path or archive member the image came as; admins and exports see it, reviewers never."""
    source: Mapped[str | None] = mapped_column(String(200))
    group_key: Mapped[str | None] = mapped_column(String(200))
    split: Mapped[str | None] = mapped_column(String(40))
    rank: Mapped[float] = mapped_column(default=0.0)
    """Hand-out order, low first."""
    needed_labels: Mapped[int] = mapped_column(default=1)
    open_slots: Mapped[int] = mapped_column(default=1)
    """Labels still wanted, less the claims that are live: an item with none is not handed out."""
    verdict: Mapped[LabelValue | None] = mapped_column(text_enum(LabelValue))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    image: Mapped[Image] = relationship(lazy="raise")


class KnownLabel(Base):
    """A label that came with the image: gold for reviewers, calibration for certificates."""

    __tablename__ = "known_label"

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    value: Mapped[LabelValue] = mapped_column(text_enum(LabelValue))
    provenance: Mapped[str] = mapped_column(String(1024))
    """The manifest that brought it."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
