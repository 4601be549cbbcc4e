"""The review service with a clock that tests turn by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import select

from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerChange, AnswerInput, Queue, Receipt
from storage.database import Database
from storage.enums import ItemState, LabelValue
from storage.models import AuditEvent, Claim, DecisionRow, Item, Label

REAL, FAKE, UNSURE = LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE
UNDECIDABLE = LabelValue.UNDECIDABLE


def items_of(database: Database, handles: Iterable[str]) -> list[int]:
    """The ids of what was handed out under ``handles``."""
    with database.read() as repos:
        found = [repos.claims.items_known_as(handle) for handle in handles]
    return [item for (item,) in found]


def handle_of(database: Database, item_id: int, person: Person | None = None) -> str:
    """What the person, or whoever was handed the item last, knows it by; without such a one a
    handle that nobody was given."""
    query = select(Claim.handle).where(Claim.item_id == item_id).order_by(Claim.id.desc())
    if person is not None:
        query = query.where(Claim.user_id == person.id)
    with database.read() as repos:
        return repos.session.scalar(query.limit(1)) or "never-handed-out"


class Clock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def _words(decision: DecisionRow) -> str:
    return f"{decision.p_fake:.2f}"


class Bench:
    """The review service, its clock, and short ways to use it and to see what is stored."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.review = ReviewService(ReviewContext(database, _words, self.clock, coin=Random(0)))
        self._ids = count(1)

    def new_id(self) -> str:
        return f"answer-{next(self._ids):04d}"

    def take(self, person: Person, queue: Queue = Queue.WAITING, n: int = 1) -> list[int]:
        """The ids of the items handed out."""
        return self.items([task.item_id for task in self.review.take(person, n, queue)])

    def take_until(self, person: Person, wanted: Collection[int]) -> int:
        """Answer until one of ``wanted`` comes; the item, held."""
        while True:
            (item,) = self.take(person)
            if item in wanted:
                return item
            self.label(person, item)

    def items(self, handles: Iterable[str]) -> list[int]:
        """The ids of what was handed out under ``handles``."""
        return items_of(self.database, handles)

    def handle(self, item_id: int, person: Person | None = None) -> str:
        return handle_of(self.database, item_id, person)

    def label(
        self,
        person: Person,
        item_id: int,
        value: LabelValue = REAL,
        client_id: str = "",
        **more: Any,
    ) -> Receipt:
        client_id = client_id or self.new_id()
        handle = self.handle(item_id, person)
        submission = AnswerInput(client_id=client_id, item_id=handle, value=value, **more)
        return self.review.label(person, submission)

    def skip(self, person: Person, item_id: int) -> None:
        self.review.skip(person, self.handle(item_id, person))

    def change(self, person: Person, of: str, value: LabelValue, **more: Any) -> Receipt:
        change = AnswerChange(**{"client_id": self.new_id(), **more}, of=of, value=value)
        return self.review.change(person, change)

    def undo(self, person: Person) -> int:
        """The id of the item that is in the person's hands again."""
        (item,) = self.items([self.review.undo(person, self.new_id()).item_id])
        return item

    def options(self, admin: Person, **values: object) -> None:
        change_options(self.database, admin, ReviewOptions.model_validate(values))

    def item(self, item_id: int) -> Item:
        with self.database.read() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            return item

    def state(self, item_id: int) -> ItemState:
        return self.item(item_id).state

    def in_force(self, item_id: int) -> list[Label]:
        with self.database.read() as repos:
            return repos.labels.in_force(item_id)

    def events(self, item_id: int) -> list[AuditEvent]:
        with self.database.read() as repos:
            return repos.event_history.of_item(item_id)

    def first_broken(self) -> int | None:
        with self.database.read() as repos:
            return repos.audit.first_broken()
