"""Who is handed what, for how long, and when it goes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review_app.core.errors import ClaimLostError, ConflictError, NotAllowedError
from review_app.core.permissions import Person
from review_app.people.accounts import Accounts
from review_app.review.requests import MAX_AHEAD
from review_app.review.taking import SHARE
from review_app.review.tasks import Queue
from storage.enums import AuditKind, ItemState
from tests.factories import NO_PICTURE, Factory
from tests.review.bench import REAL, UNSURE, Bench


def test_items_are_handed_out_in_order_of_rank(bench: Bench, factory: Factory, ada: Person) -> None:
    late, early = factory.item(rank=2.0), factory.item(rank=1.0)
    assert bench.take(ada, n=2) == [early, late]


@pytest.mark.parametrize("state", [s for s in ItemState if s is not ItemState.IN_REVIEW])
def test_only_items_in_review_are_handed_to_reviewers(
    state: ItemState, bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item(state)
    assert bench.take(ada) == []


def test_a_held_item_is_not_handed_to_anybody_else(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    factory.item()
    assert len(bench.take(ada)) == 1
    assert bench.take(ben) == []


def test_at_overlap_two_an_item_goes_to_two_people_and_not_to_a_third(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item(needed_labels=2)
    assert bench.take(ada) == bench.take(ben) == [item]
    assert bench.take(factory.person()) == []


def test_held_items_survive_a_reload(bench: Bench, factory: Factory, ada: Person) -> None:
    factory.items(5)
    first = bench.take(ada, n=2)
    bench.clock.pass_minutes(9)
    assert bench.take(ada, n=2) == first
    bench.clock.pass_minutes(9)  # the reload renewed the lease
    assert bench.take(ada, n=3)[:2] == first


def test_nobody_holds_more_than_the_limit(bench: Bench, factory: Factory, ada: Person) -> None:
    factory.items((MAX_AHEAD + 1) * SHARE)
    assert len(bench.take(ada, n=MAX_AHEAD)) == MAX_AHEAD
    assert len(bench.take(ada, n=MAX_AHEAD)) == MAX_AHEAD


def test_a_task_hints_at_nothing(bench: Bench, factory: Factory, ada: Person) -> None:
    factory.item(decided=True, known=REAL, name="fakes/swap.png", source="fakes")
    (task,) = bench.review.take(ada)
    told = {"item_id", "image_url", "width", "height", "expires_at"}
    told |= {"alike", "frames", "paged", "faces"}
    assert set(task.model_dump(exclude_none=True)) == told
    assert "swap" not in task.model_dump_json()


@pytest.mark.parametrize("identity", [{"path": "a/1.png"}, {"sha256": "a" * 64}])
def test_a_task_without_a_picture_tells_what_the_image_is_known_by(
    identity: dict[str, str], bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item(decided=True, image=NO_PICTURE | identity)
    (task,) = bench.review.take(ada)
    assert task.model_dump(exclude={"expires_at"}, exclude_none=True) == {
        "item_id": task.item_id,
        "alike": 0,
        "frames": 1,
        "paged": False,
        "faces": (),
        **identity,
    }


def test_a_lease_runs_out_and_the_item_goes_to_the_next_person(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    (task,) = bench.review.take(ada)
    assert task.expires_at == bench.clock.now + timedelta(minutes=10)
    bench.clock.pass_minutes(9.9)
    assert bench.take(ben) == []
    bench.clock.pass_minutes(0.1)
    assert bench.take(ben) == [item]


def test_the_lease_lasts_as_long_as_the_admin_says(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    item = factory.item()
    bench.options(root, lease_minutes=1)
    bench.take(ada)
    bench.clock.pass_minutes(1)
    assert bench.take(ben) == [item]


def test_a_heartbeat_keeps_what_is_held(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    factory.item()
    bench.take(ada)
    for _ in range(3):
        bench.clock.pass_minutes(9)
        assert bench.review.heartbeat(ada) == 1
    assert bench.take(ben) == []


def test_a_heartbeat_after_the_lease_ran_out_revives_nothing(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(10)
    assert bench.review.heartbeat(ada) == 0
    assert bench.take(ben) == [item]


def test_released_items_go_to_others_at_once(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    items = factory.items(3)
    bench.take(ada, n=3)
    assert bench.review.release(ada) == 3
    assert bench.take(ben, n=3) == items
    assert bench.review.release(ada) == 0


def test_a_skipped_item_is_never_offered_to_that_person_again(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.skip(ada, item)
    bench.skip(ada, item)  # a double click
    assert bench.take(ada) == []
    bench.clock.pass_minutes(60)
    assert bench.take(ada) == []
    assert bench.take(ben) == [item]


def test_a_skip_after_the_lease_ran_out_is_still_remembered(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(10)
    bench.skip(ada, item)
    assert bench.take(ada) == []


def test_a_skip_of_what_was_never_held_is_refused(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    with pytest.raises(ClaimLostError, match="take the next one"):
        bench.skip(ada, factory.item())


def test_a_skip_of_what_was_answered_is_refused(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item)
    with pytest.raises(ConflictError, match="undo that first"):
        bench.skip(ada, item)


def test_an_answer_to_what_was_skipped_is_refused(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.skip(ada, item)
    with pytest.raises(ConflictError, match="take the next one"):
        bench.label(ada, item)
    assert bench.in_force(item) == []


def test_going_to_another_queue_gives_back_what_was_held(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    waiting, escalated = factory.item(), factory.item(ItemState.ESCALATED)
    assert bench.take(root) == [waiting]
    assert bench.take(root, Queue.ESCALATED) == [escalated]
    assert bench.take(ada) == [waiting]


def test_reviewers_may_not_take_escalated_items(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item(ItemState.ESCALATED)
    with pytest.raises(NotAllowedError):
        bench.take(ada, Queue.ESCALATED)


def test_an_escalated_item_is_handed_to_one_admin_at_a_time(
    bench: Bench, factory: Factory, root: Person
) -> None:
    item = factory.item(needed_labels=3)
    for name in "xyz":
        person = factory.person(name)
        bench.take(person)
        bench.label(person, item, UNSURE)
    assert bench.state(item) is ItemState.ESCALATED
    assert bench.take(root, Queue.ESCALATED) == [item]
    assert bench.take(factory.admin(), Queue.ESCALATED) == []


def test_reviewers_see_the_images_that_were_handed_to_them_and_no_others(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    mine, other = factory.items(2)
    bench.take(ada)
    assert bench.review.image_of(ada, bench.handle(mine)) == mine
    bench.take(root)
    assert bench.review.image_of(root, bench.handle(other)) == other
    assert bench.review.image_of(ada, bench.handle(other)) is None
    assert bench.review.image_of(ada, str(mine)) is None, "the number leads nowhere"


def test_progress_counts_what_waits_and_what_was_done(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    factory.items(4)
    factory.item(ItemState.ESCALATED)
    bench.clock.now = bench.clock.now.replace(hour=23, minute=59)
    (first,) = bench.take(ada)
    bench.label(ada, first)
    bench.clock.pass_minutes(2)  # past midnight
    start = bench.clock.now
    (second,) = bench.take(ada)
    bench.label(ada, second)
    (third,) = bench.take(ada)
    bench.label(ada, third)
    bench.undo(ada)
    progress = bench.review.progress(ada, start - timedelta(hours=1))
    assert (progress.waiting, progress.done_today, progress.done_session) == (2, 1, 2)
    assert progress.escalated is None
    assert bench.review.progress(root, start).escalated == 1
    west = bench.clock.now - timedelta(hours=7)
    assert bench.review.progress(ada, start, west).done_today == 2, "the day goes on there"


def test_closing_an_account_gives_back_at_once_what_it_holds(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    """However long a lease is; what they have answered stays."""
    bench.options(factory.admin(), lease_minutes=24 * 60)
    answered, *rest = factory.items(3)
    bench.take(ada, n=3)
    bench.label(ada, answered, REAL)
    assert bench.take(ben) == []
    Accounts(bench.database).set_enabled(ada.name, False, "root")
    assert bench.take(ben, n=3) == rest
    assert len(bench.in_force(answered)) == 1
    with bench.database.read() as repos:
        (closed,) = repos.event_history.of_kind(AuditKind.USER_DISABLED)
    assert closed.details == {"name": ada.name, "given_back": 2}
    assert bench.first_broken() is None


def test_closing_an_admins_account_gives_back_what_they_were_about_to_decide(
    bench: Bench, factory: Factory, root: Person
) -> None:
    other = factory.admin()
    item = factory.item(ItemState.ESCALATED)
    assert bench.take(root, Queue.ESCALATED) == [item]
    Accounts(bench.database).set_enabled(root.name, False, other.name)
    assert bench.take(other, Queue.ESCALATED) == [item]


def test_a_call_that_was_under_way_when_the_account_was_closed_hands_out_nothing(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    items = factory.items(2)
    (task,) = bench.review.take(ada)
    bench.label(ada, items[0], REAL)
    Accounts(bench.database).set_enabled(ada.name, False, "root")
    for call in (
        lambda: bench.review.take(ada),
        lambda: bench.review.take_near_duplicates(ada, task.item_id),
        lambda: bench.undo(ada),
    ):
        with pytest.raises(NotAllowedError, match="closed"):
            call()
    assert bench.take(ben) == items[1:]


def test_an_account_that_is_opened_again_goes_on_where_it_was(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    items = factory.items(2)
    handles = [task.item_id for task in bench.review.take(ada, 2)]
    accounts = Accounts(bench.database)
    for enabled in (False, True):
        accounts.set_enabled(ada.name, enabled, "root")
    again = [task.item_id for task in bench.review.take(ada, 2)]
    assert (again, bench.items(again)) == (handles, items)
