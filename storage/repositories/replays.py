"""The stored queue as two heads see it, in columns: a replay may go over a million items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import Route
from storage.models import DecisionRow, Image, Item, Prediction
from storage.repositories.group_facts import group_fact
from storage.repositories.held_out import HeadOf


class StoredDecision(NamedTuple):
    """An item that the champion has scored; what the challenger says is None where it has not."""

    item_id: int
    sha256: str | None
    """The hash of the image's file; None where only its scores are here."""
    pictured: bool
    """Whether its picture is stored."""
    accepted: str | None
    """The route of its newest decision where that accepted it without a person."""
    champion_p: float
    champion_score: float
    fact: str | float | None
    """What decides its group under the policy in force; None where nothing is grouped."""
    challenger_p: float | None
    challenger_score: float | None


@dataclass(frozen=True)
class StoredDecisions:
    """A read-only repository of the queue with its newest decisions."""

    session: Session

    def rows(
        self, champion: HeadOf, challenger: HeadOf, limit: int, grouping: str | None = None
    ) -> list[StoredDecision]:
        """The newest ``limit`` items that the champion has scored, newest first."""
        old, new = aliased(Prediction), aliased(Prediction)
        newest = (
            select(func.max(DecisionRow.id).label("id"), DecisionRow.item_id)
            .group_by(DecisionRow.item_id)
            .subquery()
        )
        accepted = and_(
            DecisionRow.id == newest.c.id,
            DecisionRow.audited.is_(False),
            DecisionRow.route != Route.REVIEW,
        )
        query = (
            select(
                Item.id,
                Image.sha256,
                Image.public_type.is_not(None),
                DecisionRow.route,
                old.p_fake,
                old.score,
                group_fact(grouping, old),
                new.p_fake,
                new.score,
            )
            .join(Image, Image.id == Item.image_id)
            .join(old, _said(old, champion))
            .outerjoin(new, _said(new, challenger))
            .outerjoin(newest, newest.c.item_id == Item.id)
            .outerjoin(DecisionRow, accepted)
            .order_by(Item.id.desc())
            .limit(limit)
        )
        found = self.session.connection().execute(query)
        return [StoredDecision._make(row) for row in found]


def _said(said: Any, of: HeadOf) -> Any:
    return and_(
        said.image_id == Item.image_id,
        said.checkpoint_id == of.checkpoint_id,
        said.head == of.head,
    )
