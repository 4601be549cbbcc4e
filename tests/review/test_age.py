"""How long an image has waited: since it first came to people, whatever they take back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from review_app.core.permissions import Person
from review_app.monitoring.overview import overview
from review_app.queueing.options import QueueOptions, change_queue_options
from review_app.queueing.order import Order
from review_app.review.tasks import Queue
from storage.database import Database
from storage.enums import AuditKind, ItemState, PlacedBy
from storage.models import Item
from storage.repositories.queue import Ranks
from storage.types import utc_now
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench

DAYS = timedelta(days=3)


@pytest.fixture
def came() -> datetime:
    """When an image came to people, days before anybody touches it here."""
    return utc_now() - DAYS


@pytest.fixture
def item(database: Database, factory: Factory, came: datetime) -> int:
    return has_been_there(database, factory.item(), came)


def has_been_there(database: Database, item_id: int, since: datetime) -> int:
    """The item, as if it had come to its state then."""
    with database.write() as repos:
        repos.session.execute(update(Item).where(Item.id == item_id).values(state_since=since))
    return item_id


def waits_since(database: Database) -> tuple[datetime | None, datetime | None]:
    """As the admin's first screen has it: of what reviewers look at, and of what admins decide."""
    now = overview(database)
    return now.waiting_since, now.escalated_since


def test_an_undo_leaves_an_image_as_old_as_it_was(
    bench: Bench, item: int, ada: Person, came: datetime
) -> None:
    for value in (REAL, FAKE):  # twice
        assert bench.take(ada) == [item]
        bench.label(ada, item, value)
        assert bench.item(item).state_since > came, "since when the verdict is known"
        bench.undo(ada)
        assert waits_since(bench.database) == (came, None)
    assert bench.first_broken() is None


def test_an_image_is_as_old_with_the_admins_and_once_the_escalation_is_called_off(
    bench: Bench, item: int, ada: Person, came: datetime
) -> None:
    bench.take(ada)
    bench.label(ada, item, FAKE, "answer-a", escalation="a public figure")
    assert waits_since(bench.database) == (None, came)
    bench.undo(ada)
    assert waits_since(bench.database) == (came, None)
    bench.label(ada, item, FAKE, "answer-b", escalation="a public figure")
    assert waits_since(bench.database) == (None, came)
    bench.change(ada, "answer-b", UNSURE)  # for another reason the admins' now
    assert waits_since(bench.database) == (None, came)


def test_an_admin_who_takes_a_decision_back_leaves_the_image_as_old(
    bench: Bench, item: int, ada: Person, root: Person, came: datetime
) -> None:
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, REAL, "decision-a")
    bench.change(root, "decision-a", FAKE, client_id="decision-b")
    bench.undo(root)
    assert bench.state(item) is ItemState.ESCALATED
    assert waits_since(bench.database) == (None, came)
    bench.label(root, item, REAL, "decision-c")
    assert bench.state(item) is ItemState.RESOLVED
    assert waits_since(bench.database) == (None, None)


def test_an_answer_changed_to_another_than_a_colleagues_leaves_the_image_as_old(
    bench: Bench, factory: Factory, ada: Person, ben: Person, came: datetime
) -> None:
    item = has_been_there(bench.database, factory.item(needed_labels=2), came)
    for person, known_as in ((ada, "answer-of-ada"), (ben, "answer-of-ben")):
        bench.take(person)
        bench.label(person, item, REAL, known_as)
    bench.change(ben, "answer-of-ben", FAKE)
    assert bench.state(item) is ItemState.ESCALATED
    assert waits_since(bench.database) == (None, came)


def test_an_image_that_people_see_again_after_an_acceptance_begins_to_wait_then(
    bench: Bench, item: int, came: datetime
) -> None:
    with bench.database.write() as repos:
        repos.items.accept([item], ItemState.IN_REVIEW, utc_now())
        accepted, places = ItemState.AUTO_ACCEPTED, Ranks({item: 1.0}, PlacedBy.TIME)
        repos.items.send_to_people(places, accepted, AuditKind.REOPENED, utc_now())
    (since, _) = waits_since(bench.database)
    assert since is not None
    assert since > came


def test_the_deadline_holds_for_an_image_that_was_taken_back(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    factory.policy(state="certified")
    options = QueueOptions(order=Order.RISK, deadline_hours=12)
    change_queue_options(bench.database, root, options)
    since = bench.clock.now - timedelta(hours=11)
    item = has_been_there(bench.database, factory.item(rank=-1.1), since)
    assert bench.take(ada) == [item]
    bench.label(ada, item, REAL)
    bench.undo(ada)
    bench.review.release(ada)
    factory.items(3, rank=-1.9)  # worth more, and young
    bench.clock.pass_minutes(120)
    assert bench.take(ben) == [item]
