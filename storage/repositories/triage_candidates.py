"""Candidates that a policy has yet to decide, in columns: triage may go over a million items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, PlacedBy
from storage.models import Claim, DecisionRow, Image, Item, Prediction
from storage.repositories.group_facts import group_fact
from storage.repositories.portions import AMONG, among


class TriageCandidate(NamedTuple):
    """An item to decide, with what the policy's head says of its image.

    The scores are all None where the checkpoint has not scored the image, but for ``novelty``,
    which may be missing by itself.
    """

    item_id: int
    key: str
    """The key of the image."""
    near: bool
    """An earlier image looks like it."""
    p_fake: float | None
    std: float | None
    entropy: float | None
    mutual_information: float | None
    score: float | None
    novelty: float | None
    least: float | None
    """The lowest of all heads' P(fake); None where the score is not ``between``."""
    most: float | None
    """The highest of all heads' P(fake); None where the score is not ``between``."""
    fact: str | float | None
    """What decides its group; None where it is not known, or nothing is grouped."""


@dataclass(frozen=True)
class TriageCandidates:
    """Items in ``state`` that the policy may decide: all that are pending, and of those in review
    the ones that nobody has ever held, no admin has sent there, and it has not decided yet."""

    session: Session
    state: ItemState
    policy_version: int
    checkpoint_id: str
    head: str
    between: tuple[float, float]
    """The scores between which, both excluded, it matters what the other heads say."""
    grouping: str | None = None
    """What the policy groups images by."""

    def after(self, item_id: int, limit: int) -> list[TriageCandidate]:
        """Return up to ``limit`` of them by id, above ``item_id``."""
        return self._read(self._candidates().where(Item.id > item_id).limit(limit))

    def of(self, item_ids: Sequence[int]) -> list[TriageCandidate]:
        """Those of ``item_ids`` (a batch), by id."""
        return self._read(self._candidates().where(AMONG), among(item_ids))

    def still(self, first: int, last: int) -> set[int]:
        """The ids of all between ``first`` and ``last``, both included."""
        query = select(Item.id).where(*self._conditions(), Item.id.between(first, last))
        return set(self._plain(query).scalars())

    def _read(
        self, query: Select[*tuple[Any, ...]], asked: dict[str, str] | None = None
    ) -> list[TriageCandidate]:
        return [TriageCandidate._make(row) for row in self._plain(query, asked)]

    def _plain(
        self, query: Select[*tuple[Any, ...]], asked: dict[str, str] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Past the object mapper, which would take as long as the database."""
        return self.session.connection().execute(query, asked)

    def _candidates(self) -> Select[*tuple[Any, ...]]:
        own = aliased(Prediction)
        said = (
            Prediction.image_id == Item.image_id,
            Prediction.checkpoint_id == self.checkpoint_id,
        )
        unsure = (own.score > self.between[0]) & (own.score < self.between[1])
        return (
            select(
                Item.id,
                Image.key,
                Image.near_id.is_not(None),
                own.p_fake,
                own.std,
                own.entropy,
                own.mutual_information,
                own.score,
                own.novelty,
                case((unsure, select(func.min(Prediction.p_fake)).where(*said).scalar_subquery())),
                case((unsure, select(func.max(Prediction.p_fake)).where(*said).scalar_subquery())),
                group_fact(self.grouping, own),
            )
            .join(Image, Image.id == Item.image_id)
            .outerjoin(
                own,
                (own.image_id == Item.image_id)
                & (own.checkpoint_id == self.checkpoint_id)
                & (own.head == self.head),
            )
            .where(*self._conditions())
            .order_by(Item.id)
        )

    def _conditions(self) -> list[ColumnElement[bool]]:
        here = Item.state == self.state
        if self.state is ItemState.PENDING:
            return [here]
        newest = (
            select(DecisionRow.policy_version)
            .where(DecisionRow.item_id == Item.id)
            .order_by(DecisionRow.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        held = select(Claim.id).where(Claim.item_id == Item.id).exists()
        by_hand = Item.placed_by == PlacedBy.HAND
        return [here, ~held, ~by_hand, newest.is_distinct_from(self.policy_version)]
