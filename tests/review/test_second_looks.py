"""Second looks: drawn by chance, unseen, never the first person's; and what comes of the answer."""

from __future__ import annotations

from itertools import count
from random import Random

import pytest

from review_app.core.permissions import Person
from review_app.review.tasks import Queue
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue, Role
from storage.models import AwaitedLook, Correction, Label, SecondLook
from storage.repositories.evidence import Uncounted
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNDECIDABLE, UNSURE, Bench

RESOLVED, ESCALATED = ItemState.RESOLVED, ItemState.ESCALATED
SHARE = 0.2


def draws(database: Database) -> list[SecondLook]:
    with database.read() as repos:
        return repos.session.query(SecondLook).order_by(SecondLook.id).all()


def settled(
    bench: Bench, factory: Factory, person: Person, n: int = 1, **known: object
) -> set[int]:
    """Items that the person settled alone for good, all of them drawn; others wait."""
    drawn = factory.items(n, rank=-5000.0, **known)  # type: ignore[arg-type]
    for _ in drawn:
        (item,) = bench.take(person)
        bench.label(person, item, REAL)
        (label,) = bench.in_force(item)
        if label.id not in {look.label_id for look in draws(bench.database)}:
            factory.second_look(item, label.id)
    bench.clock.pass_minutes(61)
    factory.items(200)
    return set(drawn)


@pytest.fixture
def chosen(bench: Bench, root: Person) -> None:
    """The admin wishes for second looks."""
    bench.options(root, second_look_share=SHARE, undo_minutes=60)


def test_images_are_drawn_in_the_share_that_the_admin_chose_and_it_is_recorded(
    bench: Bench, factory: Factory, ada: Person, chosen: None, database: Database
) -> None:
    factory.items(400)
    for _ in range(400):
        bench.label(ada, bench.take(ada)[0], REAL)
    drawn = draws(database)
    assert 50 <= len(drawn) <= 112  # 80 expected; 99.9% lie between
    assert {look.probability for look in drawn} == {SHARE}
    with database.read() as repos:
        events = repos.event_history.of_kind(AuditKind.SECOND_LOOK)
    assert len(events) == len(drawn)
    assert bench.first_broken() is None


def test_nothing_is_drawn_that_was_not_settled_alone(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, database: Database
) -> None:
    bench.options(root, second_look_share=SHARE, undo_minutes=0)
    audited = factory.items(60)
    for item in audited:
        factory.decision(item, audited=True, proposal="accept_real")
        bench.label(ada, bench.take(ada)[0], REAL)
    for needed, value in ((2, REAL), (1, UNSURE), (1, UNDECIDABLE)):
        for _ in range(40):
            item = factory.item(needed_labels=needed)
            assert bench.take(ada) == [item]
            bench.label(ada, item, value)
    while held := bench.take(root, Queue.ESCALATED):
        bench.label(root, held[0], FAKE)
    while held := bench.take(ben):
        bench.label(ben, held[0], REAL)
    assert draws(database) == []


def test_off_nothing_is_drawn_and_nothing_shown_again(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, database: Database
) -> None:
    drawn = settled(bench, factory, ada, 20)
    n = len(draws(database))
    for _ in range(60):
        (item,) = bench.take(ben)
        assert item not in drawn
        bench.label(ben, item)
    assert len(draws(database)) == n


def test_a_second_look_comes_once_to_one_other_person_who_does_not_see_the_queue(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada, 15)
    lead, shown = factory.person("lea", Role.LEAD), []
    for person in (ada, root, lead, ben, factory.person("cleo")):
        for _ in range(40):
            (item,) = bench.take(person)
            if item in drawn:
                assert person.name in (ben.name, "cleo")
                shown.append(item)
            bench.label(person, item, REAL)
    assert sorted(shown) == sorted(set(shown))
    assert len(shown) >= 10


