"""Labels that may prove something about a checkpoint's head."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storage.enums import ItemState, LabelValue
from storage.models import Decision, Image, Item, KnownLabel, Label, Policy, Prediction
from storage.repositories.labels import IN_FORCE

Labelled = InstrumentedAttribute[LabelValue] | InstrumentedAttribute[LabelValue | None]

LEARNING = "learning"
"""The policy state under which everything goes to people, so that verdicts are unselected."""


@dataclass(frozen=True)
class CalibrationRow:
    """A scored image whose label is known, or was found under a learning policy."""

    key: str
    """Of the image."""
    split: str | None
    label: LabelValue
    known: bool
    near_duplicate: bool
    score: float


class Calibration:
    """Read-only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, checkpoint_id: str, head: str) -> list[CalibrationRow]:
        """Known labels first, then verdicts on items that have none.

        A verdict counts where a learning policy was the first to send the item to people, and no
        answer behind it was given after seeing the model's opinion (answer, undo, answer again).
        An item with a rank below 0 was put before others for what the detector said of it, or for
        its age: its verdict is a chosen one.
        """
        known = self._query(checkpoint_id, head, KnownLabel.value, literal(True)).join(
            KnownLabel, KnownLabel.item_id == Item.id
        )
        earlier = aliased(Decision)
        first = (
            select(func.min(earlier.id))
            .where(earlier.item_id == Item.id)
            .correlate(Item)
            .scalar_subquery()
        )
        swayed = (
            select(Label.id)
            .where(
                Label.item_id == Item.id,
                Label.blind.is_(False),
                Label.extra.is_(False),
                *IN_FORCE,
            )
            .exists()
        )
        reviewed = (
            self._query(checkpoint_id, head, Item.verdict, literal(False))
            .join(Decision, Decision.id == first)
            .join(Policy, Policy.version == Decision.policy_version)
            .where(
                Item.state == ItemState.RESOLVED,
                Item.verdict.is_not(None),
                Item.rank >= 0,
                Policy.state == LEARNING,
                ~swayed,
                ~select(KnownLabel.id).where(KnownLabel.item_id == Item.id).exists(),
            )
        )
        found = [*self._session.execute(known), *self._session.execute(reviewed)]
        return [CalibrationRow(*row) for row in found]

    def _query(
        self, checkpoint_id: str, head: str, label: Labelled, known: ColumnElement[bool]
    ) -> Select[str, str | None, LabelValue | None, bool, bool, float]:
        return (
            select(
                Image.key, Item.split, label, known, Image.near_id.is_not(None),
                Prediction.score,
            )
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .join(Prediction, Prediction.image_id == Image.id)
            .where(Prediction.checkpoint_id == checkpoint_id, Prediction.head == head)
            .order_by(Item.id)
        )  # fmt: skip
