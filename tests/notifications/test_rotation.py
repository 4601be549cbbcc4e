"""A webhook gets another secret, and is paused and resumed: no call is lost by either."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from review_app.client import SignatureError, verify_signature
from review_app.core.errors import ConflictError, InputError
from review_app.durability import integrity
from storage.database import Database
from storage.enums import AuditKind, Channel, DeliveryState, LabelValue, Topic
from storage.types import utc_now
from tests.factories import Factory
from tests.notifications.bench import TellingBench
from tests.notifications.receiver import Received, receiving

FAKE = LabelValue.FAKE


def is_believed(call: Received, secret: str) -> bool:
    try:
        verify_signature(secret, call.headers, call.body)
    except SignatureError:
        return False
    return True


def end_overlap(database: Database) -> None:
    """Let the time of the former secret run out."""
    with database.write() as repos:
        row = repos.subscriptions.get(1)
        assert row is not None
        row.former_until = utc_now() - timedelta(seconds=1)


def test_either_secret_is_believed_until_the_former_one_ends(
    telling: TellingBench, factory: Factory, database: Database
) -> None:
    with receiving() as receiver:
        first = telling.subscribe(receiver.address).secret
        telling.work()
        made = telling.service.rotate(1, "root", 24)
        second = made.secret
        assert first is not None
        assert second is not None
        assert made.view.former_until is not None
        telling.resolve(factory.item(), FAKE, AuditKind.LABELLED)
        receiver.wait_for(1)
        end_overlap(database)
        telling.resolve(factory.item(), FAKE, AuditKind.LABELLED)
        receiver.wait_for(2)
    during, after = receiver.calls
    assert [is_believed(during, one) for one in (first, second)] == [True, True]
    assert [is_believed(after, one) for one in (first, second)] == [False, True]
    assert verify_signature([first, second], after.headers, after.body)
    assert telling.service.get(1).former_until is None


def test_a_secret_that_leaked_ends_at_once_with_the_one_before(telling: TellingBench) -> None:
    telling.subscribe("https://hooks.example/")
    telling.service.rotate(1, "root")
    with pytest.raises(ConflictError, match="still signs"):
        telling.service.rotate(1, "root")
    made = telling.service.rotate(1, "root", 0)
    assert made.view.former_until is None
    with telling.database.read() as repos:
        row = repos.subscriptions.get(1)
        assert row is not None
        assert row.former_salt is None
    for hours in (-1, 169, float("nan")):
        with pytest.raises(InputError, match="0 to 168 hours"):
            telling.service.rotate(1, "root", hours)
    telling.subscribe("https://hooks.example/", (Topic.DRIFT,), Channel.SLACK)
    with pytest.raises(ConflictError, match="only calls of webhooks"):
        telling.service.rotate(2, "root")


def test_what_happens_while_it_is_paused_is_told_once_it_is_resumed(
    telling: TellingBench, factory: Factory
) -> None:
    item = factory.item()
    with receiving() as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        assert telling.service.pause(1, "root").paused_at is not None
        telling.service.pause(1, "ada")
        telling.settle_and_reopen(item, 2)
        with pytest.raises(ConflictError, match="resume it first"):
            telling.service.test(1)
        time.sleep(0.2)
        assert receiver.taken == []
        assert telling.service.resume(1, "root").paused_at is None
        told = receiver.wait_for(4)
    assert [one["sequence"] for one in told] == sorted(one["sequence"] for one in told)
    assert set(telling.states()) <= {DeliveryState.DELIVERED, DeliveryState.WAITING}


def test_the_log_tells_of_all_of_it_and_no_row_says_otherwise(
    telling: TellingBench, database: Database
) -> None:
    telling.subscribe("https://hooks.example/")
    telling.service.rotate(1, "root", 24)
    telling.service.pause(1, "root")
    assert not integrity.check(database).findings
    telling.service.resume(1, "ada")
    telling.service.rotate(1, "ada", 0)
    telling.service.remove(1, "ada")
    assert not integrity.check(database).findings
    with database.write() as repos:
        repos.session.connection().exec_driver_sql("UPDATE subscription SET paused_by = 'eve'")
    assert integrity.check(database).findings
