"""The order of a real queue: the setting, the deadline, audits, and what may still calibrate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from scipy.stats import ks_2samp

from review_app.core.permissions import Person
from review_app.queueing.options import (
    QueueOptions,
    change_queue_options,
    order_in_use,
    share_of_chance,
)
from review_app.queueing.order import Order
from storage.enums import AuditKind, ItemState, LabelValue, PlacedBy
from storage.models import Item
from storage.repositories.items import Move
from storage.repositories.queue import WaitingQueue
from storage.types import utc_now
from tests.applications import Deployment, deployment
from tests.review.bench import items_of


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def certified(place: Deployment, order: Order, audit: float = 0.0, **options: object) -> Person:
    """A certified policy and an order; the admin who made both."""
    admin = place.factory.admin()
    place.calibrated()
    place.app.triage.run("tester")
    place.certify(admin, audit)
    place.app.triage.retriage("tester")
    given = QueueOptions.model_validate({"order": order, **options})
    change_queue_options(place.app.database, admin, given)
    return admin


def doubtful(place: Deployment, p_fake: float, near_id: int | None = None) -> int:
    """A new item that no threshold accepts."""
    return place.scored(p_fake, score=0.5, near_id=near_id)


def taken(place: Deployment, n: int) -> list[int]:
    """The next items, as one new person gets them."""
    tasks = place.app.review.take(place.factory.person(), n)
    return items_of(place.app.database, (task.item_id for task in tasks))


def test_people_see_the_riskiest_images_first(place: Deployment) -> None:
    certified(place, Order.RISK)
    mild, worst, some = (doubtful(place, p) for p in (0.93, 0.4, 0.7))
    for item_id in (mild, worst, some):
        assert place.states([item_id])[item_id] is ItemState.PENDING
    place.app.triage.run("tester")
    assert taken(place, 3) == [worst, some, mild]


def kinds(place: Deployment, ids: list[int] | None = None) -> set[PlacedBy]:
    """What the ranks of the items, or of all, were made from."""
    items = place.items()
    return {items[i].placed_by for i in (items if ids is None else ids)}


def test_while_the_policy_learns_the_order_is_random_whatever_is_chosen(place: Deployment) -> None:
    change_queue_options(place.app.database, place.factory.admin(), QueueOptions(order=Order.RISK))
    place.calibrated(3)
    place.app.triage.run("tester")
    with place.app.database.read() as repos:
        assert order_in_use(repos) is Order.OLDEST
    assert all(item.rank > 1e9 for item in place.items().values())
    assert kinds(place) == {PlacedBy.TIME}
    assert place.app.triage.reorder() == 0


def test_what_waited_beyond_the_deadline_comes_first(place: Deployment) -> None:
    certified(place, Order.RISK, deadline_hours=2)
    dull, risky = doubtful(place, 0.93), doubtful(place, 0.4)
    place.app.triage.run("tester")
    with place.app.database.write() as repos:
        item = repos.items.get(dull)
        assert item is not None
        item.state_since = utc_now() - timedelta(hours=3)
    assert kinds(place, [dull, risky]) == {PlacedBy.WORTH}
    assert taken(place, 2) == [dull, risky]
    assert place.items()[dull].rank < place.items()[risky].rank
    assert kinds(place, [dull]) == {PlacedBy.DEADLINE}


def test_another_order_is_applied_to_what_waits_and_back(place: Deployment) -> None:
    admin = certified(place, Order.OLDEST)
    ids = [doubtful(place, p) for p in (0.93, 0.4, 0.7)]
    place.app.triage.run("tester")
    for order in (Order.RISK, Order.LEARNING):
        change_queue_options(place.app.database, admin, QueueOptions(order=order))
        assert place.app.triage.reorder() >= 3
        assert all(-2 < place.items()[i].rank < -1 for i in ids)
        assert kinds(place, ids) == {PlacedBy.WORTH if order is Order.RISK else PlacedBy.RACE}
    change_queue_options(place.app.database, admin, QueueOptions(order=Order.OLDEST))
    place.app.triage.reorder()
    assert all(-1 < place.items()[i].rank < 0 for i in ids)
    assert kinds(place, ids) == {PlacedBy.TIME_AGAIN}


def test_the_queue_follows_the_order_in_use_when_auto_accept_opens_and_closes(
    place: Deployment,
) -> None:
    admin = place.factory.admin()
    change_queue_options(place.app.database, admin, QueueOptions(order=Order.RISK))
    waiting = [doubtful(place, p) for p in (0.93, 0.4)]
    place.calibrated()
    place.app.triage.run("tester")
    assert place.app.triage.keep_order() == 0
    place.certify(admin)
    place.app.triage.run("tester")  # finds nothing pending, but the order in use has changed
    assert all(-2 < place.items()[i].rank < -1 for i in waiting)
    assert place.app.triage.keep_order() == 0

    place.app.policies.suspend(admin, "to look at it")
    with place.app.database.read() as repos:
        assert order_in_use(repos) is Order.OLDEST
    newer = doubtful(place, 0.4)
    place.app.triage.run("tester")
    ranks = {i: item.rank for i, item in place.items().items()}
    assert all(-1 < ranks[i] < 0 for i in waiting)
    assert ranks[newer] > 1e9
    assert kinds(place, waiting) == {PlacedBy.TIME_AGAIN}
    assert kinds(place, [newer]) == {PlacedBy.TIME}
    assert place.app.triage.keep_order() == 0


def test_verdicts_on_images_placed_by_worth_do_not_calibrate(place: Deployment) -> None:
    waiting = [place.scored(p) for p in (0.4, 0.6)]
    place.app.triage.run("tester")  # by a learning policy
    first, second = waiting

    def resolve(item_id: int, placed_by: PlacedBy) -> None:
        values = {"verdict": LabelValue.FAKE, "placed_by": placed_by}
        with place.app.database.write() as repos:
            move = Move(item_id, ItemState.RESOLVED, AuditKind.LABELLED, {}, values)
            repos.items.move("tester", [move])

    resolve(first, PlacedBy.TIME)
    resolve(second, PlacedBy.WORTH)
    policy = place.app.policies.current()
    with place.app.database.read() as repos:
        rows = repos.calibration.rows(policy.checkpoint, policy.head, utc_now())
    assert sum(not row.known for row in rows) == 1


def test_in_learning_order_any_image_may_come_and_never_less_often_than_audits(
    place: Deployment,
) -> None:
    certified(place, Order.LEARNING, audit=0.5, random_share=0.05)
    policy = place.app.policies.current()
    with place.app.database.read() as repos:
        assert share_of_chance(repos, policy) == 0.5
        assert share_of_chance(repos, replace(policy, audit_probability=0.01)) == 0.05


@pytest.mark.parametrize("order", [Order.RISK, Order.LEARNING])
def test_the_place_of_an_audited_image_tells_nothing(place: Deployment, order: Order) -> None:
    """Sure images, half of them audited, among doubtful ones: the ranks have one distribution."""
    admin = certified(place, order, audit=0.5)
    for i in range(120):
        doubtful(place, 0.2 + 0.6 * i / 120)
        place.scored(1.0 if i % 2 else 0.0)
    place.app.triage.run("tester")
    ranks: dict[bool, list[float]] = {True: [], False: []}

    def look() -> float:
        with place.app.database.read() as repos:
            rows = WaitingQueue(repos.session).after(0, 1000)
        placed = [row for row in rows if row.placed_by in (PlacedBy.WORTH, PlacedBy.RACE)]
        for audited in ranks:
            ranks[audited] = [row.rank for row in placed if row.audited is audited]
        assert min(map(len, ranks.values())) > 30
        return float(ks_2samp(ranks[True], ranks[False]).pvalue)

    assert look() > 0.001
    change_queue_options(place.app.database, admin, QueueOptions(order=order))
    place.app.triage.reorder()
    assert look() > 0.001


def test_a_near_duplicate_of_a_disputed_image_is_told_but_routed_alike(place: Deployment) -> None:
    certified(place, Order.OLDEST)
    earlier = doubtful(place, 0.6)
    place.app.triage.run("tester")
    with place.app.database.write() as repos:
        item = repos.items.get(earlier)
        assert item is not None
        near = item.image_id
        verdict = {"verdict": LabelValue.REAL}
        move = Move(earlier, ItemState.RESOLVED, AuditKind.LABELLED, {}, verdict)
        repos.items.move("tester", [move])
    unsure = doubtful(place, 0.6, near_id=near)
    sure, other = place.scored(1.0, near_id=near), doubtful(place, 0.6)
    place.app.triage.run("tester")
    assert place.states([unsure, sure, other]) == {
        unsure: ItemState.IN_REVIEW,
        sure: ItemState.AUTO_ACCEPTED,
        other: ItemState.IN_REVIEW,
    }
    with place.app.database.read() as repos:
        reasons = {i: _reasons(repos.decisions.of_item(i)) for i in (unsure, sure, other)}
    assert "near_disputed" in reasons[unsure]
    assert "near_disputed" not in reasons[sure] + reasons[other]


def test_disagreement_and_escalation_dispute_an_image(place: Deployment) -> None:
    factory = place.factory
    plain, torn, escalated = (factory.item(state=state) for state in _STATES)
    for value in (LabelValue.REAL, LabelValue.FAKE):
        factory.label(factory.person(), torn, value)
    later = {i: _like(place, i) for i in (plain, torn, escalated)}
    with place.app.database.read() as repos:
        found = WaitingQueue(repos.session).near_disputed(list(later.values()))
    assert found == {later[torn], later[escalated]}


_STATES = (ItemState.IN_REVIEW, ItemState.IN_REVIEW, ItemState.ESCALATED)


def _like(place: Deployment, item_id: int) -> int:
    image_id = place.items()[item_id].image_id
    later = place.factory.item()
    with place.app.database.write() as repos:
        item: Item | None = repos.items.get(later)
        assert item is not None
        item.image.near_id = image_id
    return later


def _reasons(decision: object) -> list[str]:
    return list(getattr(decision, "reasons", []))
