"""The places of items that wait for people, and what a place is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue
from storage.models import Decision, Image, Item, Label
from storage.repositories.labels import IN_FORCE

VARIABLES = 500  # SQLite limits how many values one statement may name


@dataclass(frozen=True)
class Waiting:
    """An item that waits, with the scores of its newest decision."""

    item_id: int
    key: str
    """Of the image."""
    state_since: datetime
    rank: float
    checkpoint_id: str
    p_fake: float
    std: float
    novelty: float | None
    audited: bool


class WaitingQueue:
    """Items in review."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def after(self, item_id: int, limit: int) -> list[Waiting]:
        """Up to ``limit`` decided items that wait, by id, from ``item_id`` on exclusively."""
        return self._rows(self._waiting().where(Item.id > item_id).order_by(Item.id).limit(limit))

    def newest(self, limit: int) -> list[Waiting]:
        """The newest items that wait."""
        return self._rows(self._waiting().order_by(Item.id.desc()).limit(limit))

    def any_ranked(self, low: float, high: float) -> bool:
        """Whether an item waits with a rank from ``low`` on and below ``high``."""
        query = select(Item.id).where(
            Item.state == ItemState.IN_REVIEW, Item.rank >= low, Item.rank < high
        )
        return self._session.scalar(query.limit(1)) is not None

    def place(self, ranks: Mapping[int, float]) -> None:
        """Give items their ranks, by id."""
        rows = [{"item": item_id, "place": rank} for item_id, rank in ranks.items()]
        chosen = update(Item).where(Item.id == bindparam("item")).values(rank=bindparam("place"))
        if rows:
            self._session.connection().execute(chosen, rows)

    def ask_one_more(self, item_ids: Sequence[int]) -> None:
        """Ask one person more about each of ``item_ids``."""
        for start in range(0, len(item_ids), VARIABLES):
            self._session.execute(
                update(Item)
                .where(Item.id.in_(item_ids[start : start + VARIABLES]))
                .values(needed_labels=Item.needed_labels + 1, open_slots=Item.open_slots + 1)
            )

    def near_disputed(self, item_ids: Sequence[int]) -> set[int]:
        """Those of ``item_ids`` (a batch) whose near-duplicate was disputed.

        An earlier image that looks alike is disputed when its reviewers disagreed, when it was
        escalated, or when its verdict is against what the detector leaned to.
        """
        earlier = aliased(Item)
        query = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .join(earlier, earlier.image_id == Image.near_id)
            .where(
                Item.id.in_(item_ids),
                or_(
                    earlier.state == ItemState.ESCALATED,
                    _disagreement(earlier.id),
                    _against_detector(earlier.id, earlier.verdict),
                ),
            )
        )
        return set(self._session.scalars(query))

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Waiting]:
        return [Waiting(*row) for row in self._session.execute(query)]

    def _waiting(self) -> Select[*tuple[Any, ...]]:
        newest = (
            select(func.max(Decision.id))
            .where(Decision.item_id == Item.id)
            .correlate(Item)
            .scalar_subquery()
        )
        return (
            select(
                Item.id,
                Image.key,
                Item.state_since,
                Item.rank,
                Decision.checkpoint_id,
                Decision.p_fake,
                Decision.std,
                Decision.novelty,
                Decision.audited,
            )
            .join(Image, Image.id == Item.image_id)
            .join(Decision, Decision.id == newest)
            .where(Item.state == ItemState.IN_REVIEW)
        )


def _disagreement(item_id: Any) -> ColumnElement[bool]:
    values = (
        select(func.count(Label.value.distinct()))
        .where(Label.item_id == item_id, *IN_FORCE)
        .scalar_subquery()
    )
    return values > 1


def _against_detector(item_id: Any, verdict: Any) -> ColumnElement[bool]:
    newest = (
        select(Decision.p_fake)
        .where(Decision.item_id == item_id)
        .order_by(Decision.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return or_(
        and_(verdict == LabelValue.REAL, newest >= 0.5),
        and_(verdict == LabelValue.FAKE, newest < 0.5),
    )
