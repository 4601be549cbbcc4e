"""The rows of an export as objects of the tables: what the fast way is held against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Image, Item, KnownLabel, Label, User
from storage.repositories.corrections import Corrections
from storage.repositories.faces import Faces
from storage.repositories.labels import IN_FORCE
from storage.repositories.triage import Decisions

BATCH = 500


class ExportRows:
    """Items with their decision, labels and known label, in batches by item id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """Dicts of every item: ``item``, ``image``, ``decision`` (or None), ``labels``, ``known``,
        ``corrections`` and ``faces`` (or None).

        ``labels`` is a list of ``(Label, pseudonym)`` in force, oldest first. Only one batch is
        in memory at a time.
        """
        after = 0
        while rows := self._items(after):
            ids = [item.id for item, _ in rows]
            decisions = Decisions(self._session).newest_of(ids)
            labels = self._labels(ids)
            known = self._known(ids)
            corrections = Corrections(self._session).of_many(ids)
            faces = Faces(self._session).of_items(ids)
            yield [
                {
                    "item": item,
                    "image": image,
                    "decision": decisions.get(item.id),
                    "labels": labels.get(item.id, []),
                    "known": known.get(item.id),
                    "corrections": corrections.get(item.id, []),
                    "faces": faces.get(item.id),
                }
                for item, image in rows
            ]
            after = ids[-1]
            self._session.expunge_all()

    def _items(self, after: int) -> list[tuple[Item, Image]]:
        query = (
            select(Item, Image)
            .join(Image, Image.id == Item.image_id)
            .where(Item.id > after)
            .order_by(Item.id)
            .limit(BATCH)
        )
        return [(item, image) for item, image in self._session.execute(query)]

    def _labels(self, ids: list[int]) -> dict[int, list[tuple[Label, str]]]:
        query = (
            select(Label, User.pseudonym)
            .join(User, User.id == Label.user_id)
            .where(Label.item_id.in_(ids), *IN_FORCE)
            .order_by(Label.id)
        )
        found: dict[int, list[tuple[Label, str]]] = {}
        for label, pseudonym in self._session.execute(query):
            found.setdefault(label.item_id, []).append((label, pseudonym))
        return found

    def _known(self, ids: list[int]) -> dict[int, KnownLabel]:
        rows = self._session.scalars(select(KnownLabel).where(KnownLabel.item_id.in_(ids)))
        return {row.item_id: row for row in rows}
