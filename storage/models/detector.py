"""Checkpoints, and what they said: features, predictions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import CheckpointKind
from storage.models.base import Base, Json
from storage.types import text_enum, utc_now


class CheckpointRow(Base):
    """A detector that has scored something here: a trained set of heads, or an external one."""

    __tablename__ = "checkpoint"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[CheckpointKind] = mapped_column(
        text_enum(CheckpointKind), default=CheckpointKind.TRAINED
    )
    path: Mapped[str | None] = mapped_column(String(1024))
    """Folder of a trained one."""
    backbone_key: Mapped[str | None] = mapped_column(String(200))
    """The key by which the features of a trained one are cached: of its backbone, and the engine
    that it runs on now."""
    card: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Feature(Base):
    """A backbone's feature vector, float16 little-endian, by the SHA-256 of the image file. The key
    names the engine that made it, too."""

    __tablename__ = "feature"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    backbone_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class ProjectionRow(Base):
    """What a model made of an image's features before it asked any head, by the SHA-256 of the
    image file. The key names the features and the tensors that made it."""

    __tablename__ = "projection"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    projection_key: Mapped[str] = mapped_column(String(240), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class Prediction(Base):
    """One head's answer for one image."""

    __tablename__ = "prediction"

    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"), primary_key=True)
    head: Mapped[str] = mapped_column(String(40), primary_key=True)
    p_fake: Mapped[float]
    std: Mapped[float]
    entropy: Mapped[float]
    mutual_information: Mapped[float]
    score: Mapped[float]
    """What thresholds are compared with: surely real at 0, surely fake at 1."""
    novelty: Mapped[float | None]
    """How unlike the training images the image is, z; None where nothing measures it."""
    scope: Mapped[str | None] = mapped_column(Text)
    """The kind of images, by the name that the checkpoint's card has for it, that the image is most
    like; None where nothing tells."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
