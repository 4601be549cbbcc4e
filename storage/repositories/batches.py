"""Decisions made together: written in a few statements, and sealed by one event of the audit log.

An event for each of a million items would cost more than all the rest. So one event covers a batch:
it tells which decisions, and seals them as every event seals what is written with it. Whoever
changes, adds or removes one of them afterwards contradicts the log, which is chained. (Events from
before there were seals have the SHA-256 of their decisions in their details.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert, bindparam, func, insert, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import AuditEvent, DecisionRow, Item, Prediction
from storage.repositories.event_log import AuditLog, Event
from storage.repositories.portions import AMONG, among
from storage.seals.old_batches import old_seal_holds
from storage.seals.sealing import driver_of
from storage.seals.tables import APPENDED

_TABLE = DecisionRow.__table__
_SCORES = ("p_fake", "std", "entropy", "mutual_information", "score", "novelty")
_SHARED = tuple(
    column.key for column in _TABLE.columns if column.key not in ("id", "item_id", *_SCORES)
)


def _insert() -> Insert:
    """Decisions that share all but their scores; made once, for making it takes longer than using
    it for a few items."""
    shared = [bindparam(name, type_=_TABLE.c[name].type) for name in _SHARED]
    query = (
        select(Item.id, *shared, *(getattr(Prediction, name) for name in _SCORES))
        .join(Prediction, Prediction.image_id == Item.image_id)
        .where(
            AMONG,
            Prediction.checkpoint_id == bindparam("checkpoint_id"),
            Prediction.head == bindparam("head"),
        )
        .order_by(Item.id)
    )
    return insert(DecisionRow).from_select(["item_id", *_SHARED, *_SCORES], query)


_INSERT = _insert()


@dataclass(frozen=True)
class Alike:
    """Items of a batch whose decisions differ in their scores only."""

    item_ids: Sequence[int]
    columns: dict[str, Any]
    """Values of ``DecisionRow``, but for the item and its scores."""


class DecisionBatches:
    """A repository that appends batches of decisions, and checks that nobody rewrote them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, kind: AuditKind, actor: str, groups: Sequence[Alike], about: dict[str, Any]
    ) -> None:
        """Append the decisions of ``groups``, on the scores stored for each one's checkpoint and
        head, and one event of ``kind`` that seals them and tells ``about`` them.

        Raises:
            ValueError: an item has no such scores.
        """
        before = self._last()
        for group in groups:
            if group.item_ids:
                self._insert(group)
        span = (before + 1, self._last())
        if span[0] > span[1]:
            return
        AuditLog(self._session).add(Event(kind, actor, details={**about, "decisions": span}))

    def first_broken(self) -> int | None:
        """The id of the first event whose decisions are not what it sealed, or None."""
        driver = driver_of(self._session)
        query = (
            select(AuditEvent.id, AuditEvent.details, AuditEvent.seals)
            .where(AuditEvent.item_id.is_(None))
            .where(AuditEvent.kind.in_([AuditKind.TRIAGED, AuditKind.REOPENED]))
            .order_by(AuditEvent.id)
        )
        for event_id, details, seals in self._session.execute(query):
            if not (self._holds(seals) if seals else old_seal_holds(driver, details)):
                return int(event_id)
        return None

    def _holds(self, seals: str) -> bool:
        sealed = APPENDED["decision"]
        driver = driver_of(self._session)
        query = f"{sealed.select} WHERE id BETWEEN ? AND ? ORDER BY id"
        return all(
            sealed.digest(driver.execute(query, (first, last)).fetchall()) == digest
            for first, last, digest, _ in json.loads(seals)["rows"]["decision"]
        )

    def _insert(self, group: Alike) -> None:
        values = {**among(group.item_ids), **group.columns}
        n = self._session.connection().execute(_INSERT, values).rowcount
        if n != len(group.item_ids):
            raise ValueError(
                f"{len(group.item_ids) - n} of {len(group.item_ids)} items have no prediction of "
                f"checkpoint {values['checkpoint_id']}, head {values['head']}"
            )

    def _last(self) -> int:
        return self._session.scalar(select(func.max(DecisionRow.id))) or 0
