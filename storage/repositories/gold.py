"""Gold: settled images with known labels, handed out again to see how somebody answers."""

from __future__ import annotations

from datetime import datetime
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import ItemState, LabelValue
from storage.models import Claim, DecisionRow, Image, Item, KnownLabel, Label
from storage.repositories.corrections import is_corrected
from storage.repositories.items import Items
from storage.repositories.labels import is_final


class Gold:
    """A repository that draws gold; nothing of the item changes by it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def draw(self, user_id: int, limit: int, now: datetime, coin: Random) -> list[Item]:
        """Draw up to ``limit`` images that the user has neither held nor answered, from a random
        one on, in an order of their own."""
        newest = self._session.scalar(select(func.max(KnownLabel.id))) or 0
        start = coin.randint(1, max(newest, 1))
        drawn = self._drawn(user_id, limit, start, newest, now)
        drawn += self._drawn(user_id, limit - len(drawn), 1, start - 1, now)
        items = Items(self._session).get_many(drawn)
        coin.shuffle(items)
        return items

    def _drawn(self, user_id: int, limit: int, first: int, last: int, now: datetime) -> list[int]:
        met = select(Claim.id).where(Claim.item_id == Item.id, Claim.user_id == user_id)
        answered = select(Label.id).where(Label.item_id == Item.id, Label.user_id == user_id)
        settled = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .where(
                Item.id == KnownLabel.item_id,
                Item.state == ItemState.RESOLVED,
                Item.verdict == KnownLabel.value,
                is_final(Item.final_at, now),
                Image.public_type.is_not(None),
                ~is_corrected(),
                # After the answer the detector's opinion is told, of gold like of any other.
                select(DecisionRow.id).where(DecisionRow.item_id == Item.id).exists(),
                ~met.exists(),
                ~answered.exists(),
            )
        )
        # From one known label on until there are enough: a plain join would sort all settled items.
        query = (
            select(KnownLabel.item_id)
            .where(
                KnownLabel.id.between(first, last),
                KnownLabel.value.in_((LabelValue.REAL, LabelValue.FAKE)),
                settled.exists(),
            )
            .order_by(KnownLabel.id)
            .limit(max(limit, 0))
        )
        return list(self._session.scalars(query))
