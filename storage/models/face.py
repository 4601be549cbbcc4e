"""The faces in images."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class FaceRow(Base):
    """The faces that a finder found in an item's image. It decides nothing and is no evidence.

    An image that nobody looked at has no row; one in which there is no face has no boxes.
    """

    __tablename__ = "face"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id"), primary_key=True, autoincrement=False
    )
    finder: Mapped[str] = mapped_column(String(40))
    """Name and version of what looked."""
    boxes: Mapped[list[list[float]]] = mapped_column(JSON)
    """Left, top, width and height as shares of the image's, and the probability of a face; the
    largest first."""
