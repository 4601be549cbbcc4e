"""Images that a detector has yet to score, and its predictions on many of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storage.models import Image, Item, Prediction
from storage.repositories.portions import AMONG, among
from storage.rows import insert_columns
from storage.seals.sealing import sealing_of

_PICTURES = (
    select(Item.id, Image.id, Image.sha256)
    .join(Image, Image.id == Item.image_id)
    .where(
        AMONG,
        Image.sha256.is_not(None),
        Image.public_type.is_not(None),
        ~select(Prediction.image_id)
        .where(
            Prediction.image_id == Image.id,
            Prediction.checkpoint_id == bindparam("checkpoint_id"),
        )
        .exists(),
    )
    .order_by(Item.id)
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
        asked = {**among(item_ids), "checkpoint_id": checkpoint_id}
        rows = self._session.connection().execute(_PICTURES, asked).cursor.fetchall()
        return [UnscoredPicture._make(row) for row in rows]

    def add(self, columns: Mapping[str, Sequence[Any]], now: datetime) -> None:
        """Store predictions: the columns of ``Prediction``, but for when they were made."""
        n = len(columns["image_id"])
        if not n:
            return
        sealing_of(self._session).about_to_write(Prediction.__tablename__)
        told = {**columns, "created_at": [f"{now:%Y-%m-%d %H:%M:%S.%f}"] * n}
        insert_columns(self._session.connection(), Prediction.__tablename__, told)
