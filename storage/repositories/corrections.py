"""Corrections of verdicts: append-only, the newest one counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storage.models import Correction, Item, User


class Corrections:
    """The repository of corrections by admins."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, correction: Correction) -> Correction:
        """Store ``correction`` and give it its id."""
        self._session.add(correction)
        self._session.flush()
        return correction

    def on(self, item_id: int) -> list[tuple[Correction, str]]:
        """Every correction of the item, oldest first, with the name of whoever made it."""
        query = (
            select(Correction, User.name)
            .join(User, User.id == Correction.user_id)
            .where(Correction.item_id == item_id)
            .order_by(Correction.id)
        )
        return [(row, name) for row, name in self._session.execute(query)]

    def of_many(self, item_ids: Sequence[int]) -> dict[int, list[Correction]]:
        """The corrections of a batch of items, oldest first, by item id; none of what has none."""
        found: dict[int, list[Correction]] = {}
        if item_ids:
            query = select(Correction).where(Correction.item_id.in_(item_ids))
            for row in self._session.scalars(query.order_by(Correction.item_id, Correction.id)):
                found.setdefault(row.item_id, []).append(row)
        return found


def is_corrected() -> ColumnElement[bool]:
    """Condition for an item that was ever corrected."""
    return select(Correction.id).where(Correction.item_id == Item.id).exists()
