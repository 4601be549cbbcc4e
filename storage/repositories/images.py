"""Images by content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storage.models import Image
from storage.models.image import Picture
from storage.prepared_entities import PreparedEntities, PreparedInsert

# Made once: what every file asks for takes longer to put together than to run.
_BY_SHA256 = PreparedEntities(select(Image).where(Image.sha256 == bindparam("sha256")), Image)
_APPEND = PreparedInsert(Image)


class Images:
    """Distinct files, by hash."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_sha256(self, sha256: str) -> Image | None:
        """The image of the file with that hash, in hexadecimal; None where it is new."""
        found = _BY_SHA256.row(self._session, sha256=sha256)
        return None if found is None else found[0]

    def with_picture(self, sha256s: Sequence[str]) -> set[str]:
        """Those of a batch of hashes whose file is stored."""
        query = select(Image.sha256).where(
            Image.sha256.in_(sha256s), Image.public_type.is_not(None)
        )
        return {sha256 for sha256 in self._session.scalars(query) if sha256}

    def get(self, image_id: int) -> Image | None:
        """The image of that id; None where there is none."""
        return self._session.get(Image, image_id)

    def add(self, image: Image) -> Image:
        """Store ``image`` and give it its id."""
        if image.id is None:
            return _APPEND.add(self._session, image)
        self._session.flush()
        return image

    def pictures(self) -> list[Picture]:
        """The stored picture of every image that has one, in the order of hashes."""
        columns = (Image.sha256, Image.public_type, Image.width, Image.height, Image.public_sha256)
        query = select(*columns).where(Image.public_type.is_not(None)).order_by(Image.sha256)
        rows = self._session.execute(query)
        return [Picture(s, t, w, h, p) for s, t, w, h, p in rows if s and t and w and h]

    def hashes(self) -> Iterable[tuple[int, int]]:
        """``(id, perceptual hash)`` of every image that has a picture, oldest first."""
        query = select(Image.id, Image.phash).where(Image.phash.is_not(None)).order_by(Image.id)
        rows = self._session.execute(query)
        return ((image_id, phash) for image_id, phash in rows if phash is not None)
