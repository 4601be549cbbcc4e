"""Asking an admin: with a reason, at once, and what the admin then sees."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from review_app.core.permissions import Person
from review_app.review.tasks import AnswerInput, Queue
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNDECIDABLE, UNSURE, Bench

REASON = "a public figure, days before a vote"


def test_an_escalated_item_goes_to_the_admins_at_once_with_its_reason(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item(needed_labels=2)
    bench.take(ada)
    bench.label(ada, item, FAKE, comment="lips", tags=("face swap",), escalation=f" {REASON} ")
    assert bench.state(item) is ItemState.ESCALATED
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert task.statements is not None
    (said,) = task.statements
    assert (said.value, said.comment, said.tags) == (FAKE, "lips", ("face swap",))
    assert (said.escalation, said.own) == (REASON, False)
    assert "ada" not in task.model_dump_json()
    bench.label(root, item, REAL)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, REAL)


def test_nobody_else_is_told_what_others_said(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    factory.item(needed_labels=3)
    bench.label(ada, bench.take(ada)[0], FAKE, comment="lips")
    for person in (ben, root):
        (task,) = bench.review.take(person)
        assert task.statements is None


def test_who_was_asked_before_the_escalation_still_counts(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    item = factory.item(needed_labels=2)
    bench.take(ada)
    bench.take(ben)
    bench.label(ada, item, UNSURE, escalation=REASON)
    assert bench.take(root, Queue.ESCALATED) == []  # ben still looks at it
    assert not bench.label(ben, item, FAKE).extra
    assert bench.state(item) is ItemState.ESCALATED
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert [said.value for said in task.statements or ()] == [UNSURE, FAKE]


def test_an_escalation_taken_back_leaves_the_item_with_the_reviewers(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, FAKE, escalation=REASON)
    assert bench.take(root, Queue.ESCALATED) == [item]
    bench.undo(ada)
    assert bench.state(item) is ItemState.IN_REVIEW
    bench.label(ada, item, FAKE)
    assert bench.item(item).verdict is FAKE
    assert bench.first_broken() is None


def test_an_admin_who_escalates_decides_nothing(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    assert bench.label(root, item, FAKE, escalation="not mine to say").extra
    assert bench.state(item) is ItemState.ESCALATED


def test_that_nobody_can_tell_takes_two_people_or_an_admin(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    alone, together = factory.item(rank=0), factory.item(rank=1, needed_labels=2)
    bench.take(ada, n=2)
    bench.take(ben, n=2)
    bench.label(ada, alone, UNDECIDABLE)
    assert bench.state(alone) is ItemState.ESCALATED
    bench.take(root, Queue.ESCALATED)
    bench.label(root, alone, UNDECIDABLE)
    bench.label(ada, together, UNDECIDABLE)
    bench.label(ben, together, UNDECIDABLE)
    for item in (alone, together):
        assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, UNDECIDABLE)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_an_escalation_needs_a_reason_of_some_length(reason: str) -> None:
    with pytest.raises(ValidationError):
        AnswerInput(client_id="answer-0001", item_id=1, value=FAKE, escalation=reason)


def test_tags_are_kept_as_said_whatever_the_list_is_now(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    """An answer that waited in somebody's browser must not be refused for a list that changed."""
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, FAKE, tags=("once on the list", " other ", "other"))
    (label,) = bench.in_force(item)
    assert label.tags == ["once on the list", "other"]


@pytest.mark.parametrize("tag", ["", " ", "a;b", "two\nlines", "x" * 61])
def test_a_tag_that_exports_could_not_hold_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        AnswerInput(client_id="answer-0001", item_id=1, value=FAKE, tags=(tag,))


def test_what_another_admin_has_decided_meanwhile_is_not_decided_anew(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    second = factory.admin("second")
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE, escalation=REASON)
    assert bench.take(root, Queue.ESCALATED) == [item]
    bench.clock.pass_minutes(60 * 24)
    assert bench.take(second, Queue.ESCALATED) == [item]
    bench.label(second, item, FAKE)
    late = bench.label(root, item, REAL)  # the page was open all day
    assert late.extra  # which it says: kept beside the others, and decides nothing
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)
