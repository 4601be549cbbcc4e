"""Images by content or by path, and the items of the queue that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    false,
    func,
    literal,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.enums import ItemState, LabelValue, PlacedBy
from storage.models.base import Base, IntPk, Json
from storage.types import text_enum, utc_now

MAX_GENERATOR = 80
"""The most letters of a generator's name."""
PATH_KEY = "path:"
"""The beginning of the key of an image without a hash, before its path."""


@dataclass(frozen=True)
class Picture:
    """The picture of an image: what its stored files are found by, and how large it is in
    pixels."""

    sha256: str
    public_type: str
    width: int
    height: int
    public_sha256: str | None = None


class Image(Base):
    """One distinct image: known by the SHA-256 of its file, or by its path alone.

    An image keeps the identity that it came with. The picture may be missing: a score file brings
    what a detector says of images, not the images. All of the picture's columns are empty then.
    """

    __tablename__ = "image"
    __table_args__ = (
        CheckConstraint("sha256 IS NOT NULL OR path IS NOT NULL", name="identity"),
        CheckConstraint("public_type IS NULL OR sha256 IS NOT NULL", name="picture"),
        Index(
            "uq_image_path",
            "path",
            unique=True,
            sqlite_where=text("sha256 IS NULL"),
            postgresql_where=text("sha256 IS NULL"),
        ),
    )

    id: Mapped[IntPk]
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    path: Mapped[str | None] = mapped_column(String(1024))
    """The path as a score file gives it, to the letter; the identity where there is no hash."""
    n_bytes: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    format: Mapped[str | None] = mapped_column(String(16))
    public_type: Mapped[str | None] = mapped_column(String(32))
    """Media type of the copy without metadata that reviewers see; None without a picture."""
    public_sha256: Mapped[str | None] = mapped_column(String(64))
    """The SHA-256 of that copy; None also where it was made before copies were hashed."""
    phash: Mapped[int | None] = mapped_column(BigInteger)
    """64-bit perceptual hash, as a signed integer."""
    near_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    """The earlier image this one looks like, if any."""
    near_distance: Mapped[int | None]
    """Hamming distance of the two perceptual hashes, in bits."""
    file_metadata: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    """EXIF, XMP and text chunks, kept apart from what reviewers download."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def n_frames(self) -> int | None:
        """How many its file has, of which the first is shown and scored; None without a picture."""
        if self.picture is None:
            return None
        frames = (self.file_metadata or {}).get("frames", 1)
        return frames if isinstance(frames, int) else 1

    @property
    def is_paged(self) -> bool:
        """Whether those are the pages of a document, and no animation."""
        return (self.file_metadata or {}).get("paged") is True

    @hybrid_property
    def key(self) -> str:
        """What draws (audit coins, places, grids) are made from: the hash, or ``path:...``."""
        return self.sha256 or f"{PATH_KEY}{self.path}"

    @key.inplace.expression
    @classmethod
    def _key(cls) -> ColumnElement[str]:
        return func.coalesce(cls.sha256, literal(PATH_KEY) + cls.path)

    @property
    def picture(self) -> Picture | None:
        """Its stored picture; None where only its scores are here."""
        if not (self.sha256 and self.public_type and self.width and self.height):
            return None
        sizes = (self.width, self.height)
        return Picture(self.sha256, self.public_type, *sizes, self.public_sha256)


class Item(Base):
    """An image's place in the queue."""

    __tablename__ = "item"
    __table_args__ = (
        Index("ix_item_state", "state", "id"),
        Index("ix_item_since", "state", "state_since"),
        Index("ix_item_created", "created_at"),
        *(
            Index(
                f"ix_item_{name}",
                name,
                "id",
                sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("source", "verdict")
        ),
        Index(
            "ix_item_final",
            "final_at",
            sqlite_where=text("final_at IS NOT NULL"),
            postgresql_where=text("final_at IS NOT NULL"),
        ),
        Index(
            "ix_item_alike",
            "alike_id",
            "state",
            "open_slots",
            sqlite_where=text("alike_id IS NOT NULL"),
            postgresql_where=text("alike_id IS NOT NULL"),
        ),
    )

    id: Mapped[IntPk]
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), unique=True)
    state: Mapped[ItemState] = mapped_column(text_enum(ItemState), default=ItemState.PENDING)
    state_since: Mapped[datetime] = mapped_column(default=utc_now)
    """The time since which it is in this state; with people, who escalate and take back, since when
    it is with them."""
    came_to_people_at: Mapped[datetime | None]
    """The time at which it came to the people who settled it last: should they take that back, it
    has waited since then."""
    name: Mapped[str] = mapped_column(String(1024))
    """The path or archive member the image came as; admins and exports see it, reviewers never."""
    source: Mapped[str | None] = mapped_column(String(200))
    group_key: Mapped[str | None] = mapped_column(String(200))
    split: Mapped[str | None] = mapped_column(String(40))
    rank: Mapped[float] = mapped_column(default=0.0)
    """Hand-out order, low first; what waits is found by it through ``QueuePlace``."""
    placed_by: Mapped[PlacedBy] = mapped_column(
        text_enum(PlacedBy), default=PlacedBy.TIME, server_default=PlacedBy.TIME.value
    )
    """What the rank was made from. A verdict on an item that was placed by anything but the time of
    its run is a chosen one, and never calibrates."""
    needed_labels: Mapped[int] = mapped_column(default=1)
    open_slots: Mapped[int] = mapped_column(default=1)
    """Labels still wanted, less the claims that are live: an item with none is not handed out."""
    verdict: Mapped[LabelValue | None] = mapped_column(text_enum(LabelValue))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    added_by: Mapped[str | None] = mapped_column(String(100))
    """Who added it; None where a score file brought it, or before this was kept."""
    final_at: Mapped[datetime | None]
    """The time at which the verdict can be taken back no longer, and counts as evidence; None where
    that has been so since it was given, or where there is none."""
    weighed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the answers that gave the verdict counted by their authors' skill; the log tells what
    each of them weighed."""
    duplicate_group_id: Mapped[int | None] = mapped_column("alike_id")
    """The first image of all that look alike, step by step of `Image.near_id`; None for that image
    itself, and for one that looks like none before it."""

    @property
    def duplicate_group(self) -> int:
        """The same number for all near-duplicates of one image, itself among them."""
        return self.duplicate_group_id or self.image_id

    image: Mapped[Image] = relationship(lazy="raise")


class QueuePlace(Base):
    """A place where an item waits: what is handed out next is found by walking this table from its
    front.

    Triggers put in whatever comes to wait for people or changes its place, and take out what
    leaves. But what the policy accepts leaves by thousands and in no order of the queue, so that
    each would cost a page of it: that stays until `WaitingQueue.sweep`. So a row counts only while
    the item's own state and rank are still those of the row.
    """

    __tablename__ = "queue_place"
    __table_args__ = ({"sqlite_with_rowid": False},)

    state: Mapped[ItemState] = mapped_column(text_enum(ItemState), primary_key=True)
    rank: Mapped[float] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ClaimedGenerator(Base):
    """A claim of an image's file that a generator made it. Read from the file's metadata
    whenever that is stored, so that images are found by it; it decides nothing."""

    __tablename__ = "generator_claim"
    __table_args__ = (
        Index("ix_generator_claim_item", "item_id", "generator"),
        {"sqlite_with_rowid": False},
    )

    generator: Mapped[str] = mapped_column(String(MAX_GENERATOR), primary_key=True)
    """Its name; empty where the file does not tell it."""
    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )


class KnownLabel(Base):
    """A label that came with the image: gold for reviewers, calibration for certificates."""

    __tablename__ = "known_label"

    id: Mapped[IntPk]
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    value: Mapped[LabelValue] = mapped_column(text_enum(LabelValue))
    provenance: Mapped[str] = mapped_column(String(1024))
    """The manifest that brought it."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
