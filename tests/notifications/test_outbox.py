"""The outbox: what happens to images is written with it, and told in the order of each image."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from review_app.core.errors import InputError, NotFoundError
from storage.database import Database
from storage.enums import AuditKind, Channel, DeliveryState, ItemState, LabelValue, Route, Topic
from storage.models import OutboxEvent
from storage.repositories import outbox
from storage.repositories.outbox import Claimed
from storage.types import utc_now
from tests.factories import ACTOR, Factory
from tests.notifications.bench import TellingBench

HOOK = "https://hooks.example/in"
FAKE, REAL = LabelValue.FAKE, LabelValue.REAL


def events(database: Database) -> list[OutboxEvent]:
    with database.read() as repos:
        return list(repos.session.query(OutboxEvent).order_by(OutboxEvent.id))


def topics(database: Database) -> list[str]:
    return [event.topic.partition(".")[2] for event in events(database)]


def fan_out(database: Database, subscription_id: int = 1) -> None:
    with database.write() as repos:
        row = repos.subscriptions.get(subscription_id)
        assert row is not None
        while repos.outbox.fan_out(row, utc_now()):
            pass


def claim(database: Database, most: int = 100) -> list[Claimed]:
    with database.write() as repos:
        now = utc_now()
        return repos.outbox.claim(1, now, now + timedelta(hours=1), most)


def deliver(database: Database, one: Claimed) -> None:
    with database.write() as repos:
        repos.outbox.delivered(one.id, 204, utc_now())


def fail(database: Database, one: Claimed) -> None:
    with database.write() as repos:
        repos.outbox.failed(one.id, 500, "the receiver answered with status 500", None)


def test_while_nobody_hears_of_it_nothing_is_written(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    item = factory.item()
    telling.settle_and_reopen(item, 1)
    telling.subscribe("ops@a.example", [Topic.DRIFT], Channel.MAIL)
    telling.settle_and_reopen(item, 1)
    telling.subscribe(HOOK)
    telling.service.remove(2, "root")
    telling.settle_and_reopen(item, 1)
    assert events(database) == []


def test_each_thing_that_happens_to_an_image_is_an_event(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    admin = factory.admin()
    telling.subscribe(HOOK)
    factory.item(ItemState.FAILED)
    item = factory.item(ItemState.IN_REVIEW, decided=True)
    telling.escalate(item)
    telling.resolve(item, REAL, AuditKind.LABELLED)
    telling.resolve(item, FAKE, AuditKind.CHANGED)
    telling.resolve(item, FAKE, AuditKind.LABELLED)
    telling.reopen(item)
    telling.resolve(item, FAKE, AuditKind.LABELLED)
    factory.correction(admin, item, REAL)
    assert topics(database) == [
        *("failed", "escalated", "resolved", "resolved", "reopened", "resolved", "corrected"),
    ]
    found = events(database)
    assert [event.verdict for event in found] == [None, None, REAL, FAKE, None, FAKE, REAL]
    assert {event.line for event in found[1:]} == {f"item:{item}"}
    assert all(abs(event.at - utc_now()) < timedelta(minutes=1) for event in found)


def test_what_the_policy_accepts_in_batches_is_told_with_its_decision(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    ids = factory.items(3, ItemState.PENDING)
    for item_id in ids:
        factory.decision(item_id, route=Route.ACCEPT_FAKE)
    with database.write() as repos:
        repos.items.accept(ids, ItemState.PENDING, utc_now())
    found = events(database)
    assert [event.topic for event in found] == [Topic.AUTO_ACCEPTED] * 3
    assert all(event.decision_id for event in found)


def test_what_is_taken_back_with_its_transaction_is_not_told(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    item = factory.item()

    def fail_half_way() -> None:
        with database.write() as repos:
            row = repos.items.get(item)
            assert row is not None
            kind = AuditKind.LABELLED
            repos.items.settle("ada", row, ItemState.RESOLVED, FAKE, None, kind, {})
            raise OSError("the power goes")

    with pytest.raises(OSError, match="power"):
        fail_half_way()
    assert events(database) == []


def test_of_each_image_one_event_is_tried_and_the_next_waits_for_it(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    one, other = factory.items(2)
    telling.settle_and_reopen(one, 2)
    telling.settle_and_reopen(other, 1)
    fan_out(database)
    told: list[tuple[int | None, int]] = []
    while claimed := claim(database):
        assert len({each.event.line for each in claimed}) == len(claimed)
        for each in claimed:
            told.append((each.event.item_id, each.event.id))
            deliver(database, each)
    assert len(told) == 6
    for item in (one, other):
        numbers = [number for of, number in told if of == item]
        assert numbers == sorted(numbers)


def test_what_is_dead_holds_its_image_alone_until_somebody_decides(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    one, other = factory.items(2)
    telling.settle_and_reopen(one, 2)
    telling.settle_and_reopen(other, 1)
    fan_out(database)
    for each in claim(database):
        (fail if each.event.item_id == one else deliver)(database, each)
    assert [each.event.item_id for each in claim(database)] == [other]
    assert telling.service.get(1).backlog.dead == 1
    assert telling.service.retry(1) == 1
    (again,) = claim(database)
    assert (again.event.item_id, again.attempts) == (one, 1)
    fail(database, again)
    assert telling.service.drop(1, [again.id]) == 1
    (next_one,) = claim(database)
    assert next_one.event.item_id == one
    assert next_one.event.id > again.event.id


def test_nobody_else_tries_what_is_claimed(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    telling.settle_and_reopen(factory.item(), 1)
    fan_out(database)
    assert len(claim(database)) == 1
    assert claim(database) == []
    with database.write() as repos:  # the process was killed, and its time is up
        later = utc_now() + timedelta(hours=2)
        assert len(repos.outbox.claim(1, later, later, 10)) == 1


def test_no_more_wait_than_can_be_told_soon(
    telling: TellingBench,
    factory: Factory,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    monkeypatch.setattr(outbox, "PORTION", 1)
    telling.subscribe(HOOK)
    for item in factory.items(5):
        telling.resolve(item, FAKE, AuditKind.LABELLED)
    told = 0
    while told < 5:
        fan_out(database)
        claimed = claim(database)
        assert len(claimed) <= 2
        for one in claimed:
            deliver(database, one)
            told += 1


def test_a_subscription_hears_of_its_topics_and_of_its_own_images_from_its_making_on(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    item = factory.item()
    telling.settle_and_reopen(item, 1)
    telling.subscribe(HOOK, [Topic.REOPENED], added_by=ACTOR)
    telling.subscribe(HOOK, [Topic.RESOLVED], added_by="somebody else")
    telling.settle_and_reopen(item, 1)
    for number in (1, 2, 3):
        fan_out(database, number)
    assert [len(telling.deliveries(number)) for number in (1, 2, 3)] == [4, 1, 0]
    assert telling.deliveries(2)[0].topic is Topic.REOPENED


def test_replayed_events_are_told_again_in_their_order(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    item = factory.item()
    telling.settle_and_reopen(item, 2)
    fan_out(database)
    for _ in range(4):
        (one,) = claim(database)
        deliver(database, one)
    second = events(database)[1].id
    assert telling.service.replay(1, second) == 2
    fan_out(database)
    told = []
    while claimed := claim(database):
        told += [each.event.id for each in claimed]
        deliver(database, claimed[0])
    assert told == [second + 1, second + 2]


def test_a_replay_leaves_alone_what_is_still_to_be_told(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    item = factory.item()
    telling.settle_and_reopen(item, 2)
    fan_out(database)
    (first,) = claim(database)
    deliver(database, first)
    (second,) = claim(database)
    fail(database, second)
    assert telling.service.replay(1, 0) == 4
    fan_out(database)
    states = [one.state for one in telling.deliveries()]
    held = DeliveryState.HELD
    assert states == [held, DeliveryState.DEAD, held, held]
    telling.service.drop(1)
    (again,) = claim(database)
    assert again.event.id == first.event.id, "the first of its line"


def test_an_end_lets_everything_go_and_forgets_the_address(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    telling.settle_and_reopen(factory.item(), 1)
    fan_out(database)
    telling.service.remove(1, "root")
    assert claim(database) == []
    assert telling.service.all() == []
    for use in (telling.service.test, telling.service.retry, telling.service.deliveries):
        with pytest.raises(NotFoundError):
            use(1)
    assert HOOK.encode() not in (database.files.path or "").read_bytes()  # type: ignore[union-attr]


def test_what_was_told_long_ago_is_forgotten_and_numbers_are_never_given_again(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    item = factory.item()
    telling.settle_and_reopen(item, 1)
    fan_out(database)
    (one,) = claim(database)
    deliver(database, one)
    with database.write() as repos:
        repos.outbox.forget(utc_now() + timedelta(seconds=1))
    left = events(database)
    assert [event.topic for event in left] == [Topic.REOPENED], "it is still to be told"
    deliver(database, claim(database)[0])
    with database.write() as repos:
        repos.outbox.forget(utc_now() + timedelta(seconds=1))
    assert events(database) == []
    telling.settle_and_reopen(item, 1)
    assert events(database)[0].id == left[0].id + 1


def test_what_waits_too_long_for_who_is_paused_is_passed_by_and_forgotten(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe(HOOK)
    telling.service.pause(1, "root")
    old, new = factory.item(), factory.item()
    telling.settle_and_reopen(old, 1)
    between = utc_now()
    time.sleep(0.002)  # what happened is told to the millisecond
    telling.settle_and_reopen(new, 1)
    with database.write() as repos:
        repos.outbox.forget(between)
    assert len(events(database)) == 4, "somebody is to hear of them"
    with database.write() as repos:
        (paused,) = repos.subscriptions.paused()
        assert repos.outbox.pass_by(paused, between) == 2
        assert repos.outbox.pass_by(paused, between) == 0
        repos.outbox.forget(between)
    telling.service.resume(1, "root")
    fan_out(database)
    assert [event.item_id for event in events(database)] == [new, new]


@pytest.mark.parametrize(
    ("channel", "address", "wanted"),
    [
        (Channel.WEBHOOK, "ftp://a.example", [Topic.RESOLVED]),
        (Channel.WEBHOOK, HOOK, []),
        (Channel.WEBHOOK, HOOK, [Topic.TEST]),
        (Channel.SLACK, HOOK, [Topic.RESOLVED]),
        (Channel.MAIL, "ops@a.example", [Topic.ESCALATED]),
        (Channel.MAIL, "ops@a.example\nbcc: x@b.example", [Topic.DRIFT]),
        (Channel.MAIL, HOOK, [Topic.DRIFT]),
    ],
)
def test_what_makes_no_sense_is_refused(
    channel: Channel, address: str, wanted: list[Topic], telling: TellingBench
) -> None:
    with pytest.raises(InputError):
        telling.subscribe(address, wanted, channel)
    assert telling.service.all() == []


def test_states_that_are_over_are_told_no_more(telling: TellingBench, database: Database) -> None:
    telling.subscribe(HOOK)
    delivery = telling.service.test(1)
    (one,) = claim(database)
    assert one.id == delivery
    assert one.is_test
    deliver(database, one)
    assert telling.service.delivery(delivery) == (DeliveryState.DELIVERED, None)
