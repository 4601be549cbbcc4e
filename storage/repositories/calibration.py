"""Labels that may prove something about a checkpoint's head; `evidence` says which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.enums import ItemState, LabelValue
from storage.models import DecisionRow, Image, Item, KnownLabel, Label, Prediction
from storage.repositories.evidence import (
    DECIDES,
    Uncounted,
    decides,
    has_known_label,
    holding,
    of_image,
    of_verdict,
)
from storage.repositories.group_facts import group_fact
from storage.types import utc_now

Labelled = InstrumentedAttribute[LabelValue] | InstrumentedAttribute[LabelValue | None]


@dataclass(frozen=True)
class CalibrationRow:
    """A scored image whose label is known, or was found while everything went to people."""

    key: str
    """The key of the image."""
    label: LabelValue
    known: bool
    met_at: datetime
    """The time at which triage first decided on the image; before that, when it came in."""
    score: float
    fact: str | float | None
    """What decides its group; None where it is not known, or nothing is grouped."""


class CalibrationQueries:
    """A read-only repository of the labels that may calibrate."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(
        self, checkpoint_id: str, head: str, now: datetime, grouping: str | None = None
    ) -> list[CalibrationRow]:
        """Return known labels first, then verdicts on items that have none."""
        scored = (checkpoint_id, head, grouping)
        known = self._query(*scored, KnownLabel.value, literal(True)).join(
            KnownLabel, and_(KnownLabel.item_id == Item.id, decides(KnownLabel.value))
        )
        reviewed = self._query(*scored, Item.verdict, literal(False)).where(
            holding(of_verdict(now)), ~has_known_label()
        )
        found = [*self._session.execute(known), *self._session.execute(reviewed)]
        return [CalibrationRow(*row) for row in found]

    def newest(self) -> tuple[int, int]:
        """The ids of the newest answer and of the newest known label, 0 without any: while they
        are the same, only time and new scores change what `rows` tells."""
        answer, known = (
            self._session.scalar(select(func.max(model.id))) for model in (Label, KnownLabel)
        )
        return answer or 0, known or 0

    def counts(self, item_id: int, now: datetime) -> bool:
        """Whether a label of the item may have served a certificate, as `rows` says of some
        checkpoint that has scored it."""
        known = select(KnownLabel.id).where(
            KnownLabel.item_id == Item.id, decides(KnownLabel.value)
        )
        reviewed = and_(holding(of_verdict(now)), ~has_known_label())
        query = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .where(Item.id == item_id, holding(of_image()), or_(known.exists(), reviewed))
        )
        return self._session.scalar(query) is not None

    def uncounted(self, item_id: int, now: datetime) -> list[Uncounted]:
        """Why a label of the item cannot serve a certificate by now; nothing where it `counts`."""
        image, verdict = of_image(), of_verdict(now)
        query = (
            select(KnownLabel.value, Item.state, *image.values(), *verdict.values())
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .outerjoin(KnownLabel, KnownLabel.item_id == Item.id)
            .where(Item.id == item_id)
        )
        known, state, *held = self._session.execute(query).one()
        failing = [why for why, holds in zip((*image, *verdict), held, strict=True) if not holds]
        found = [why for why in failing if why in image]
        if known is not None:
            return found if known in DECIDES else [*found, Uncounted.UNDECIDED]
        if state is ItemState.AUTO_ACCEPTED:
            return [*found, Uncounted.UNLOOKED]
        return [*found, Uncounted.UNLABELLED] if Uncounted.UNLABELLED in failing else failing

    def unscored(self, checkpoint_id: str) -> list[tuple[int, str]]:
        """Items that triage has met and whose label would count had the checkpoint scored them: id,
        and the image's key."""
        scored = select(Prediction.image_id).where(
            Prediction.image_id == Item.image_id, Prediction.checkpoint_id == checkpoint_id
        )
        waiting = (
            select(Item.id, Image.key)
            .join(Image, Image.id == Item.image_id)
            .where(~scored.exists(), holding(of_image(), but=[Uncounted.UNSCORED]))
        )
        # Two queries, so that each can start at the few items that are labelled.
        known = waiting.join(KnownLabel, KnownLabel.item_id == Item.id).where(
            Item.state.not_in((ItemState.PENDING, ItemState.FAILED))
        )
        # What is not final yet, or may be changed to a label that decides, is scored now.
        settled = holding(of_verdict(utc_now()), but=[Uncounted.UNDECIDED, Uncounted.NOT_FINAL])
        reviewed = waiting.where(settled, ~has_known_label())
        found = [*self._session.execute(known), *self._session.execute(reviewed)]
        return [(item_id, key) for item_id, key in found]

    def _query(
        self,
        checkpoint_id: str,
        head: str,
        grouping: str | None,
        label: Labelled,
        known: ColumnElement[bool],
    ) -> Select[str, LabelValue | None, bool, datetime, float, str | float | None]:
        met_at = func.coalesce(_first_decided(), Item.created_at)
        return (
            select(
                Image.key,
                label,
                known,
                met_at,
                Prediction.score,
                group_fact(grouping, Prediction),
            )
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .join(Prediction, Prediction.image_id == Image.id)
            .where(
                Prediction.checkpoint_id == checkpoint_id,
                Prediction.head == head,
                holding(of_image(), but=[Uncounted.UNSCORED]),  # it is: the prediction is joined
            )
            .order_by(Item.id)
        )


def _first_decided() -> ColumnElement[datetime]:
    return (
        select(func.min(DecisionRow.decided_at))
        .where(DecisionRow.item_id == Item.id)
        .correlate(Item)
        .scalar_subquery()
    )
