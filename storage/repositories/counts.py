"""Numbers about the queue, for statistics and the admin's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue, Role, TriageFlag
from storage.models import Claim, DecisionRow, Item, KnownLabel, Label, Prediction, User
from storage.repositories.labels import IN_FORCE


@dataclass(frozen=True)
class ReviewerCounts:
    """One person's labels in force."""

    name: str
    pseudonym: str
    real: int
    fake: int
    unsure: int
    undecidable: int
    last_at: datetime | None

    @property
    def total(self) -> int:
        """The sum of all values."""
        return self.real + self.fake + self.unsure + self.undecidable


@dataclass(frozen=True)
class ScoredItem:
    """A point of the map of scores against uncertainty."""

    p_fake: float
    score: float
    std: float
    state: ItemState


class Counts:
    """A read-only repository of sums."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_state(self) -> dict[ItemState, int]:
        """Items in each state, all states named."""
        rows = self._session.execute(
            select(Item.state, func.count().label("n")).group_by(Item.state)
        )
        found = {row.state: row.n for row in rows}
        return {state: found.get(state, 0) for state in ItemState}

    def labels(self) -> int:
        """Labels in force."""
        return self._scalar(select(func.count()).select_from(Label).where(*IN_FORCE))

    def known_labels(self) -> int:
        """Labels that came with images."""
        return self._scalar(select(func.count()).select_from(KnownLabel))

    def reviewers(self) -> int:
        """Enabled accounts with the reviewer's role."""
        return self._scalar(
            select(func.count())
            .select_from(User)
            .where(User.role == Role.REVIEWER, User.disabled_at.is_(None))
        )

    def live_claims(self) -> int:
        """Claims that nobody has ended; leases that have run out are among them until then."""
        return self._scalar(select(func.count()).select_from(Claim).where(Claim.ended_at.is_(None)))

    def oldest_in(self, state: ItemState) -> datetime | None:
        """The time since which the longest-waiting item of ``state`` has been in it."""
        return self._session.scalar(select(func.min(Item.state_since)).where(Item.state == state))

    def per_reviewer(self) -> list[ReviewerCounts]:
        """Labels in force per person, most first."""
        total = func.count()
        query = (
            select(
                User.name,
                User.pseudonym,
                func.count().filter(Label.value == LabelValue.REAL),
                func.count().filter(Label.value == LabelValue.FAKE),
                func.count().filter(Label.value == LabelValue.UNSURE),
                func.count().filter(Label.value == LabelValue.UNDECIDABLE),
                func.max(Label.labelled_at),
            )
            .join(Label, Label.user_id == User.id)
            .where(*IN_FORCE)
            .group_by(User.id)
            .order_by(total.desc(), User.id)
        )
        return [ReviewerCounts(*row) for row in self._session.execute(query)]

    def scored(self, checkpoint_id: str, head: str, limit: int) -> list[ScoredItem]:
        """The newest ``limit`` items with a score of this checkpoint's head."""
        query = (
            select(Prediction.p_fake, Prediction.score, Prediction.std, Item.state)
            .join(Item, Item.image_id == Prediction.image_id)
            .where(Prediction.checkpoint_id == checkpoint_id, Prediction.head == head)
            .order_by(Item.id.desc())
            .limit(limit)
        )
        return [ScoredItem(*row) for row in self._session.execute(query)]

    def novel_since(
        self, checkpoint_id: str, head: str, cut: float, since: datetime
    ) -> tuple[int, int]:
        """Items taken in since ``since`` of which this checkpoint's head has measured the novelty,
        and those of them above ``cut``."""
        query = (
            select(func.count(), func.count().filter(Prediction.novelty > cut))
            .select_from(Item)
            .join(Prediction, Prediction.image_id == Item.image_id)
            .where(
                Item.created_at >= since,
                Prediction.checkpoint_id == checkpoint_id,
                Prediction.head == head,
                Prediction.novelty.is_not(None),
            )
        )
        measured, novel = self._session.execute(query).one()
        return measured, novel

    def flags(self) -> dict[TriageFlag, dict[ItemState, int]]:
        """Items by what their newest decision flags them for, and by state."""
        later = aliased(DecisionRow)
        newest = (
            select(func.max(later.id))
            .where(later.item_id == DecisionRow.item_id)
            .correlate(DecisionRow)
            .scalar_subquery()
        )
        query = (
            select(DecisionRow.mark, Item.state, func.count())
            .join(Item, Item.id == DecisionRow.item_id)
            .where(DecisionRow.mark.is_not(None), DecisionRow.id == newest)
            .group_by(DecisionRow.mark, Item.state)
        )
        found: dict[TriageFlag, dict[ItemState, int]] = {}
        for flag, state, n in self._session.execute(query):
            assert flag is not None  # as asked
            found.setdefault(flag, {})[state] = n
        return found

    def accepted_since(self, since: datetime) -> int:
        """Items that the policy accepted by itself since ``since``."""
        return self._scalar(
            select(func.count())
            .select_from(Item)
            .where(Item.state == ItemState.AUTO_ACCEPTED, Item.state_since >= since)
        )

    def labels_since(self, since: datetime) -> int:
        """Labels in force given since ``since``."""
        return self._scalar(
            select(func.count()).select_from(Label).where(Label.labelled_at >= since, *IN_FORCE)
        )

    def _scalar(self, query: Select[int]) -> int:
        return self._session.scalar(query) or 0
