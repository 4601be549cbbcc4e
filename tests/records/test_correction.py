"""Corrections: who may put which verdict right, and that evidence never changes by it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_app.audits.reader import audit_report
from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.core.permissions import Person
from review_app.monitoring.reviewers import reviewer_figures
from review_app.records.correction import MAX_LETTERS, VALUES
from review_app.records.filters import Search
from review_app.records.record import Evidence
from review_app.records.service import RecordService
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue, Route
from storage.types import utc_now
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNDECIDABLE, UNSURE, Bench

WHY = "The agency sent the raw file."


def accepted(factory: Factory, route: str = "accept_fake") -> int:
    """An item that a certified policy accepted."""
    item = factory.item(ItemState.AUTO_ACCEPTED)
    factory.policy(2, "certified")
    factory.decision(item, policy_version=2, route=route, reasons=["confident"])
    return item


def test_a_final_verdict_is_corrected_and_corrected_again_and_both_stay_on_record(
    records: RecordService, bench: Bench, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE)
    first = records.correct(root, item, "real", f"  {WHY} ")
    assert (first.was, first.value, first.reason) == (FAKE, REAL, WHY)
    second = records.correct(root, item, "undecidable", "It was the wrong raw file.")
    assert (second.was, second.value) == (REAL, UNDECIDABLE)
    record = records.show(root, item)
    assert [(c.was, c.value) for c in record.corrections] == [(FAKE, REAL), (REAL, UNDECIDABLE)]
    assert record.verdict is FAKE
    assert [e.kind for e in bench.events(item)][-2:] == [AuditKind.CORRECTED] * 2
    assert bench.events(item)[-1].details["was"] == REAL
    assert bench.first_broken() is None
    assert record.happenings[-1].text == "Corrected the verdict from real to undecidable."


@pytest.mark.parametrize(("route", "was"), [("accept_fake", FAKE), ("accept_real", REAL)])
def test_what_the_policy_accepted_is_corrected_from_what_it_was_accepted_as(
    route: str,
    was: LabelValue,
    records: RecordService,
    bench: Bench,
    factory: Factory,
    root: Person,
) -> None:
    item = accepted(factory, route)
    with pytest.raises(ConflictError, match=f"held to be {was} already"):
        records.correct(root, item, was.value, WHY)
    assert records.correct(root, item, "undecidable", WHY).was is was
    assert bench.state(item) is ItemState.AUTO_ACCEPTED


@pytest.mark.parametrize("state", [ItemState.IN_REVIEW, ItemState.ESCALATED])
def test_what_waits_for_people_is_answered_and_not_corrected(
    state: ItemState, records: RecordService, factory: Factory, root: Person
) -> None:
    with pytest.raises(ConflictError, match="answer it on the Review page"):
        records.correct(root, factory.item(state), "real", WHY)


@pytest.mark.parametrize("state", [ItemState.PENDING, ItemState.FAILED])
def test_what_has_no_verdict_cannot_be_corrected(
    state: ItemState, records: RecordService, factory: Factory, root: Person
) -> None:
    with pytest.raises(ConflictError, match="no verdict"):
        records.correct(root, factory.item(state), "real", WHY)


def test_a_verdict_that_can_still_be_taken_back_is_left_to_whoever_gave_it(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    factory.review_options(undo_minutes=10)
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, FAKE)
    with pytest.raises(ConflictError, match="until 2026-03-01 09:10 UTC"):
        records.correct(root, item, "real", WHY)
    bench.clock.pass_minutes(10)
    assert records.correct(root, item, "real", WHY).was is FAKE


@pytest.mark.parametrize("value", [None, "", "unsure", "Real", "maybe"])
def test_only_what_an_image_can_be_is_a_correction(
    value: str | None, records: RecordService, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE)
    with pytest.raises(InputError, match="real, fake or undecidable"):
        records.correct(root, item, value, WHY)


@pytest.mark.parametrize("reason", [None, "", " \n ", "x" * (MAX_LETTERS + 1)])
def test_a_reason_is_given_and_not_too_long(
    reason: str | None, records: RecordService, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE)
    with pytest.raises(InputError, match="reason"):
        records.correct(root, item, "real", reason)


def test_only_admins_correct_and_not_what_is_in_their_own_hands_or_nowhere(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE, known=FAKE)
    with pytest.raises(NotAllowedError):
        records.correct(ada, item, "real", WHY)
    with pytest.raises(NotAllowedError):
        records.propose(ada, item, "real", WHY)
    with pytest.raises(NotFoundError):
        records.correct(root, 99, "real", WHY)
    held = factory.item()
    assert bench.take(root) == [held]
    with pytest.raises(ConflictError, match="in your hands"):
        records.correct(root, held, "real", WHY)
    assert records.show(root, item).corrections == ()


def test_a_proposal_changes_nothing(
    records: RecordService, bench: Bench, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=FAKE, decided=True)
    factory.prediction(item)
    before = len(bench.events(item))
    assert records.propose(root, item, "real", WHY).evidence == (Evidence.CALIBRATION,)
    assert len(bench.events(item)) == before
    assert records.show(root, item).corrections == ()


def test_images_are_found_by_the_verdict_that_stands(
    records: RecordService, factory: Factory, root: Person
) -> None:
    fake = factory.item(ItemState.RESOLVED, verdict=FAKE)
    wrong = factory.item(ItemState.RESOLVED, verdict=FAKE)
    wrong_too = accepted(factory)
    for item in (wrong, wrong_too):
        records.correct(root, item, "real", WHY)

    def found(search: Search) -> list[int]:
        return [line.item_id for line in records.find(root, search).lines]

    assert found(Search(verdict=FAKE)) == [fake]
    assert found(Search(verdict=REAL)) == [wrong_too, wrong]
    assert found(Search(corrected=True)) == [wrong_too, wrong]
    assert found(Search(corrected=True, state=ItemState.RESOLVED)) == [wrong]
    line = records.find(root, Search(f"#{wrong}")).lines[0]
    assert (line.verdict, line.corrected) == (REAL, True)


def test_a_correction_of_what_is_judged_again_is_not_told_to_whoever_may_judge_it(
    records: RecordService, factory: Factory, root: Person
) -> None:
    item = factory.item(ItemState.IN_REVIEW)
    factory.correction(root, item, REAL)
    assert records.show(root, item).corrections == ()
    assert records.find(root, Search(corrected=True)).lines == ()
    assert records.find(root, Search(verdict=REAL)).lines == ()


def test_a_corrected_image_is_gold_no_longer(
    records: RecordService, bench: Bench, factory: Factory, root: Person, ada: Person
) -> None:
    factory.review_options(gold_share=0.5)
    right, wrong = (
        factory.item(ItemState.RESOLVED, verdict=FAKE, known=FAKE, rank=rank, decided=True)
        for rank in (1, 2)
    )
    factory.items(200)
    records.correct(root, wrong, "real", WHY)
    taken = bench.take(ada, n=10)
    assert right in taken
    assert wrong not in taken


def evidence_in(database: Database) -> tuple[Any, ...]:
    """All that certificates, audits, the alarm and reviewers' figures are read from."""
    with database.read() as repos:
        now = utc_now()
        versions = [policy.version for policy in repos.policies.history()]
        return (
            repos.calibration.rows("checkpoint-1", "variational", now),
            repos.audits.settled(versions, now),
            repos.audits.open(versions, now),
            [repos.audits.accepted(versions, route) for route in Route],
            repr(audit_report(database)),
            repr(reviewer_figures(database)),
            [(i.id, i.state, i.verdict, i.final_at) for i in repos.items.get_many(range(1, 50))],
        )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(data=st.data())
