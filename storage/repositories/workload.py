"""The workload: what comes in and how long people take, measured for forecasts and for orders of
the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storage.enums import CountKind
from storage.models import Image, Item, Label, Prediction
from storage.repositories.group_facts import group_fact
from storage.repositories.labels import IN_FORCE
from storage.repositories.tallies import Tallies
from storage.types import to_utc

SECONDS_PER_LABEL = 8.0
"""The seconds that are taken where too few labels were timed."""
RECENT_LABELS = 500
ENOUGH_LABELS = 20
"""Fewer say too little about how long people take."""


@dataclass(frozen=True)
class RecentScore:
    """The score that one head gave a recent item."""

    key: str
    """The key of the image."""
    p_fake: float
    std: float
    entropy: float
    mutual_information: float
    score: float
    novelty: float | None
    fact: str | float | None
    """What decides its group; None where it is not known, or nothing is grouped."""


class Workload:
    """A read-only repository of what came in and how long people took."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def arrived_since(self, since: datetime) -> tuple[int, datetime | None]:
        """Items taken in since ``since``, and when the first of them came."""
        first = self._session.scalar(select(func.min(Item.created_at)).where(_came(since)))
        # Of the hour that is not whole each item is counted, of the others the counters know.
        whole = to_utc(since).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        query = select(func.count()).where(_came(since), Item.created_at < whole)
        begun = self._session.scalar(query) or 0
        return begun + Tallies(self._session).count(CountKind.ARRIVED, whole), first

    def label_seconds(self) -> float | None:
        """Median time of a look at one image, of the newest that were timed; None where there are
        too few. An answer in the grid has its share of the time for all, which measures no look."""
        query = (
            select(Label.seconds)
            .where(Label.seconds.is_not(None), Label.bulk_size.is_(None), *IN_FORCE)
            .order_by(Label.id.desc())
            .limit(RECENT_LABELS)
        )
        seconds = [s for s in self._session.scalars(query) if s is not None]
        return median(seconds) if len(seconds) >= ENOUGH_LABELS else None

    def recent_scores(
        self, checkpoint_id: str, head: str, limit: int, grouping: str | None = None
    ) -> list[RecentScore]:
        """The scores of the newest items that ``head`` has scored, newest first."""
        own = (Prediction.checkpoint_id == checkpoint_id, Prediction.head == head)
        scored = select(Prediction.image_id).where(Prediction.image_id == Item.image_id, *own)
        # From the newest item on until there are enough: a plain join would be begun at the
        # predictions, which are several to an item, and sorted.
        newest = (
            select(Item.id, Item.image_id)
            .where(scored.exists())
            .order_by(Item.id.desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(
                Image.key,
                Prediction.p_fake,
                Prediction.std,
                Prediction.entropy,
                Prediction.mutual_information,
                Prediction.score,
                Prediction.novelty,
                group_fact(grouping, Prediction),
            )
            .select_from(newest)
            .join(Item, Item.id == newest.c.id)
            .join(Image, Image.id == newest.c.image_id)
            .join(Prediction, Prediction.image_id == newest.c.image_id)
            .where(*own)
            .order_by(newest.c.id.desc())
        )
        return [RecentScore(*row) for row in self._session.execute(query)]


def _came(since: datetime) -> ColumnElement[bool]:
    return Item.created_at >= since