def test_none_comes_before_the_verdict_is_final_nor_where_nothing_waits(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    bench.options(root, second_look_share=SHARE, undo_minutes=600)
    drawn = settled(bench, factory, ada, 5)
    assert _seen_by(bench, ben, 60).isdisjoint(drawn)
    bench.clock.pass_minutes(600)
    while held := bench.take(root):
        bench.label(root, held[0])
    assert [bench.take(ben) for _ in range(20)] == [[]] * 20


def test_who_says_the_same_makes_the_verdict_one_of_two(
    bench: Bench, factory: Factory, ada: Person, ben: Person, chosen: None
) -> None:
    item = bench.take_until(ben, settled(bench, factory, ada))
    receipt = bench.label(ben, item, REAL)
    assert (receipt.extra, receipt.known) == (False, None)
    assert (bench.state(item), bench.item(item).verdict) == (RESOLVED, REAL)
    assert [label.extra for label in bench.in_force(item)] == [False, False]


@pytest.mark.parametrize("value", [FAKE, UNSURE, UNDECIDABLE])
def test_who_says_another_thing_changes_no_verdict_but_sends_the_image_to_adjudication(
    bench: Bench,
    factory: Factory,
    ada: Person,
    ben: Person,
    root: Person,
    chosen: None,
    value: LabelValue,
) -> None:
    item = bench.take_until(ben, settled(bench, factory, ada))
    was = bench.item(item).state_since
    receipt = bench.label(ben, item, value)
    assert (receipt.extra, receipt.known) == (False, None)
    assert (bench.state(item), bench.item(item).verdict) == (ESCALATED, None)
    assert bench.item(item).state_since > was, "it waits since now, and not since it came"
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert [said.value for said in task.statements or ()] == [REAL, value]
    bench.label(root, item, FAKE)
    assert (bench.state(item), bench.item(item).verdict) == (RESOLVED, FAKE)
    bench.undo(root)
    assert bench.state(item) is ESCALATED, "the first answer alone settles it no more"


def test_a_second_look_that_is_taken_back_leaves_the_verdict_as_it_was(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    item = bench.take_until(ben, settled(bench, factory, ada))
    bench.label(ben, item, FAKE)
    assert bench.take(root, Queue.ESCALATED) == [item]
    assert bench.undo(ben) == item
    assert (bench.state(item), bench.item(item).verdict) == (RESOLVED, REAL)
    assert bench.take(root, Queue.ESCALATED) == [], "whoever was to decide lets go"
    assert bench.take(ben) == [item]
    given = bench.label(ben, item, FAKE)
    bench.change(ben, given.client_id, REAL)
    assert (bench.state(item), bench.item(item).verdict) == (RESOLVED, REAL)
    assert [label.extra for label in bench.in_force(item)] == [False, False]
    assert bench.first_broken() is None


def test_nobody_else_is_shown_what_somebody_looks_at_or_has_looked_at(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada)
    item = bench.take_until(ben, drawn)
    others = (factory.person(f"other-{n}") for n in count())
    assert _seen_by(bench, next(others), 30).isdisjoint(drawn)
    bench.label(ben, item, REAL)
    assert _seen_by(bench, next(others), 30).isdisjoint(drawn)


def _seen_by(bench: Bench, person: Person, n: int) -> set[int]:
    seen = set()
    for _ in range(n):
        (item,) = bench.take(person)
        seen.add(item)
        bench.label(person, item)
    return seen


def test_an_answer_after_the_lease_counts_while_nobody_else_looks(
    bench: Bench, factory: Factory, ada: Person, ben: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada)
    item = bench.take_until(ben, drawn)
    bench.clock.pass_minutes(11)
    other = factory.person("other")
    assert bench.take_until(other, drawn) == item
    assert not bench.label(ben, item, FAKE).extra, "nothing tells that it does not count"
    assert bench.state(item) is RESOLVED
    bench.label(other, item, FAKE)
    assert bench.state(item) is ESCALATED


def test_a_known_label_is_told_after_gold_and_after_no_second_look(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada, known=REAL)
    bench.options(root, second_look_share=SHARE, gold_feedback=True)
    assert bench.label(ben, bench.take_until(ben, drawn), REAL).known is None


def test_a_corrected_image_is_looked_at_again_by_nobody(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada)
    factory.correction(root, min(drawn), FAKE)
    assert _seen_by(bench, ben, 40).isdisjoint(drawn)


def test_what_was_drawn_is_evidence_no_more_and_what_was_not_stays(
    bench: Bench, factory: Factory, ada: Person, chosen: None, database: Database
) -> None:
    items = factory.items(60)
    for item in items:
        factory.decision(item)
        factory.prediction(item)
        bench.label(ada, bench.take(ada)[0], REAL)
    drawn = {look.item_id for look in draws(database)}
    bench.clock.pass_minutes(61)
    with database.read() as repos:
        reasons = {i: repos.calibration.uncounted(i, bench.clock.now) for i in items}
        counted = len(repos.calibration.rows("checkpoint-1", "variational", bench.clock.now))
    assert {i for i, why in reasons.items() if why == [Uncounted.SECOND_LOOK]} == drawn
    assert counted == len(items) - len(drawn)


def test_what_waits_falls_by_each_answer_whatever_it_was_on(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    drawn = settled(bench, factory, ada, 20)
    start, seen = bench.clock.now, set()
    told = [bench.review.progress(ben, start).waiting]
    for _ in range(30):
        bench.clock.pass_minutes(0.1)
        (item,) = bench.take(ben)
        seen.add(item)
        bench.label(ben, item, REAL)
        told.append(bench.review.progress(ben, start).waiting)
    assert len(seen & drawn) > 4
    assert told == list(range(200, 169, -1))


def test_a_draw_is_made_anew_for_another_answer(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, chosen: None
) -> None:
    """So the chance of the answer that stays is what the admin chose, however often it changed."""
    factory.items(150)
    for _ in range(150):
        (item,) = bench.take(ada)
        given = bench.label(ada, item, REAL)
        bench.change(ada, given.client_id, FAKE)
    with bench.database.read() as repos:
        looks = repos.session.query(SecondLook).all()
        standing = [x for x in looks if repos.labels.successor_of(x.label_id) is None]
    assert 15 <= len(standing) <= 47  # 30 expected; 99.9% lie between
    assert len(standing) < len(looks)


def test_of_a_backlog_the_oldest_draw_comes_first_however_many_came_since(
    bench: Bench, factory: Factory, ada: Person, ben: Person, chosen: None, database: Database
) -> None:
    (old,) = settled(bench, factory, ada)
    since = factory.items(320, RESOLVED, verdict=REAL)
    with database.write() as repos:
        for item in since:  # of ben's own answers, which he is never shown
            label = Label(client_id=f"since-{item}", item_id=item, user_id=ben.id, value=REAL)
            label.blind = True
            repos.second_looks.add(item, repos.labels.add(label).id, SHARE)
    with database.read() as repos:
        assert [one.id for one in repos.second_looks.waiting(ben.id, 3, bench.clock.now)] == [old]
        found = repos.second_looks.waiting(ada.id, 3, bench.clock.now)
    assert [one.id for one in found] == since[:3]


def awaited(database: Database) -> dict[int, int]:
    """Whose answer somebody may still look at, by item, as the labels say it."""
    with database.read() as repos:
        corrected = {row.item_id for row in repos.session.query(Correction)}
        found = {}
        for look in repos.session.query(SecondLook):
            in_force = [x for x in repos.labels.in_force(look.item_id) if not x.extra]
            if [x.id for x in in_force] == [look.label_id] and look.item_id not in corrected:
                found[look.item_id] = in_force[0].user_id
    return found


def kept(database: Database) -> dict[int, int]:
    with database.read() as repos:
        return {row.item_id: row.user_id for row in repos.session.query(AwaitedLook)}


def test_what_may_still_be_looked_at_is_kept_whatever_people_do(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person, database: Database
) -> None:
    bench.options(root, second_look_share=SHARE, undo_minutes=2)
    factory.items(400)
    coin, seen = Random(3), 0
    for step in range(250):
        person = coin.choice((ada, ben))
        bench.clock.pass_minutes(coin.choice((0.1, 1.0, 3.0)))
        if step % 7 == 0 and (held := bench.take(root, Queue.ESCALATED)):
            bench.label(root, held[0], FAKE)
        (item,) = bench.take(person)
        given = bench.label(person, item, coin.choice((REAL, REAL, FAKE)))
        if step % 5 == 0:
            bench.change(person, given.client_id, FAKE)
        elif step % 9 == 0:
            bench.undo(person)
        if step % 25 == 0 and (open_yet := awaited(database)):
            factory.correction(root, min(open_yet), FAKE)
        if step % 10 == 0:
            assert kept(database) == awaited(database)
            seen += len(awaited(database))
    assert kept(database) == awaited(database)
    assert seen > 3