def test_evidence_is_the_same_before_and_after_whatever_corrections(
    data: st.DataObject, database: Database, factory: Factory
) -> None:
    with database.read() as repos:
        filled = repos.items.get(1) is not None
    if not filled:
        _fill(factory)
    before = evidence_in(database)
    root, records = factory.admin(), RecordService(database)
    choice = st.tuples(st.integers(1, 12), st.sampled_from(VALUES))
    made = 0
    for item, value in data.draw(st.lists(choice, min_size=1, max_size=8)):
        try:
            records.correct(root, item, value, WHY)
            made += 1
        except ConflictError:
            continue
    assert evidence_in(database) == before
    with database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.CORRECTED)) >= made
        assert repos.audit.first_broken() is None


def _fill(factory: Factory) -> None:
    """Twelve items: known, reviewed, audited, accepted, and some that wait."""
    person = factory.person()
    for value in (REAL, FAKE, UNSURE):
        items = [
            factory.item(ItemState.RESOLVED, verdict=value, known=REAL),
            factory.item(ItemState.RESOLVED, verdict=value, decided=True),
            factory.item(ItemState.RESOLVED, verdict=value),
        ]
        for item in items:
            factory.prediction(item)
            factory.label(person, item, value)
        factory.policy(2, "certified")
        factory.decision(items[2], policy_version=2, audited=True, proposal="accept_real")
    accepted(factory)
    factory.item(ItemState.IN_REVIEW, decided=True)
    factory.item(ItemState.ESCALATED)
