"""Nobody looks through the queue without answering: skips, new images, holds, and old handles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from review_app.core.errors import LimitError
from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions
from review_app.review.batch import LabelEntry, SkipEntry
from review_app.review.looking import GRACE
from review_app.review.requests import MAX_AHEAD
from review_app.review.taking import SHARE
from storage.database import Database
from storage.enums import AuditKind
from storage.models import AuditEvent
from tests.factories import Factory
from tests.review.bench import FAKE, Bench

OPTIONS = ReviewOptions()
MANY = 1000


@pytest.fixture
def queue(factory: Factory) -> list[int]:
    return factory.items(MANY)


def hits(database: Database) -> list[tuple[str, str]]:
    """Who ran into which limit, as the audit log tells it."""
    with database.read() as repos:
        events = repos.session.query(AuditEvent).filter_by(kind=AuditKind.LIMITED).all()
    return [(event.actor, str(event.details["limit"])) for event in events]


def crawl(bench: Bench, person: Person, give_back: Callable[[int], object]) -> set[int]:
    """The images that somebody gets to see who takes one, gives it back, and takes the next."""
    seen: set[int] = set()
    for _ in range(MANY):
        try:
            (item,) = bench.take(person)
            seen.add(item)
            give_back(item)
        except LimitError:
            break
    return seen


def test_skipping_leads_through_no_more_of_the_queue_than_a_minute_allows(
    bench: Bench, database: Database, queue: list[int], ada: Person
) -> None:
    seen = crawl(bench, ada, lambda item: bench.skip(ada, item))
    assert len(seen) == OPTIONS.skips_per_minute + 1
    with pytest.raises(LimitError, match="30 images a minute; go on in 60 seconds") as refused:
        bench.skip(ada, bench.take(ada)[0])
    assert refused.value.retry_after == 60
    assert hits(database) == [("ada", "skips_per_minute")], "told once, however often"
    bench.clock.pass_minutes(1)
    bench.skip(ada, bench.take(ada)[0])


def test_nor_than_a_day_allows_however_slowly(
    bench: Bench, database: Database, queue: list[int], ada: Person, root: Person
) -> None:
    bench.options(root, skips_per_day=40)
    for _ in range(40):
        bench.skip(ada, bench.take(ada)[0])
        bench.clock.pass_minutes(10)
    with pytest.raises(LimitError, match="40 images a day; go on in 18 hours"):
        bench.skip(ada, bench.take(ada)[0])
    assert hits(database) == [("ada", "skips_per_day")]
    bench.clock.pass_minutes(24 * 60)
    bench.skip(ada, bench.take(ada)[0])


def test_giving_back_and_taking_again_leads_to_the_same_images(
    bench: Bench, queue: list[int], ada: Person, ben: Person
) -> None:
    seen = crawl(bench, ada, lambda _item: bench.review.release(ada))
    assert seen == {queue[0]}
    first = bench.take(ada, n=MAX_AHEAD)
    handles = [bench.handle(item, ada) for item in first]
    bench.clock.pass_minutes(OPTIONS.lease_minutes)
    assert bench.take(ben) == [queue[0]], "others have them meanwhile"
    assert bench.take(ada, n=MAX_AHEAD)[: len(first) - 1] == first[1:]
    assert [bench.handle(item, ada) for item in first] == handles


def test_answering_and_taking_back_earns_nothing(
    bench: Bench, database: Database, queue: list[int], ada: Person, ben: Person, root: Person
) -> None:
    bench.options(root, new_per_hour=50)
    seen: set[int] = set()
    for _ in range(MANY):
        try:
            (item,) = bench.take(ada)
        except LimitError:
            break
        seen.add(item)
        bench.label(ada, item)
        bench.undo(ada)
        bench.review.release(ada)
        assert bench.take(ben) == [item]
        bench.label(ben, item)  # so that it cannot come back
    assert len(seen) <= 50
    assert hits(database) == [("ada", "new_items")]
    with pytest.raises(LimitError, match="more come in"):
        bench.take(ada)
    bench.clock.pass_minutes(60)
    assert len(bench.take(ada, n=10)) == 10


def test_whoever_answers_is_never_held_up(bench: Bench, factory: Factory, ada: Person) -> None:
    factory.items(OPTIONS.new_per_hour * 3)
    done = 0
    while items := bench.take(ada, n=MAX_AHEAD):
        entries = [
            LabelEntry(kind="label", client_id=bench.new_id(), item_id=bench.handle(i), value=FAKE)
            for i in items
        ]
        bench.review.answer(ada, entries)
        done += len(items)
    assert done == OPTIONS.new_per_hour * 3


def test_a_refused_skip_holds_up_no_answer(
    bench: Bench, queue: list[int], ada: Person, root: Person
) -> None:
    bench.options(root, skips_per_minute=1)
    first, second, third = bench.take(ada, n=3)
    skips = [
        SkipEntry(kind="skip", client_id=f"skip-{i:04}", item_id=bench.handle(i))
        for i in (first, second)
    ]
    answer = LabelEntry(
        kind="label", client_id="answer-0001", item_id=bench.handle(third), value=FAKE
    )
    outcomes = bench.review.answer(ada, [*skips, answer])
    assert [type(outcome.refusal) for outcome in outcomes] == [type(None), LimitError, type(None)]
    assert bench.item(third).verdict is FAKE
    assert second in bench.take(ada, n=3), "what could not be skipped is still in hand"
    again = bench.review.answer(ada, skips[:1])
    assert again[0].refusal is None, "a skip that is sent again is none more"


def test_one_who_sees_the_queue_anyway_is_not_held_up(
    bench: Bench, factory: Factory, root: Person
) -> None:
    bench.options(root, new_per_hour=10)
    factory.items(SHARE * 30)
    assert len(bench.take(root, n=30)) == 30


def test_heartbeats_do_not_renew_a_claim_for_ever(
    bench: Bench, queue: list[int], ada: Person, ben: Person
) -> None:
    (item,) = bench.take(ada)
    minutes = 0
    while bench.review.heartbeat(ada) and minutes < 24 * 60:
        bench.clock.pass_minutes(1)
        minutes += 1
    assert minutes == pytest.approx(60 * OPTIONS.hold_hours, abs=OPTIONS.lease_minutes)
    bench.clock.pass_minutes(OPTIONS.lease_minutes)
    assert item not in bench.take(ada), "others come first now"
    assert bench.take(ben) == [item]


def test_what_was_held_too_long_comes_back_once_others_had_the_time_to_take_it(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    while bench.review.heartbeat(ada):
        bench.clock.pass_minutes(1)
    bench.clock.pass_minutes(OPTIONS.lease_minutes)
    assert bench.take(ada) == []
    bench.clock.pass_minutes(OPTIONS.lease_minutes)
    assert bench.take(ada) == [item]


def test_an_image_can_be_looked_at_for_a_while_after_it_was_given_back(
    bench: Bench, queue: list[int], ada: Person
) -> None:
    skipped, left = bench.take(ada, n=2)
    handles = [bench.handle(item) for item in (skipped, left)]
    bench.skip(ada, skipped)
    bench.review.release(ada)
    bench.clock.pass_minutes(GRACE.total_seconds() / 60 - 1)
    assert [bench.review.image_of(ada, handle) for handle in handles] == [skipped, left]
    bench.clock.pass_minutes(1)
    assert [bench.review.image_of(ada, handle) for handle in handles] == [None, None]


def test_ones_own_answers_can_be_looked_at_while_they_are_listed(
    bench: Bench, queue: list[int], ada: Person
) -> None:
    (first,) = bench.take(ada)
    bench.label(ada, first)
    for _ in range(49):
        bench.label(ada, bench.take(ada)[0])
    bench.clock.pass_minutes(60)
    assert bench.review.image_of(ada, bench.handle(first)) == first
    bench.label(ada, bench.take(ada)[0])
    assert bench.review.image_of(ada, bench.handle(first)) is None
