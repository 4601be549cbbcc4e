"""Descriptors, by which copies of stored images are found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from storage.models import Image, ImageDescriptor
from storage.prepared import Prepared, given
from storage.repositories.portions import portions

_OF_IMAGE = select(ImageDescriptor).where(ImageDescriptor.image_id == bindparam("image"))
_APPEND = Prepared(
    insert(ImageDescriptor)
    .prefix_with("OR IGNORE", dialect="sqlite")
    .values(given("image_id", "phash", "thumb"))
)
_GONE = bytes(32 * 32)
"""Rows of one statement: SQLite limits its variables."""


class Descriptors:
    """A repository of descriptors, each written once for each image that has a picture."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, image_id: int, phash: int, thumb: bytes) -> None:
        """Store what an image is recognised by; what is known already stays."""
        _APPEND.run(self._session, image_id=image_id, phash=phash, thumb=thumb)

    def forget(self, image_ids: Sequence[int]) -> None:
        """Delete those of a batch of images."""
        self._session.execute(
            delete(ImageDescriptor).where(ImageDescriptor.image_id.in_(image_ids))
        )

    def of_image(self, image_id: int) -> ImageDescriptor | None:
        """The descriptor of the image; None where it has none."""
        return self._session.scalar(_OF_IMAGE, {"image": image_id})

    def after(self, newest: int, limit: int) -> list[tuple[int, int, int]]:
        """``(id, image id, hash)`` of rows that came after the row ``newest``, oldest first."""
        columns = (ImageDescriptor.id, ImageDescriptor.image_id, ImageDescriptor.phash)
        query = select(*columns).where(ImageDescriptor.id > newest).order_by(ImageDescriptor.id)
        return [(row[0], row[1], row[2]) for row in self._session.execute(query.limit(limit))]

    def thumbs(self, ids: Sequence[int]) -> list[bytes]:
        """The thumbnails of rows, in the order of ``ids``; black of an image that was deleted."""
        found: dict[int, bytes] = {}
        for some in portions(ids):
            query = select(ImageDescriptor.id, ImageDescriptor.thumb)
            found |= {
                row[0]: row[1]
                for row in self._session.execute(query.where(ImageDescriptor.id.in_(some)))
            }
        return [found.get(number, _GONE) for number in ids]

    def middles(self, image_ids: Sequence[int]) -> list[bytes]:
        """The thumbnails of images, in the order of ``image_ids``."""
        query = select(ImageDescriptor.image_id, ImageDescriptor.thumb)
        rows = self._session.execute(query.where(ImageDescriptor.image_id.in_(image_ids)))
        found = {row[0]: row[1] for row in rows}
        return [found[image_id] for image_id in image_ids]

    def missing(self, after_id: int, limit: int) -> list[tuple[int, str]]:
        """``(id, SHA-256)`` of images with a picture and no descriptor, from an id on."""
        query = (
            select(Image.id, Image.sha256)
            .outerjoin(ImageDescriptor, ImageDescriptor.image_id == Image.id)
            .where(
                Image.id > after_id, Image.public_type.is_not(None), ImageDescriptor.id.is_(None)
            )
            .order_by(Image.id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._session.execute(query) if row[1]]

    def newest_image(self) -> int:
        """The highest id of an image; 0 where there is none."""
        return self._session.scalar(select(func.max(Image.id))) or 0
