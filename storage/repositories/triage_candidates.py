"""Candidates that a policy has yet to decide, in columns: triage may go over a million items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from storage.columns.reading import read_columns
from storage.enums import ItemState, PlacedBy
from storage.models import Claim, DecisionRow, Image, Item, Prediction
from storage.repositories.group_facts import group_fact
from storage.repositories.portions import AMONG, among

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CandidateColumns:
    """Items to decide, by id, with what the policy's head says of their images; [n] each.

    The scores are all NaN where the checkpoint has not scored the image, but for ``novelty``,
    which may be missing by itself.
    """

    item_id: NDArray[np.int64]
    key: Sequence[str]
    """The key of the image."""
    near: NDArray[np.bool_]
    """An earlier image looks like it."""
    p_fake: Floats
    std: Floats
    entropy: Floats
    mutual_information: Floats
    score: Floats
    novelty: Floats
    least: Floats
    """The lowest of all heads' P(fake); NaN where the score is not ``between``."""
    most: Floats
    """The highest of all heads' P(fake); NaN where the score is not ``between``."""
    fact: Sequence[str | float | None]
    """What decides its group; None where it is not known, or nothing is grouped."""

    def __len__(self) -> int:
        return len(self.item_id)

    @property
    def is_scored(self) -> NDArray[np.bool_]:
        """Which of them the checkpoint has scored."""
        return ~np.isnan(self.p_fake)

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """Those that are ``kept`` [n]."""
        if kept.all():
            return self
        columns: dict[str, Any] = {
            name: values[kept] if isinstance(values, np.ndarray) else list(compress(values, kept))
            for name, values in vars(self).items()
        }
        return type(self)(**columns)


_KINDS: Final = {"item_id": np.int64, "near": np.bool_}
"""What the numbers of a column are, where they are no scores."""
_AS_READ: Final = ("key", "fact")
"""The columns that hold other than numbers."""


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

    def after(self, item_id: int, limit: int) -> CandidateColumns:
        """Return up to ``limit`` of them by id, above ``item_id``."""
        return self._read(self._candidates().where(Item.id > item_id).limit(limit))

    def of(self, item_ids: Sequence[int]) -> CandidateColumns:
        """Those of ``item_ids`` (a batch), by id."""
        return self._read(self._candidates().where(AMONG), among(item_ids))

    def still(self, first: int, last: int) -> NDArray[np.int64]:
        """The ids of all between ``first`` and ``last``, both included."""
        query = select(Item.id).where(*self._conditions(), Item.id.between(first, last))
        return np.array(read_columns(self.session, query)["id"], np.int64)

    def _read(
        self, query: Select[*tuple[Any, ...]], asked: dict[str, str] | None = None
    ) -> CandidateColumns:
        read = read_columns(self.session, query, asked)
        columns: dict[str, Any] = {
            name: values if name in _AS_READ else np.array(values, _KINDS.get(name, np.float64))
            for name, values in read.items()
        }
        return CandidateColumns(**columns)

    def _candidates(self) -> Select[*tuple[Any, ...]]:
        own = aliased(Prediction)
        said = (
            Prediction.image_id == Item.image_id,
            Prediction.checkpoint_id == self.checkpoint_id,
        )
        unsure = (own.score > self.between[0]) & (own.score < self.between[1])
        least, most = (
            select(extreme(Prediction.p_fake)).where(*said).scalar_subquery()
            for extreme in (func.min, func.max)
        )
        return (
            select(
                Item.id.label("item_id"),
                Image.key.label("key"),
                Image.near_id.is_not(None).label("near"),
                own.p_fake,
                own.std,
                own.entropy,
                own.mutual_information,
                own.score,
                own.novelty,
                case((unsure, least)).label("least"),
                case((unsure, most)).label("most"),
                group_fact(self.grouping, own).label("fact"),
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
