"""What is kept for one person comes to them alone, and is everybody's again in the end."""

from __future__ import annotations

import pytest

from review_app.core.permissions import Person
from storage.enums import BulkKind, ItemState
from storage.models import Item
from storage.types import utc_now
from tests.bulk.scene import Scene
from tests.factories import Factory
from tests.review.bench import Bench

REVIEW = ItemState.IN_REVIEW


@pytest.fixture
def waiting(scene: Scene, bench: Bench) -> list[int]:
    """Six images that wait, decided by a certified policy."""
    bench.clock.now = utc_now()
    scene.certify()
    return scene.decided(6, REVIEW)


def test_it_comes_first_to_whom_it_is_kept_for_and_to_nobody_else(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    kept = waiting[4:]
    scene.act(BulkKind.ASSIGN, kept, name=ada.name)
    assert sorted(bench.take(ben, n=6)) == waiting[:3], "nobody takes more than a share"
    bench.review.release(ben)
    assert sorted(bench.take(ada, n=2)) == kept
    for item_id in kept:
        bench.label(ada, item_id)
    assert bench.state(kept[0]) is ItemState.RESOLVED
    bench.undo(ada)
    assert bench.take(ben, n=6)
    assert not set(bench.take(ben, n=6)) & set(kept)


def test_near_duplicates_and_what_was_given_back_are_no_way_around(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    with scene.database.write() as repos:
        first = repos.session.get_one(Item, waiting[0])
        for item_id in waiting[1:]:
            repos.session.get_one(Item, item_id).duplicate_group_id = first.image_id
    had = bench.take(ben, n=3)
    bench.review.release(ben)
    kept = [item_id for item_id in waiting if item_id != waiting[0]]
    scene.act(BulkKind.ASSIGN, kept, name=ada.name)
    assert set(had) & set(kept)
    (task,) = bench.review.take(ben, 3)
    assert bench.items([task.item_id]) == [waiting[0]]
    assert task.alike == 0
    assert len(bench.review.take_near_duplicates(ben, task.item_id)) <= 1


def test_it_lapses_in_time(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    scene.act(BulkKind.ASSIGN, waiting, name=ada.name, hours=2.0)
    assert bench.take(ben) == []
    bench.clock.pass_minutes(121)
    assert len(bench.take(ben)) == 1
    with scene.database.read() as repos:
        assert repos.assignments.of_items(waiting) == {}
    assert scene.faults() == []


def test_it_lapses_when_the_account_is_closed(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    scene.act(BulkKind.ASSIGN, waiting, name=ada.name)
    with scene.database.write() as repos:
        user = repos.users.by_name(ada.name)
        assert user is not None
        user.disabled_at = utc_now()
    bench.clock.pass_minutes(1)
    assert len(bench.take(ben)) == 1


def test_it_can_be_given_to_another_and_back(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    first = scene.act(BulkKind.ASSIGN, waiting, name=ada.name)
    second = scene.act(BulkKind.ASSIGN, waiting, name=ben.name)
    assert bench.take(ada) == []
    scene.undo(second)
    assert bench.take(ben) == []
    assert scene.preview(BulkKind.UNASSIGN, waiting).images == 6
    assert scene.service.preview_undo(scene.root, first).images == 0


def test_the_assigned_who_have_passed_on_it_are_not_asked_again_and_no_count_tells(
    scene: Scene, bench: Bench, waiting: list[int], ada: Person, ben: Person
) -> None:
    (skipped,) = bench.take(ada)
    bench.skip(ada, skipped)
    told = scene.preview(BulkKind.ASSIGN, waiting, name=ada.name)
    assert (told.images, told.left_out) == (6, {})
    assert scene.touched(scene.act(BulkKind.ASSIGN, waiting, name=ada.name)) == 6
    bench.clock.pass_minutes(1)
    assert bench.take(ben) == [skipped], "it is everybody's"
    found = bench.take(ada, n=6)
    assert found
    assert skipped not in found


def test_an_assigned_image_that_goes_to_admins_is_not_lost(
    scene: Scene, bench: Bench, factory: Factory, waiting: list[int], ada: Person, root: Person
) -> None:
    scene.act(BulkKind.ASSIGN, waiting[:1], name=ada.name)
    (item_id,) = bench.take(ada)
    bench.label(ada, item_id, escalation="look, please")
    assert scene.item(item_id).state is ItemState.ESCALATED
    bench.clock.pass_minutes(60 * 48)
    bench.take(factory.person())
    with scene.database.read() as repos:
        places = repos.open_slots.count(ItemState.ESCALATED, 10)
    assert places == 1
