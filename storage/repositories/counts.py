"""Numbers about the queue, for statistics and the admin's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import CountKind, ItemState, LabelValue, Role, TriageFlag
from storage.models import Claim, DecisionRow, HourCount, Item, Label, Prediction, User
from storage.repositories.labels import IN_FORCE
from storage.repositories.tallies import Tallies, hour_of
from storage.states import WITH_PEOPLE

LOOKED_THROUGH = 50_000
"""Among how many of the newest items scored ones are looked for."""


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


class Counts:
    """A read-only repository of sums."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reviewers(self) -> int:
        """Enabled accounts with the reviewer's role and a place here."""
        return self._scalar(
            select(func.count())
            .select_from(User)
            .where(
                User.role == Role.REVIEWER, User.disabled_at.is_(None), User.away_since.is_(None)
            )
        )

    def live_claims(self) -> int:
        """Claims that nobody has ended; leases that have run out are among them until then."""
        return self._scalar(select(func.count()).select_from(Claim).where(Claim.ended_at.is_(None)))

    def oldest_in(self, state: ItemState) -> datetime | None:
        """The time since which the longest-waiting item of ``state`` has been in it."""
        return self._session.scalar(select(func.min(Item.state_since)).where(Item.state == state))

    def per_reviewer(self) -> list[ReviewerCounts]:
        """Labels in force per person, most first."""
        newest = (
            select(Label.labelled_at)
            .where(Label.user_id == User.id, *IN_FORCE)
            .order_by(Label.labelled_at.desc())
            .limit(1)
            .correlate(User)
            .scalar_subquery()
        )
        counted = Tallies(self._session).by_person()
        query = select(User.id, User.name, User.pseudonym, newest).where(User.id.in_(counted))
        found = [
            (user_id, _counts_of(name, pseudonym, counted[user_id], last_at))
            for user_id, name, pseudonym, last_at in self._session.execute(query)
        ]
        return [one for _, one in sorted(found, key=lambda pair: (-pair[1].total, pair[0]))]

    def newest(self) -> tuple[int, int]:
        """The numbers of the newest item and of the newest decision; 0 before the first."""
        numbers = (func.max(Item.id), func.max(DecisionRow.id))
        item, decision = (self._session.scalar(select(number)) or 0 for number in numbers)
        return item, decision

    def scored(self, checkpoint_id: str, head: str, limit: int) -> list[ScoredItem]:
        """The newest ``limit`` items with a score of this checkpoint's head, among the newest
        `LOOKED_THROUGH` items."""
        query = (
            select(Prediction.p_fake, Prediction.score, Prediction.std)
            .join(Item, Item.image_id == Prediction.image_id)
            .where(
                Item.id > self._floor(LOOKED_THROUGH),
                Prediction.checkpoint_id == checkpoint_id,
                Prediction.head == head,
            )
            .order_by(Item.id.desc())
            .limit(limit)
        )
        return [ScoredItem(*row) for row in self._session.execute(query)]

    def novel_since(
        self, checkpoint_id: str, head: str, cut: float, since: datetime, among: int
    ) -> tuple[int, int]:
        """How many of the newest items, ``among`` at most, came in since ``since`` and had their
        novelty measured by this checkpoint's head, and how many of them are above ``cut``."""
        query = (
            select(func.count(), func.count().filter(Prediction.novelty > cut))
            .select_from(Item)
            .join(Prediction, Prediction.image_id == Item.image_id)
            .where(
                Item.id > self._floor(among),
                Item.created_at >= since,
                Prediction.checkpoint_id == checkpoint_id,
                Prediction.head == head,
                Prediction.novelty.is_not(None),
            )
        )
        measured, novel = self._session.execute(query).one()
        return measured, novel

    def flags(self, among: int) -> dict[TriageFlag, dict[ItemState, int]]:
        """The newest items, ``among`` at most, by what their newest decision flags them for, and by
        state."""
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
            .where(
                DecisionRow.mark.is_not(None),
                DecisionRow.mark.in_(list(TriageFlag)),  # so that the index is entered at the items
                DecisionRow.item_id > self._floor(among),
                DecisionRow.id == newest,
            )
            .group_by(DecisionRow.mark, Item.state)
        )
        found: dict[TriageFlag, dict[ItemState, int]] = {}
        for flag, state, n in self._session.execute(query):
            assert flag is not None  # as asked
            found.setdefault(flag, {})[state] = n
        return found

    def waits(self, since: datetime, limit: int) -> list[timedelta]:
        """How long each of the ``limit`` items waited for people that they settled last, since
        ``since``."""
        query = (
            select(Item.came_to_people_at, Item.state_since)
            .where(
                Item.state == ItemState.RESOLVED,
                Item.state_since >= since,
                Item.came_to_people_at.is_not(None),
            )
            .order_by(Item.state_since.desc())
            .limit(limit)
        )
        return [done - came for came, done in self._session.execute(query) if came is not None]

    def waiting_before(self, before: datetime) -> int:
        """How many items wait for people that came to them before ``before``: whole hours by the
        counters, and of the last one the items themselves."""
        hour = before.replace(minute=0, second=0, microsecond=0)
        kinds = [CountKind(state.value) for state in WITH_PEOPLE]
        older = select(func.sum(HourCount.n)).where(
            HourCount.kind.in_(kinds), HourCount.hour < hour_of(hour)
        )
        rest = (
            select(func.count())
            .select_from(Item)
            .where(Item.state.in_(WITH_PEOPLE), Item.state_since >= hour, Item.state_since < before)
        )
        return (self._session.scalar(older) or 0) + self._scalar(rest)

    def _floor(self, newest: int) -> int:
        """The id above which the ``newest`` items lie."""
        return (self._session.scalar(select(func.max(Item.id))) or 0) - newest

    def _scalar(self, query: Select[int]) -> int:
        return self._session.scalar(query) or 0


def _counts_of(
    name: str, pseudonym: str, counted: Mapping[LabelValue, int], last_at: datetime | None
) -> ReviewerCounts:
    values = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE, LabelValue.UNDECIDABLE)
    real, fake, unsure, undecidable = (counted.get(value, 0) for value in values)
    return ReviewerCounts(name, pseudonym, real, fake, unsure, undecidable, last_at)
