"""Faces by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.models import FaceRow
from storage.prepared import Prepared, each_of
from storage.repositories.portions import portions

# Made once: whoever is handed an item asks, and few deployments have a finder of faces.
_LOOKED_AT = Prepared(select(FaceRow.item_id).where(FaceRow.item_id.in_(each_of("items"))))


class Faces:
    """A repository of the faces in images, as the newest finder that looked has found them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put_many(self, finder: str, boxes: Mapping[int, list[list[float]]]) -> None:
        """Store what ``finder`` found, by item id, in place of what another one had."""
        rows = [{"item_id": i, "finder": finder, "boxes": found} for i, found in boxes.items()]
        if rows:
            statement = insert(FaceRow).prefix_with("OR REPLACE", dialect="sqlite")
            self._session.execute(statement, rows)

    def of_items(self, item_ids: Sequence[int]) -> dict[int, FaceRow]:
        """What was found, by item id; items that nobody looked at are left out."""
        found: dict[int, FaceRow] = {}
        known = [row[0] for row in _LOOKED_AT.rows(self._session, items=list(item_ids))]
        for some in portions(known):
            query = select(FaceRow).where(FaceRow.item_id.in_(some))
            found |= {row.item_id: row for row in self._session.scalars(query)}
        return found
