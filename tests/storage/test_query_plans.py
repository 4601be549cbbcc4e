"""What runs at every answer must not grow with the queue: its queries use an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from review_app.core.permissions import Person
from review_app.notifications.subscriptions import NewSubscription, SubscriptionService
from review_app.notifications.webhooks import WebhookCaller
from review_app.queueing.ranking import sweep
from review_app.records.filters import CORRECTED, Search, search_of
from review_app.records.service import RecordService
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue
from storage.database import Database
from storage.enums import Channel, ItemState, LabelValue, Topic
from storage.models import Label
from storage.repositories.triage_candidates import TriageCandidates
from storage.repositories.wanted import Trait
from storage.repositories.workload import Workload
from storage.types import utc_now
from tests.factories import Factory

Work = Callable[[Database, ReviewService, Person], object]


def _label(database: Database, review: ReviewService, person: Person) -> None:
    (task,) = review.take(person)
    review.label(
        person,
        AnswerInput(client_id="answer-1", item_id=task.item_id, value=LabelValue.FAKE),
    )


def _undo(database: Database, review: ReviewService, person: Person) -> None:
    _label(database, review, person)
    review.undo(person, "undo-0001")


def _page_through(database: Database, review: ReviewService, person: Person) -> None:
    with database.read() as repos:
        repos.items.in_state(ItemState.PENDING, 64, 1000)
        for state in (ItemState.PENDING, ItemState.IN_REVIEW):
            undecided = TriageCandidates(repos.session, state, 2, "checkpoint", "head", (0.1, 0.9))
            undecided.after(1000, 64)
            undecided.of([1, 2, 3])
            undecided.still(1, 64)
        repos.counts.oldest_in(ItemState.IN_REVIEW)


def _take_with_gold(database: Database, _review: ReviewService, person: Person) -> None:
    with database.write() as repos:
        repos.options.set("review", {"gold_share": 0.5}, person.id)
    taken = ReviewService(ReviewContext(database, lambda _: "", coin=Random(0))).take(person, 3)
    with database.read() as repos:
        assert any(claim.gold for claim, _ in repos.claims.held_by(person.id)), taken


def _take_with_second_looks(database: Database, review: ReviewService, person: Person) -> None:
    with database.write() as repos:
        repos.options.set("review", {"second_look_share": 0.2}, person.id)
        settled = repos.items.in_state(ItemState.RESOLVED, 1)[0]
        first = Label(client_id="a-first-answer", item_id=settled.id, user_id=person.id, blind=True)
        first.value = settled.verdict
        repos.second_looks.add(settled.id, repos.labels.add(first).id, 0.2)
    reviewer = Factory(database, 900).person()
    context = ReviewContext(database, lambda _: "", coin=Random(1))
    (task,) = ReviewService(context).take(reviewer)
    with database.read() as repos:
        assert any(claim.gold for claim, _ in repos.claims.held_by(reviewer.id))
    answer = AnswerInput(client_id="a-second-answer", item_id=task.item_id, value=LabelValue.REAL)
    review.label(reviewer, answer)


def _take_again(_database: Database, review: ReviewService, person: Person) -> None:
    first = review.take(person, 3)
    assert review.release(person) == 3
    again = review.take(person, 3)
    assert [task.item_id for task in again] == [task.item_id for task in first]


def _skip(_database: Database, review: ReviewService, person: Person) -> None:
    for task in review.take(person, 2):
        review.skip(person, task.item_id)


def _sweep(database: Database, _review: ReviewService, _person: Person) -> None:
    sweep(database)


def _take_near_duplicates(database: Database, review: ReviewService, person: Person) -> None:
    with database.write() as repos:
        first, *others = repos.items.in_state(ItemState.IN_REVIEW, 3)
        for item in others:
            item.duplicate_group_id = first.image_id
    (task,) = review.take(person, 1)
    assert task.alike == 2
    assert len(review.take_near_duplicates(person, task.item_id)) == 2


def _look_at_audits(database: Database, _review: ReviewService, _person: Person) -> None:
    with database.read() as repos:
        assert not repos.audits.any_settled_since(utc_now() - timedelta(hours=1), utc_now())
        assert not repos.audits.is_settled(1, utc_now())
        assert repos.labels.count_open(utc_now()) == 0


def _look_up(database: Database, _review: ReviewService, person: Person) -> None:
    records = RecordService(database)
    searches = [
        Search(text, state, verdict)
        for text in ("", "12", "c0ffee", "holiday")
        for state in (None, ItemState.RESOLVED)
        for verdict in (None, LabelValue.FAKE)
    ]
    for search in searches:
        records.find(person, search)
        records.find(person, search, below=1000)
    records.correct(person, 4, LabelValue.REAL, "looked again")
    records.show(person, 4)


WORK: dict[str, Work] = {
    "look images up": _look_up,
    "take what looks alike": _take_near_duplicates,
    "look at the audits": _look_at_audits,
    "take": lambda database, review, person: review.take(person, 3),
    "take with gold": _take_with_gold,
    "take with second looks": _take_with_second_looks,
    "take what was given back": _take_again,
    "skip": _skip,
    "look at an image": lambda _database, review, person: review.image_of(
        person, review.take(person)[0].item_id
    ),
    "take escalated": lambda database, review, person: review.take(person, 3, Queue.ESCALATED),
    "label": _label,
    "undo": _undo,
    "recent answers": lambda database, _review, person: ReviewService(
        ReviewContext(database, lambda _: "words")
    ).recent(person),
    "heartbeat": lambda database, review, person: review.heartbeat(person),
    "progress": lambda database, review, person: review.progress(person, utc_now()),
    "page through the queue": _page_through,
    "sweep": _sweep,
}


@pytest.mark.parametrize("name", WORK)
def test_no_query_walks_a_whole_table_or_sorts_one(
    name: str, database: Database, factory: Factory
) -> None:
    factory.items(3)
    known = factory.items(3, ItemState.RESOLVED, known=LabelValue.FAKE, verdict=LabelValue.FAKE)
    for item_id in known:
        factory.decision(item_id)
    person = factory.admin()
    review = ReviewService(ReviewContext(database, lambda _: ""))
    with _statements(database) as statements:
        WORK[name](database, review, person)
    assert statements
    assert [plan for s in statements if _is_slow(plan := _plan(database, *s))] == []


def test_recent_scores_are_looked_up_from_the_newest_item_on(database: Database) -> None:
    with database.read() as repos, _statements(database) as statements:
        Workload(repos.session).recent_scores("checkpoint", "head", 10)
    steps = [step for s in statements for step in _plan(database, *s)]
    assert steps
    assert not any(step.startswith("SCAN prediction") for step in steps)


def test_telling_looks_at_what_is_still_to_be_told_alone(
    database: Database, factory: Factory
) -> None:
    """However much was delivered before: the indexes of what waits, or is held, are used."""
    service = SubscriptionService(database, b"s" * 32, WebhookCaller(), mails=False)
    wanted = NewSubscription("hook", Channel.WEBHOOK, "https://a.example", (Topic.FAILED,))
    service.add(wanted, "root")
    factory.items(3, ItemState.FAILED)
    with _statements(database) as statements, database.write() as repos:
        row, now = repos.subscriptions.get(1), utc_now()
        assert row is not None
        assert repos.outbox.fan_out(row, now)
        assert repos.outbox.is_due(1, now)
        first, second, _ = repos.outbox.claim(1, now, now, 9)
        repos.outbox.delivered(first.id, 204, now)
        repos.outbox.failed(second.id, 500, "no", None)
        assert repos.outbox.backlog(1).dead == 1
        assert repos.outbox.retry(1, now) == 1
        assert repos.outbox.drop(1, now) == 0
    steps = {step: sql for sql, values in statements for step in _plan(database, sql, values)}
    about = {step: sql for step, sql in steps.items() if "outbox_delivery" in step}
    indexed = ("ix_outbox_delivery_due", "ix_outbox_delivery_line", "INTEGER PRIMARY KEY")
    assert about
    assert [(step, sql) for step, sql in about.items() if not any(i in step for i in indexed)] == []


FILTERS = {
    "text": "holiday",
    "state": "resolved",
    "verdict": "fake",
    "source": "x",
    "trait": "retrain",
    "p_from": "0.5",
    "std_to": "0.1",
    "since": "2026-01-01",
    "until": "2026-01-31",
    "like": "1",
    "reviewer": "looker",
    "tag": "press",
    "seen": "face swap",
    "assigned": "looker",
    "archived": "only",
}


def test_no_filter_and_no_two_of_them_walk_a_table(database: Database, factory: Factory) -> None:
    """A page looks at a span of ids, whatever is asked; and what other tables tell, of that span.

    It may sort what it finds in there.
    """
    person = factory.admin("looker")
    factory.items(2)
    records = RecordService(database)
    asked = [*combinations(FILTERS.items(), 1), *combinations(FILTERS.items(), 2)]
    asked += [(("verdict", CORRECTED),), *((("trait", trait.value),) for trait in Trait)]
    with _statements(database) as statements:
        for filters in asked:
            records.find(person, search_of(dict(filters)))
            records.count(person, search_of(dict(filters)))
    distinct = dict(statements)
    assert len(distinct) > len(asked)
    steps = {step: sql for sql, values in distinct.items() for step in _plan(database, sql, values)}
    assert [(step, steps[step]) for step in steps if _walks(step)] == []


def _walks(step: str) -> bool:
    """Whether a step of a plan goes through a whole table: not through what a query has found."""
    return step.startswith("SCAN") and not step.startswith(("SCAN CONSTANT", "SCAN anon", "SCAN ("))


_LIST = " VIRTUAL TABLE INDEX 1:"
"""How a step ends that walks a list which a statement was given (``json_each``)."""


def _is_slow(plan: list[str]) -> bool:
    """Apart from sorting one item's few rows, from reading the last row of the audit log, from
    walking a list that was given and sorting what is found for it, and from walking what awaits a
    second look, oldest first, until there is enough: that table holds nothing else."""
    walked = ("SCAN audit_event", "SCAN awaited_look")
    rest = [step for step in plan if step not in walked and not step.endswith(_LIST)]
    scans = any(step.startswith("SCAN") for step in rest)
    looks_up = any(step.endswith(_LIST) for step in plan)
    sorts = any("TEMP B-TREE" in step for step in plan)
    return scans or (sorts and not looks_up and "(item_id=?" not in plan[0])


class _Noting(sqlite3.Connection):
    """A connection that notes what it is told to execute; `Prepared` asks it past SQLAlchemy."""

    noted: list[tuple[str, Any]]

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if ' FROM "' not in sql:  # as sealing asks, which looks at whole tables if small ones
            self.noted.append((sql, values))
        return super().execute(sql, values)


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
        seen.append((sql, values[0] if many else values))

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["factory"] = type("Noting", (_Noting,), {"noted": seen})

    database.engine.dispose()
    event.listen(database.engine, "do_connect", connect)
    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)
    event.remove(database.engine, "do_connect", connect)
    database.engine.dispose()
    seen[:] = [one for one in seen if one[0].startswith(("SELECT", "UPDATE", "DELETE"))]


def _plan(database: Database, statement: str, parameters: Any) -> list[str]:
    raw = sqlite3.connect(str(database.engine.url.database))
    rows = raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    raw.close()
    return [row[3] for row in rows]


def test_a_sweep_looks_into_an_index_and_not_at_the_items(database: Database) -> None:
    with _statements(database) as statements:
        sweep(database)
    (plan,) = [_plan(database, *s) for s in statements if s[0].startswith("DELETE")]
    assert any("item USING COVERING INDEX ix_item_state" in step for step in plan)
