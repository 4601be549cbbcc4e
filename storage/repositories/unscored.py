"""Images that a detector has yet to score, and its predictions on many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Image, Item, Prediction
from storage.repositories.portions import AMONG, among
from storage.rows import insert_rows
from storage.seals.sealing import sealing_of

_PREDICTED = (
    *("image_id", "checkpoint_id", "head"),
    *("p_fake", "std", "entropy", "mutual_information", "score", "novelty", "scope", "created_at"),
)


class UnscoredPicture(NamedTuple):
    """An item whose picture is stored, and has yet to be scored."""

    item_id: int
    image_id: int
    sha256: str


class Unscored:
    """A repository of what one detector has yet to score: it goes over many images at once, past
    the object mapper."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pictures(self, item_ids: Sequence[int], checkpoint_id: str) -> list[UnscoredPicture]:
        """Those of ``item_ids`` whose picture is stored and of which the checkpoint has said
        nothing, by id."""
        said = select(Prediction.image_id).where(
            Prediction.image_id == Image.id, Prediction.checkpoint_id == checkpoint_id
        )
        query = (
            select(Item.id, Image.id, Image.sha256)
            .join(Image, Image.id == Item.image_id)
            .where(AMONG, Image.sha256.is_not(None), Image.public_type.is_not(None))
            .where(~said.exists())
            .order_by(Item.id)
        )
        rows = self._session.connection().execute(query, among(item_ids))
        return [UnscoredPicture._make(row) for row in rows]

    def add(self, rows: Sequence[Sequence[Any]], now: datetime) -> None:
        """Store predictions: image, checkpoint, head and the scores, in the order of the columns of
        ``Prediction``."""
        if not rows:
            return
        sealing_of(self._session).about_to_write(Prediction.__tablename__)
        at = f"{now:%Y-%m-%d %H:%M:%S.%f}"
        told = [(*row, at) for row in rows]
        insert_rows(self._session.connection(), Prediction.__tablename__, _PREDICTED, told)
