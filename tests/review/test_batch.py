"""Several answers in one call: as one after the other, each taken or refused alone."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from review_app.core.errors import ClaimLostError, ConflictError, NotFoundError
from review_app.core.permissions import Person
from review_app.review.batch import (
    MAX_ENTRIES,
    ChangeEntry,
    Entry,
    LabelEntry,
    SkipEntry,
    UndoEntry,
)
from review_app.review.requests import MAX_AHEAD, Answers
from review_app.review.taking import ALWAYS, SHARE
from storage.enums import AuditKind, ItemState, LabelValue
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, Bench


def label(bench: Bench, item_id: int, value: LabelValue = REAL, client_id: str = "") -> LabelEntry:
    client_id = client_id or f"label-of-{item_id}-{value}"
    handle = bench.handle(item_id)
    return LabelEntry(kind="label", client_id=client_id, item_id=handle, value=value)


def skip(bench: Bench, item_id: int) -> SkipEntry:
    client_id = f"skip-of-{item_id}"
    return SkipEntry(kind="skip", client_id=client_id, item_id=bench.handle(item_id))


def undo(of: str | None = None, client_id: str = "an-undo-1") -> UndoEntry:
    return UndoEntry(kind="undo", client_id=client_id, of=of)


def test_each_entry_is_taken_in_its_order(bench: Bench, factory: Factory, ada: Person) -> None:
    first, second, third = factory.items(3)
    bench.take(ada, n=3)
    entries: list[Entry] = [
        label(bench, first, FAKE),
        skip(bench, second),
        label(bench, third),
        undo(),
        label(bench, third, FAKE),
    ]
    outcomes = bench.review.answer(ada, entries)
    assert [outcome.client_id for outcome in outcomes] == [entry.client_id for entry in entries]
    assert not any(outcome.refusal for outcome in outcomes)
    answered = bench.items(outcome.receipt.item_id for outcome in outcomes if outcome.receipt)
    assert answered == [first, third, third]
    assert bench.items(outcome.task.item_id for outcome in outcomes if outcome.task) == [third]
    assert [row.value for row in bench.in_force(third)] == [FAKE]
    assert bench.state(second) is ItemState.IN_REVIEW
    assert bench.item(second).open_slots == 1
    assert bench.first_broken() is None


def test_a_refused_entry_changes_nothing_and_holds_up_none(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    mine, other, last = factory.items(3)
    assert bench.take(ada) == [mine]
    bench.take(factory.person())
    assert bench.take(ada, n=2) == [mine, last]
    outcomes = bench.review.answer(
        ada, [label(bench, mine), label(bench, other), skip(bench, other), label(bench, last)]
    )
    assert [type(outcome.refusal) for outcome in outcomes] == [
        type(None), ClaimLostError, ClaimLostError, type(None)
    ]  # fmt: skip
    assert bench.in_force(other) == []
    assert bench.state(mine) is bench.state(last) is ItemState.RESOLVED


def test_an_undo_of_a_refused_answer_does_not_reach_an_older_one(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    first, never_held = factory.items(2)
    bench.take(ada)
    refused = label(bench, never_held)
    outcomes = bench.review.answer(ada, [label(bench, first), refused, undo(of=refused.client_id)])
    assert [type(outcome.refusal) for outcome in outcomes] == [
        type(None), ClaimLostError, ConflictError
    ]  # fmt: skip
    assert [row.value for row in bench.in_force(first)] == [REAL]


def test_sending_a_call_again_stores_nothing_twice(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    first, second = factory.items(2)
    bench.take(ada, n=2)
    entries: list[Entry] = [label(bench, first), skip(bench, second)]
    once, again = bench.review.answer(ada, entries), bench.review.answer(ada, entries)
    assert again == once
    more: list[Entry] = [*entries, undo(), label(bench, first, FAKE)]
    for _ in range(2):
        bench.review.answer(ada, more)
    assert [row.value for row in bench.in_force(first)] == [FAKE]
    kinds = Counter(event.kind for event in bench.events(first))
    assert (kinds[AuditKind.LABELLED], kinds[AuditKind.UNDONE]) == (2, 1)


def test_an_answer_can_be_changed_in_the_call_that_brings_it(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    (item,) = factory.items(1)
    bench.take(ada)
    given = label(bench, item, FAKE, "the-answer-1")
    change = ChangeEntry(kind="change", client_id="the-change-1", of="the-answer-1", value=REAL)
    lost = ChangeEntry(kind="change", client_id="the-change-2", of="no-such-answer", value=REAL)
    for _ in range(2):  # sent again, it stores nothing twice
        outcomes = bench.review.answer(ada, [given, change, lost])
        assert [type(outcome.refusal) for outcome in outcomes] == [
            type(None), type(None), NotFoundError
        ]  # fmt: skip
        assert [row.client_id for row in bench.in_force(item)] == ["the-change-1"]
    assert bench.item(item).verdict is REAL
    assert bench.first_broken() is None


def test_a_call_has_an_entry_at_least_and_not_too_many(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item_id = factory.item()
    bench.take(ada)
    entry = label(bench, item_id)
    assert len(Answers(entries=[entry] * MAX_ENTRIES).entries) == MAX_ENTRIES
    for entries in ([], [entry] * (MAX_ENTRIES + 1)):
        with pytest.raises(ValidationError):
            Answers(entries=entries)


def test_where_few_are_open_nobody_holds_more_than_a_share(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    factory.items(5)
    assert len(bench.take(factory.person(), n=MAX_AHEAD)) == ALWAYS
    factory.items(10 * SHARE)
    assert len(bench.take(ada, n=MAX_AHEAD)) == 10
    assert len(bench.take(ben, n=MAX_AHEAD)) == 9


def test_what_is_to_be_kept_stays_when_the_rest_is_given_back(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    first, second, third = factory.items(3)
    bench.take(ada, n=3)
    assert bench.review.release(ada, keep=[bench.handle(first)]) == 2
    assert bench.take(ben, n=3) == [second, third]
    assert bench.take(ada, n=3) == [first]
