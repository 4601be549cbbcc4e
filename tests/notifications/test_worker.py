"""The worker, with real receivers: slow, broken, dead and back again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from threading import Event
from typing import Any

from review_app.client import verify_signature
from storage.database import Database
from storage.enums import AuditKind, Channel, DeliveryState, LabelValue, Topic
from tests.factories import Factory
from tests.notifications.bench import SECRET, TellingBench
from tests.notifications.receiver import Receiver, receiving, wait_until

FAKE = LabelValue.FAKE


def sequence(receiver: Receiver, item_id: int) -> list[int]:
    """The numbers of what came about an image, in the order in which it came."""
    return [one["sequence"] for one in receiver.taken if one["data"].get("item_id") == item_id]


def test_a_decision_is_told_signed_with_what_was_decided(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving() as receiver:
        made = telling.subscribe(receiver.address)
        telling.work()
        item = factory.item(decided=True, source="press", name="lake.png")
        telling.resolve(item, FAKE, AuditKind.LABELLED)
        (told,) = receiver.wait_for(1)
        (call,) = receiver.calls
    assert made.secret is not None
    assert verify_signature(made.secret, call.headers, call.body) == told
    data = told["data"]
    assert told["type"] == "item.resolved"
    assert told["id"] == call.headers["webhook-id"] == f"evt_{told['sequence']}"
    assert (data["item_id"], data["name"], data["source"]) == (item, "lake.png", "press")
    assert (data["state"], data["verdict"], data["p_fake"]) == ("resolved", "fake", 0.83)
    assert data["final_at"] is not None


def test_of_an_image_that_is_with_people_nothing_of_the_detector_is_told(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving() as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        item = factory.item(decided=True)
        telling.escalate(item)
        (told,) = receiver.wait_for(1)
    known = {name for name, value in told["data"].items() if value is not None}
    assert known == {"item_id", "name", "sha256", "state"}


def test_what_is_refused_is_sent_again_the_same_but_for_its_time(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving(500, 302, 204) as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        telling.resolve(factory.item(), FAKE, AuditKind.LABELLED)
        receiver.wait_for(3)
        wait_until(lambda: telling.states() == [DeliveryState.DELIVERED])
        assert len({call.body for call in receiver.calls}) == 1
        assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert telling.deliveries()[0].attempts == 3


def test_what_nobody_takes_is_dead_in_the_end_and_can_be_tried_again(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving(500, 500, 500, 500, 204) as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        telling.resolve(factory.item(), FAKE, AuditKind.LABELLED)
        wait_until(lambda: telling.states() == [DeliveryState.DEAD])
        (view,) = telling.deliveries()
        assert (view.attempts, view.status) == (4, 500)
        assert view.error == "the receiver answered with status 500"
        assert telling.service.retry(1) == 1
        receiver.wait_for(5)


def test_a_receiver_that_is_away_gets_everything_in_order_once_it_is_back(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving() as first:
        telling.subscribe(first.address)
        telling.work()
        ids = factory.items(3)
        for item in ids:
            telling.settle_and_reopen(item, 1)
        first.wait_for(6)
    for item in ids:  # nobody listens now
        telling.settle_and_reopen(item, 1)
    wait_until(lambda: any(view.error for view in telling.deliveries()))
    with receiving(port=first.port) as second:
        telling.service.retry(1)
        second.wait_for(6)
        for item in ids:
            assert len(sequence(second, item)) == 2
            assert sequence(second, item) == sorted(sequence(second, item))


def test_a_receiver_that_dies_in_the_middle_of_a_call_gets_it_again(
    telling: TellingBench, factory: Factory
) -> None:
    with receiving(0, 204) as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        telling.resolve(factory.item(), FAKE, AuditKind.LABELLED)
        receiver.wait_for(2)
        wait_until(lambda: telling.states() == [DeliveryState.DELIVERED])


def test_one_image_that_is_refused_holds_up_no_other(
    telling: TellingBench, factory: Factory
) -> None:
    bad, *good = factory.items(5)
    with receiving(lambda told: 500 if told["data"]["item_id"] == bad else 204) as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        for item in (bad, *good):
            telling.settle_and_reopen(item, 2)
        wait_until(lambda: all(len(sequence(receiver, item)) == 4 for item in good))
        wait_until(lambda: telling.service.get(1).backlog.dead == 1)
        assert set(sequence(receiver, bad)) == {min(sequence(receiver, bad))}


def test_a_slow_receiver_delays_nobody_else_and_is_left_when_its_time_is_up(
    telling: TellingBench, factory: Factory
) -> None:
    let_go = Event()

    def slow(_: dict[str, Any]) -> int:
        let_go.wait(10)
        return 204

    with receiving(slow) as snail, receiving() as quick:
        telling.caller = type(telling.caller)(telling.caller.networks, 0.3)
        telling.subscribe(snail.address)
        telling.subscribe(quick.address)
        telling.work()
        began = time.monotonic()
        ids = factory.items(20)
        for item in ids:
            telling.resolve(item, FAKE, AuditKind.LABELLED)
        quick.wait_for(20)
        assert time.monotonic() - began < 5
        wait_until(lambda: any(view.error for view in telling.deliveries(1)))
        assert "no answer within 0.3 seconds" in [view.error for view in telling.deliveries(1)]
        let_go.set()


def test_replay_tells_again_what_was_told(telling: TellingBench, factory: Factory) -> None:
    with receiving() as receiver:
        telling.subscribe(receiver.address)
        telling.work()
        item = factory.item()
        telling.settle_and_reopen(item, 2)
        first = receiver.wait_for(4)[0]["sequence"]
        wait_until(lambda: set(telling.states()) == {DeliveryState.DELIVERED})
        assert telling.service.replay(1, first) == 3
        receiver.wait_for(7)
    assert sequence(receiver, item)[4:] == [first + 1, first + 2, first + 3]


def test_slack_reads_a_sentence_in_the_language_of_the_subscription(
    telling: TellingBench, database: Database
) -> None:
    with receiving() as receiver:
        telling.subscribe(receiver.address, [Topic.DRIFT], Channel.SLACK)
        telling.work()
        telling.service.test(1)
        (told,) = receiver.wait_for(1)
    assert set(told) == {"text"}
    assert "test" in told["text"].lower()


KILLED = """
import os, sys, json, time
from pathlib import Path
sys.path.insert(0, {root!r})
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue
database = Database({url!r})
with database.write() as repos:
    item = repos.items.get({item})
    repos.items.settle(
        "ada", item, ItemState.RESOLVED, LabelValue.FAKE, None, AuditKind.LABELLED, {{}}
    )
sys.stdout.write("stored\\n")
sys.stdout.flush()
time.sleep(60)
"""


def test_what_happened_before_a_kill_is_told_after_the_restart(
    telling: TellingBench, factory: Factory, database_url: str
) -> None:
    item = factory.item()
    with receiving() as receiver:
        telling.subscribe(receiver.address)
        root = os.getcwd()  # noqa: PTH109
        code = KILLED.format(root=root, url=database_url, item=item)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "stored\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        telling.work()
        (told,) = receiver.wait_for(1)
    assert told["data"]["item_id"] == item


def test_no_secret_is_stored(telling: TellingBench, database: Database) -> None:
    made = telling.subscribe("https://hooks.example/in")
    stored = json.dumps([str(row) for row in database.engine.raw_connection().iterdump()])
    assert made.secret is not None
    assert made.secret.removeprefix("whsec_") not in stored
    assert SECRET.hex() not in stored
