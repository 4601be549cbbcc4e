"""Labels: append-only answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from storage.models import Label

_later = aliased(Label)
IN_FORCE = (
    Label.value.is_not(None),
    ~select(_later.id).where(_later.supersedes_id == Label.id).exists(),
)
"""Conditions for a label that has a value and that no later row supersedes."""


class Labels:
    """What people said."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_client_id(self, client_id: str) -> Label | None:
        return self._session.scalar(select(Label).where(Label.client_id == client_id))

    def add(self, label: Label) -> Label:
        self._session.add(label)
        self._session.flush()
        return label

    def in_force(self, item_id: int) -> list[Label]:
        """The item's labels in force, oldest first."""
        query = select(Label).where(Label.item_id == item_id, *IN_FORCE).order_by(Label.id)
        return list(self._session.scalars(query))

    def last_of(self, user_id: int) -> Label | None:
        """The user's newest label in force."""
        return next(iter(self.recent_of(user_id, 1)), None)

    def recent_of(self, user_id: int, n: int) -> list[Label]:
        """The user's ``n`` newest labels in force, newest first."""
        query = (
            select(Label)
            .where(Label.user_id == user_id, *IN_FORCE)
            .order_by(Label.id.desc())
            .limit(n)
        )
        return list(self._session.scalars(query))

    def successor_of(self, label_id: int) -> Label | None:
        """The row that supersedes the label, if one does."""
        return self._session.scalar(select(Label).where(Label.supersedes_id == label_id))

    def has_seen_opinion(self, user_id: int, item_id: int) -> bool:
        """Whether the user was ever shown the model's opinion of the item, on answering it."""
        query = select(Label.id).where(
            Label.user_id == user_id, Label.item_id == item_id, Label.revealed
        )
        return self._session.scalar(query.limit(1)) is not None

    def count_of(self, user_id: int, since: datetime) -> int:
        """How many of the user's labels in force were given since ``since``."""
        query = (
            select(func.count())
            .select_from(Label)
            .where(Label.user_id == user_id, Label.labelled_at >= since, *IN_FORCE)
        )
        return self._session.scalar(query) or 0
