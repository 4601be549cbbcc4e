"""What several detectors said of the same images, and the labels that may teach how to combine
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.orm import Session

from storage.enums import ItemState, LabelValue
from storage.models import Correction, DecisionRow, Image, Item, KnownLabel, Prediction
from storage.repositories.evidence import decides, given_blind, has_known_label
from storage.repositories.labels import is_final
from storage.repositories.portions import portions

LEARNED_SPLIT = "train"
TUNED_SPLIT = "val"


@dataclass(frozen=True)
class TeachingLabel:
    """A label that may teach."""

    item_id: int
    image_id: int
    key: str
    is_fake: bool
    proves_nothing: bool
    """Whether its image was set aside for tuning, so that a certificate could not use it anyway."""
    inclusion_probability: float
    """The probability with which it came to be labelled."""


class MemberScores:
    """A read-only repository of several detectors' scores side by side."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def labelled(self, now: datetime) -> list[TeachingLabel]:
        """Known labels, and people's final, blind verdicts on images that have none; without copies
        of other images, images that detectors were trained on, and verdicts that were put right."""
        base = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .where(Image.near_id.is_(None), or_(Item.split.is_(None), Item.split != LEARNED_SPLIT))
        )
        known = (
            base.with_only_columns(
                Item.id, Item.image_id, Image.key, KnownLabel.value, Item.split, literal(1.0)
            )
            .join(KnownLabel, KnownLabel.item_id == Item.id)
            .where(decides(KnownLabel.value))
        )
        verdicts = base.with_only_columns(
            Item.id, Item.image_id, Image.key, Item.verdict, Item.split, _newest_inclusion()
        ).where(
            Item.state == ItemState.RESOLVED,
            decides(Item.verdict),
            is_final(Item.final_at, now),
            given_blind(),
            ~has_known_label(),
            ~select(Correction.id).where(Correction.item_id == Item.id).exists(),
        )
        return [
            TeachingLabel(
                item_id,
                image_id,
                key,
                value is LabelValue.FAKE,
                split == TUNED_SPLIT,
                chance or 1.0,
            )
            for query in (known, verdicts)
            for item_id, image_id, key, value, split, chance in self._session.execute(query)
        ]

    def some_images(self, most: int) -> list[tuple[int, str]]:
        """About ``most`` images spread evenly over all, by id and key: the same each time."""
        last = self._session.scalar(select(func.max(Image.id))) or 0
        step = max(last // most, 1)
        query = select(Image.id, Image.key).where(Image.id % step == 0).order_by(Image.id)
        return [(image_id, key) for image_id, key in self._session.execute(query)]

    def of_images(
        self, image_ids: Sequence[int], members: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P(fake) and novelty, [images, members] each, by ``members``: checkpoint and head; NaN
        where there is none."""
        rows = {image_id: at for at, image_id in enumerate(image_ids)}
        columns = {member: at for at, member in enumerate(members)}
        found = np.full((2, len(image_ids), len(members)), np.nan)
        checkpoints = sorted({checkpoint for checkpoint, _ in members})
        for some in portions(image_ids):
            query = select(
                Prediction.image_id,
                Prediction.checkpoint_id,
                Prediction.head,
                Prediction.p_fake,
                Prediction.novelty,
            ).where(
                Prediction.image_id.in_(some),
                Prediction.checkpoint_id.in_(checkpoints),
            )
            for image_id, checkpoint, head, p_fake, novelty in self._session.execute(query):
                column = columns.get((checkpoint, head))
                if column is not None:
                    found[0, rows[image_id], column] = p_fake
                    found[1, rows[image_id], column] = np.nan if novelty is None else novelty
        return found[0], found[1]


def _newest_inclusion() -> ColumnElement[float | None]:
    return (
        select(DecisionRow.inclusion_probability)
        .where(DecisionRow.item_id == Item.id)
        .order_by(DecisionRow.id.desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
