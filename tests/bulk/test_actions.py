"""Actions on many images: what they touch is what was previewed, and an undo leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from review_app.bulk import work
from review_app.core.errors import (
    ConflictError,
    InputError,
    JobCancelled,
    NotAllowedError,
    NotFoundError,
)
from review_app.core.permissions import Person
from review_app.i18n import Text
from storage.enums import BulkKind, ItemState, JobKind, LabelValue, PlacedBy, Role
from storage.repositories.bulk_bars import BulkBar
from storage.types import utc_now
from tests.bulk.scene import Scene
from tests.factories import Factory
from tests.review.bench import Bench

ACCEPTED, REVIEW, RESOLVED = ItemState.AUTO_ACCEPTED, ItemState.IN_REVIEW, ItemState.RESOLVED
NEEDS: dict[BulkKind, dict[str, Any]] = {
    BulkKind.ASSIGN: {"name": "ada"},
    BulkKind.TAG: {"tag": "press"},
    BulkKind.UNTAG: {"tag": "kept"},
    BulkKind.DELETE: {"reason": "asked to"},
}
TOUCHES = {
    BulkKind.REQUEUE: ("accepted",),
    BulkKind.PRIORITISE: ("waiting", "escalated"),
    BulkKind.ASSIGN: ("waiting",),
    BulkKind.UNASSIGN: ("assigned",),
    BulkKind.ESCALATE: ("waiting",),
    BulkKind.TAG: ("accepted", "waiting", "escalated", "assigned", "resolved", "failed", "tagged"),
    BulkKind.UNTAG: ("tagged",),
    BulkKind.ARCHIVE: ("accepted", "resolved", "failed", "tagged"),
    BulkKind.UNARCHIVE: ("archived",),
    BulkKind.DELETE: ("accepted", "resolved", "failed", "tagged", "archived"),
}
"""Which of the images of `world` an action is for."""


@pytest.fixture
def world(scene: Scene, ada: Person) -> dict[str, list[int]]:
    """Images in every state, some with marks; the certified policy decided on them."""
    scene.certify()
    found = {
        "accepted": scene.decided(3, ACCEPTED),
        "waiting": scene.decided(3, REVIEW, audited=1),
        "escalated": scene.decided(2, ItemState.ESCALATED),
        "assigned": scene.decided(2, REVIEW),
        "resolved": scene.decided(2, RESOLVED, verdict=LabelValue.REAL),
        "failed": scene.factory.items(1, ItemState.FAILED),
        "tagged": scene.decided(2, RESOLVED, verdict=LabelValue.FAKE),
        "archived": scene.decided(1, RESOLVED, verdict=LabelValue.FAKE),
    }
    scene.act(BulkKind.TAG, found["tagged"], tag="kept")
    scene.act(BulkKind.TAG, found["archived"], tag="press")
    scene.act(BulkKind.ARCHIVE, found["archived"])
    ben = scene.factory.person("zoe")
    scene.act(BulkKind.ASSIGN, found["assigned"], name=ben.name)
    return found


def everything(world: dict[str, list[int]]) -> list[int]:
    return sorted(item_id for ids in world.values() for item_id in ids)


@pytest.mark.parametrize("kind", TOUCHES)
def test_what_is_touched_was_previewed_and_an_undo_leaves_no_trace(
    kind: BulkKind, world: dict[str, list[int]], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHUNK", 3)
    picked, needs = everything(world), NEEDS.get(kind, {})
    meant = sum(len(world[name]) for name in TOUCHES[kind])
    if kind is BulkKind.ASSIGN:
        meant += len(world["assigned"])
    before = scene.as_it_was()
    told = scene.preview(kind, picked, **needs)
    assert (told.images, told.images + sum(told.left_out.values())) == (meant, len(picked))
    assert scene.as_it_was() == before, "a preview stores nothing"
    number = scene.act(kind, picked, **needs)
    assert scene.touched(number) == meant
    assert scene.preview(kind, picked, **needs).images == 0
    assert scene.faults() == []
    assert scene.service.preview_undo(scene.root, number).images == meant
    undo = scene.undo(number)
    assert scene.touched(undo) == meant
    assert scene.as_it_was() == before
    assert scene.faults() == []


@pytest.mark.parametrize("kind", [BulkKind.REQUEUE, BulkKind.ASSIGN, BulkKind.DELETE])
def test_cut_off_anywhere_it_goes_on_and_touches_each_once(
    kind: BulkKind, world: dict[str, list[int]], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHUNK", 1)
    picked, needs = everything(world), NEEDS.get(kind, {})
    meant = scene.preview(kind, picked, **needs).images
    action = scene.service.ask(scene.root, scene.order(kind, picked, **needs), in_background=False)

    def stop(_done: int, _total: int | None) -> None:
        raise JobCancelled(Text("jobs.was_cancelled"))

    for _ in range(meant):
        with pytest.raises(JobCancelled):
            scene.service.run(action.id, stop)
    scene.run(action.id)
    scene.run(action.id)
    assert scene.touched(action.id) == meant
    assert scene.faults() == []


def test_asked_for_twice_with_one_key_it_is_done_once(
    world: dict[str, list[int]], scene: Scene
) -> None:
    order = scene.order(BulkKind.REQUEUE, world["accepted"])
    first, second = (scene.service.ask(scene.root, order, "key-of-a-form") for _ in range(2))
    assert first.id == second.id
    with scene.database.read() as repos:
        (job,) = repos.jobs.of_kind(JobKind.BULK)
    assert job.parameters == {"action": first.id}
    with pytest.raises(ConflictError, match="still"):
        scene.service.undo(scene.root, first.id)


def test_it_is_about_the_images_that_were_there(scene: Scene) -> None:
    scene.certify()
    accepted = scene.decided(2, ACCEPTED)
    order = scene.order(BulkKind.REQUEUE, filters={"state": "auto_accepted"})
    action = scene.service.ask(scene.root, order, in_background=False)
    later = scene.decided(1, ACCEPTED)
    scene.run(action.id)
    assert scene.states(accepted) == {REVIEW: 2}
    assert scene.states(later) == {ACCEPTED: 1}


def test_nothing_is_changed_that_came_after_the_preview_counted(scene: Scene) -> None:
    scene.certify()
    counted = scene.decided(2, ACCEPTED)
    order = scene.order(BulkKind.ARCHIVE, filters={"state": "auto_accepted"})
    told = scene.service.preview(scene.root, order)
    scene.decided(3, ACCEPTED)
    action = scene.service.ask(scene.root, order, below=told.below, in_background=False)
    scene.run(action.id)
    assert (told.images, scene.touched(action.id)) == (2, len(counted))


def test_what_is_requeued_comes_first_and_undone_only_before_anybody_had_it(
    scene: Scene, bench: Bench, ada: Person
) -> None:
    scene.certify()
    scene.decided(2, REVIEW)
    accepted = scene.decided(3, ACCEPTED)
    number = scene.act(BulkKind.REQUEUE, accepted)
    bench.clock.now = utc_now()
    assert {scene.item(i).placed_by for i in accepted} == {PlacedBy.HAND}
    (held,) = bench.take(ada)
    assert held in accepted
    told = scene.service.preview_undo(scene.root, number)
    assert (told.images, told.left_out) == (2, {BulkBar.TAKEN: 1})
    scene.undo(number)
    assert scene.states(accepted) == {ACCEPTED: 2, REVIEW: 1}


def test_what_was_accepted_is_so_no_more_once_auto_accept_was_closed(scene: Scene) -> None:
    scene.certify()
    accepted = scene.decided(2, ACCEPTED)
    number = scene.act(BulkKind.REQUEUE, accepted)
    scene.factory.policy(3, "suspended")
    assert scene.service.preview_undo(scene.root, number).left_out == {BulkBar.DOUBTED: 2}
    scene.undo(number)
    assert scene.states(accepted) == {REVIEW: 2}


def test_what_was_moved_again_is_left_as_the_later_action_put_it(scene: Scene, ada: Person) -> None:
    scene.certify()
    waiting = scene.decided(2, REVIEW)
    first = scene.act(BulkKind.PRIORITISE, waiting)
    scene.act(BulkKind.ASSIGN, waiting[:1], name=ada.name)
    assert scene.service.preview_undo(scene.root, first).left_out == {BulkBar.MOVED_ON: 1}


def test_an_action_that_is_taken_back_is_not_gone_on_with(scene: Scene) -> None:
    scene.certify()
    accepted = scene.decided(2, ACCEPTED)
    order = scene.order(BulkKind.REQUEUE, accepted)
    action = scene.service.ask(scene.root, order, in_background=False)
    undo = scene.service.undo(scene.root, action.id, in_background=False)
    with pytest.raises(ConflictError, match="taken back"):
        scene.run(action.id)
    scene.run(undo.id)
    assert scene.states(accepted) == {ACCEPTED: 2}
    with pytest.raises(ConflictError, match="taken back"):
        scene.undo(action.id)


@pytest.mark.parametrize(
    ("kind", "needs", "error"),
    [
        (BulkKind.UNDO, {}, InputError),
        (BulkKind.ASSIGN, {}, InputError),
        (BulkKind.ASSIGN, {"name": "nobody"}, NotFoundError),
        (BulkKind.ASSIGN, {"name": "root", "hours": 0}, InputError),
        (BulkKind.ASSIGN, {"name": "root", "hours": float("nan")}, InputError),
        (BulkKind.TAG, {"tag": " "}, InputError),
        (BulkKind.TAG, {"tag": "a\x00b"}, InputError),
        (BulkKind.TAG, {"tag": "x" * 61}, InputError),
        (BulkKind.DELETE, {"reason": " "}, InputError),
        (BulkKind.DELETE, {"reason": "asked to", "hours": -1}, InputError),
        (BulkKind.DELETE, {"reason": "asked to", "hours": float("nan")}, InputError),
        (BulkKind.PURGE, {"reason": "asked to"}, InputError),
        (BulkKind.ARCHIVE, {"filters": {"nosuch": "1"}}, InputError),
        (BulkKind.ARCHIVE, {"filters": {"source": "x" * 1025}}, InputError),
        (BulkKind.ARCHIVE, {"filters": {"reviewer": "nobody"}}, NotFoundError),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_stored(
    kind: BulkKind, needs: dict[str, Any], error: type[Exception], scene: Scene
) -> None:
    order = scene.order(kind, **needs)
    for call in (scene.service.preview, scene.service.ask):
        with pytest.raises(error):
            call(scene.root, order)
    assert scene.service.newest(scene.root, 5) == []


def test_a_reviewer_may_do_nothing_of_it(scene: Scene, ada: Person) -> None:
    order = scene.order(BulkKind.TAG, tag="x")
    calls = (
        lambda: scene.service.preview(ada, order),
        lambda: scene.service.ask(ada, order),
        lambda: scene.service.undo(ada, 1),
        lambda: scene.service.preview_undo(ada, 1),
        lambda: scene.service.newest(ada, 5),
    )
    for call in calls:
        with pytest.raises(NotAllowedError):
            call()


def test_somebody_whose_account_is_closed_is_assigned_nothing(
    scene: Scene, factory: Factory, ada: Person
) -> None:
    with scene.database.write() as repos:
        user = repos.users.by_name(ada.name)
        assert user is not None
        user.disabled_at = user.created_at
    with pytest.raises(InputError, match="ada"):
        scene.preview(BulkKind.ASSIGN, name=ada.name)


def test_a_lead_moves_images_and_puts_none_away(world: dict[str, list[int]], scene: Scene) -> None:
    lead, picked = scene.factory.person("lea", Role.LEAD), everything(world)
    archived = scene.act(BulkKind.ARCHIVE, world["resolved"])
    for kind in TOUCHES:
        order = scene.order(kind, picked, **NEEDS.get(kind, {}))
        if kind in (BulkKind.ARCHIVE, BulkKind.UNARCHIVE, BulkKind.DELETE):
            with pytest.raises(NotAllowedError):
                scene.service.preview(lead, order)
            with pytest.raises(NotAllowedError):
                scene.service.ask(lead, order)
        else:
            assert scene.service.preview(lead, order).images
            assert scene.service.ask(lead, order, in_background=False).asked_by == "lea"
    for take_back in (scene.service.preview_undo, scene.service.undo):
        with pytest.raises(NotAllowedError):
            take_back(lead, archived)
    assert scene.service.newest(lead, 5)


def test_a_chunk_of_any_size_is_read_and_changed_by_the_same_few_statements(scene: Scene) -> None:
    scene.certify()
    for source, n in (("first", 1), ("few", 3), ("many", 40)):
        scene.decided(n, ACCEPTED, source=source)
    scene.act(BulkKind.REQUEUE, filters={"source": "first"})  # asks what a first time alone does
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("INSERT INTO given_place"):  # has a value for each place
            asked.append(statement)

    event.listen(scene.database.engine, "before_cursor_execute", note)
    try:
        scene.act(BulkKind.REQUEUE, filters={"source": "few"})
        few = asked.copy()
        asked.clear()
        scene.act(BulkKind.REQUEUE, filters={"source": "many"})
    finally:
        event.remove(scene.database.engine, "before_cursor_execute", note)
    assert asked == few
