"""What somebody takes back comes back to them whole: answer, comment, tags, marks and reason."""

from __future__ import annotations

from typing import Any

from review_app.core.permissions import Person
from review_app.review.regions import Region
from review_app.review.tasks import Queue, Task
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench

EAR = Region.model_validate({"shape": "rectangle", "points": [[0.1, 0.2], [0.3, 0.5]]})
SAID: dict[str, Any] = {
    "comment": "<b>lips</b>",
    "tags": ("face swap",),
    "regions": (EAR,),
    "escalation": "a public figure",
}


def withdrawn(task: Task) -> dict[str, Any] | None:
    found = task.model_dump()["withdrawn"]
    return None if found is None else {**found, "regions": task.withdrawn.regions}  # type: ignore[union-attr]


def test_an_undo_gives_back_all_that_was_said(bench: Bench, factory: Factory, ada: Person) -> None:
    item = factory.item()
    assert [task.withdrawn for task in bench.review.take(ada)] == [None]
    bench.label(ada, item, FAKE, "answer-a", **SAID)
    task = bench.review.undo(ada, "undo-0001")
    assert withdrawn(task) == {"client_id": "answer-a", "value": FAKE, **SAID}
    assert bench.review.undo(ada, "undo-0001") == task, "sent again"
    (elsewhere,) = bench.review.take(ada)  # by another device, or after a reload
    assert elsewhere.withdrawn == task.withdrawn
    bench.review.release(ada)
    (later,) = bench.review.take(ada)
    assert later.withdrawn == task.withdrawn


def test_of_two_undone_answers_the_later_one_comes_back(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    for known_as, comment in (("answer-a", "first"), ("answer-b", "second")):
        bench.label(ada, item, REAL, known_as, comment=comment)
        task = bench.review.undo(ada, bench.new_id())
        assert task.withdrawn is not None
        assert (task.withdrawn.client_id, task.withdrawn.comment) == (known_as, comment)
    bench.label(ada, item, REAL, "answer-c")
    bench.change(ada, "answer-c", FAKE, client_id="change-d", comment="third")
    task = bench.review.undo(ada, bench.new_id(), "answer-c")
    assert task.withdrawn is not None
    assert (task.withdrawn.client_id, task.withdrawn.value) == ("change-d", FAKE)


def test_nobody_else_is_told_what_somebody_took_back(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    item = factory.item(needed_labels=2)
    bench.take(ada)
    bench.label(ada, item, FAKE, **SAID)
    bench.undo(ada)
    bench.review.release(ada)
    for person in (ben, root):
        (task,) = bench.review.take(person)
        assert task.withdrawn is None
        assert "lips" not in task.model_dump_json()
    bench.label(ben, item, UNSURE, escalation="not mine")
    assert bench.state(item) is ItemState.ESCALATED
    bench.review.release(root)
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert task.withdrawn is None
    assert "lips" not in task.model_dump_json()


def test_an_admin_gets_a_decision_back_with_what_was_said_of_it(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE, comment="hm")
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, FAKE, comment="the ear", tags=("face swap",))
    bench.undo(root)
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert task.withdrawn is not None
    assert (task.withdrawn.value, task.withdrawn.comment) == (FAKE, "the ear")
    assert [said.comment for said in task.statements or ()] == ["hm"]


def test_an_answer_in_force_is_no_withdrawn_one(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    """A lone admin decides what they answered as a reviewer, once they had taken that back."""
    item = factory.item()
    bench.take(root)
    bench.label(root, item, REAL, comment="first")
    bench.undo(root)
    bench.label(root, item, UNSURE, comment="second")
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert task.withdrawn is None
