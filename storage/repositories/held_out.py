"""Labels on which two detectors may be compared, in columns.

More labels may compare than may certify (`evidence`): audits count, too, and each label has the
probability with which the image came to people. Left out is what was put before others by its
worth, for nobody knows with which probability that was labelled by now, and what an alarm reopened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue, PlacedBy, Route
from storage.models import DecisionRow, Image, Item, KnownLabel, Prediction
from storage.repositories.evidence import (
    Uncounted,
    decides,
    given_blind,
    has_known_label,
    holding,
    of_image,
)
from storage.repositories.labels import is_final
from storage.repositories.second_looks import was_drawn


class LabelKind(StrEnum):
    """The origin of a label that compares."""

    GOLD = "gold"
    """It came with the image."""
    AUDIT = "audit"
    """A blind audit of what the policy accepts."""
    VERDICT = "verdict"
    """People settled what the policy left to them."""


class HeadOf(NamedTuple):
    """A head of a detector."""

    checkpoint_id: str
    head: str


class HeldOutLabel(NamedTuple):
    """A labelled image, and what two heads say of it; None where one has not scored it."""

    item_id: int
    key: str
    """The key of the image."""
    label: LabelValue
    kind: str
    inclusion_probability: float
    """The probability with which it came to be labelled."""
    source: str | None
    scope: str | None
    """The kind of images that it is like, by the first head that says."""
    waits: bool
    """Triage has yet to score the image, or could not."""
    settled_at: datetime
    """The time of the verdict, if people gave it."""
    champion_p: float | None
    champion_score: float | None
    challenger_p: float | None
    challenger_score: float | None


@dataclass(frozen=True)
class HeldOutLabels:
    """A read-only repository of labels that may compare; what either detector has seen is for the
    caller to leave out."""

    session: Session

    def rows(self, champion: HeadOf, challenger: HeadOf, now: datetime) -> list[HeldOutLabel]:
        """All of them: known labels, then verdicts in the order of time."""
        known = _query(
            champion, challenger, KnownLabel.value, literal(LabelKind.GOLD.value), literal(1.0)
        )
        known = known.join(
            KnownLabel, and_(KnownLabel.item_id == Item.id, decides(KnownLabel.value))
        )
        newest = (
            select(func.max(DecisionRow.id))
            .where(DecisionRow.item_id == Item.id)
            .correlate(Item)
            .scalar_subquery()
        )
        kind = func.iif(
            DecisionRow.audited, literal(LabelKind.AUDIT.value), literal(LabelKind.VERDICT.value)
        )
        settled = (
            _query(champion, challenger, Item.verdict, kind, DecisionRow.inclusion_probability)
            .join(DecisionRow, DecisionRow.id == newest)
            .where(
                Item.state == ItemState.RESOLVED,
                decides(Item.verdict),
                is_final(Item.final_at, now),
                given_blind(),
                ~has_known_label(),
                ~was_drawn(),
                DecisionRow.route == Route.REVIEW,
                or_(DecisionRow.audited.is_(True), Item.placed_by == PlacedBy.TIME),
            )
            .order_by(func.coalesce(Item.final_at, Item.state_since), Item.id)
        )
        run = self.session.connection().execute
        return [HeldOutLabel._make(row) for query in (known, settled) for row in run(query)]


def _query(
    champion: HeadOf, challenger: HeadOf, label: Any, kind: Any, probability: Any
) -> Select[*tuple[Any, ...]]:
    old, new = aliased(Prediction), aliased(Prediction)
    query = select(
        Item.id,
        Image.key,
        label,
        kind,
        probability,
        Item.source,
        func.coalesce(old.scope, new.scope),
        Item.state.in_((ItemState.PENDING, ItemState.FAILED)),
        func.coalesce(Item.final_at, Item.state_since, type_=Item.final_at.type),
        old.p_fake,
        old.score,
        new.p_fake,
        new.score,
    ).join(Image, Image.id == Item.image_id)
    for said, (checkpoint_id, head) in ((old, champion), (new, challenger)):
        query = query.outerjoin(
            said,
            and_(
                said.image_id == Item.image_id,
                said.checkpoint_id == checkpoint_id,
                said.head == head,
            ),
        )
    return query.where(holding(of_image(), but=[Uncounted.UNSCORED]))
