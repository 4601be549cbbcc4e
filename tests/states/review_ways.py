"""A way to each step of an item that people take, at a real review desk."""

from __future__ import annotations

from collections.abc import Callable

from review_app.core.permissions import Person
from review_app.review.tasks import Queue
from storage.enums import AuditKind, ItemState
from storage.states import Transition
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench

REVIEW, ESCALATED, RESOLVED = ItemState.IN_REVIEW, ItemState.ESCALATED, ItemState.RESOLVED
ADA, BEN = "answer-of-ada", "answer-of-ben"


class Desk:
    """A desk, and three people at it."""

    def __init__(self, bench: Bench, factory: Factory) -> None:
        self.bench, self.factory = bench, factory
        self.ada, self.ben = factory.person("ada"), factory.person("ben")
        self.root = factory.admin("root")
        bench.options(self.root, undo_minutes=60)

    def item(self, needed: int = 1) -> int:
        """A new item; ada holds it, and ben too where it needs two answers."""
        item = self.factory.item(needed_labels=needed)
        for person in (self.ada, self.ben)[:needed]:
            assert self.bench.take(person) == [item]
        return item

    def decided(self) -> int:
        """An item that ada was unsure of, so that an admin decided it."""
        item = self.item()
        self.bench.label(self.ada, item, UNSURE)
        self.bench.take(self.root, Queue.ESCALATED)
        self.bench.label(self.root, item, FAKE)
        return item

    def escalated_of_two(self) -> int:
        """An item that ada leaves to an admin while ben, who was asked too, has yet to answer."""
        item = self.item(needed=2)
        self.bench.label(self.ada, item, REAL, ADA, escalation="the hands")
        return item

    def late(self) -> int:
        """An item that ben settled after ada's lease had run out."""
        item = self.item()
        self.bench.clock.pass_minutes(10)
        self.bench.take(self.ben)
        self.bench.label(self.ben, item, REAL)
        return item

    def looked_at_again(self) -> int:
        """An item that ada settled, and that ben holds to look at it again."""
        item = self.item()
        self.bench.label(self.ada, item, REAL)
        (given,) = self.bench.in_force(item)
        self.factory.second_look(item, given.id)
        self.bench.clock.pass_minutes(61)
        self.bench.options(self.root, undo_minutes=60, second_look_share=0.2)
        self.factory.items(40)
        return self.bench.take_until(self.ben, {item})

    def label(self, person: Person, item: int, value: object, known_as: str, **more: str) -> None:
        self.bench.label(person, item, value, known_as, **more)  # type: ignore[arg-type]


def _labelled_of_two(desk: Desk) -> None:
    desk.label(desk.ada, desk.item(needed=2), REAL, ADA)


def _labelled(desk: Desk) -> None:
    desk.label(desk.ada, desk.item(), REAL, ADA)


def _unsure(desk: Desk) -> None:
    desk.label(desk.ada, desk.item(), UNSURE, ADA)


def _change_of_two(desk: Desk) -> None:
    _labelled_of_two(desk)
    desk.bench.change(desk.ada, ADA, FAKE)


def _change_to_escalation(desk: Desk) -> None:
    _labelled_of_two(desk)
    desk.bench.change(desk.ada, ADA, REAL, escalation="the ears")


def _undo_of_two(desk: Desk) -> None:
    _labelled_of_two(desk)
    desk.bench.undo(desk.ada)


def _second_after_escalation(desk: Desk) -> None:
    desk.label(desk.ben, desk.escalated_of_two(), REAL, BEN)


def _adjudicated(desk: Desk) -> None:
    desk.decided()


def _escalation_called_off(desk: Desk) -> None:
    desk.escalated_of_two()
    desk.bench.change(desk.ada, ADA, REAL)


def _second_changed_after_escalation(desk: Desk) -> None:
    _second_after_escalation(desk)
    desk.bench.change(desk.ben, BEN, FAKE)


def _unsure_no_more(desk: Desk) -> None:
    _unsure(desk)
    desk.bench.change(desk.ada, ADA, FAKE)


def _unsure_undone(desk: Desk) -> None:
    _unsure(desk)
    desk.bench.undo(desk.ada)


def _second_undone_after_escalation(desk: Desk) -> None:
    _second_after_escalation(desk)
    desk.bench.undo(desk.ben)


def _late(desk: Desk) -> None:
    desk.label(desk.ada, desk.late(), FAKE, ADA)


def _change(desk: Desk) -> None:
    _labelled(desk)
    desk.bench.change(desk.ada, ADA, FAKE)


def _change_to_unsure(desk: Desk) -> None:
    _labelled(desk)
    desk.bench.change(desk.ada, ADA, UNSURE)


def _undo(desk: Desk) -> None:
    _labelled(desk)
    desk.bench.undo(desk.ada)


def _adjudication_undone(desk: Desk) -> None:
    desk.decided()
    desk.bench.undo(desk.root)


def _late_undone(desk: Desk) -> None:
    _late(desk)
    desk.bench.undo(desk.ada)


def _second_look_differs(desk: Desk) -> None:
    desk.label(desk.ben, desk.looked_at_again(), FAKE, BEN)


def _second_look_undone(desk: Desk) -> None:
    _second_look_differs(desk)
    desk.bench.undo(desk.ben)


LABELLED, CHANGED, UNDONE = AuditKind.LABELLED, AuditKind.CHANGED, AuditKind.UNDONE
WAYS: dict[Transition, Callable[[Desk], None]] = {
    Transition(REVIEW, LABELLED, REVIEW): _labelled_of_two,
    Transition(REVIEW, LABELLED, RESOLVED): _labelled,
    Transition(REVIEW, LABELLED, ESCALATED): _unsure,
    Transition(REVIEW, CHANGED, REVIEW): _change_of_two,
    Transition(REVIEW, CHANGED, ESCALATED): _change_to_escalation,
    Transition(REVIEW, UNDONE, REVIEW): _undo_of_two,
    Transition(ESCALATED, LABELLED, ESCALATED): _second_after_escalation,
    Transition(ESCALATED, LABELLED, RESOLVED): _adjudicated,
    Transition(ESCALATED, CHANGED, REVIEW): _escalation_called_off,
    Transition(ESCALATED, CHANGED, ESCALATED): _second_changed_after_escalation,
    Transition(ESCALATED, CHANGED, RESOLVED): _unsure_no_more,
    Transition(ESCALATED, UNDONE, REVIEW): _unsure_undone,
    Transition(ESCALATED, UNDONE, ESCALATED): _second_undone_after_escalation,
    Transition(ESCALATED, UNDONE, RESOLVED): _second_look_undone,
    Transition(RESOLVED, LABELLED, ESCALATED): _second_look_differs,
    Transition(RESOLVED, LABELLED, RESOLVED): _late,
    Transition(RESOLVED, CHANGED, ESCALATED): _change_to_unsure,
    Transition(RESOLVED, CHANGED, RESOLVED): _change,
    Transition(RESOLVED, UNDONE, REVIEW): _undo,
    Transition(RESOLVED, UNDONE, ESCALATED): _adjudication_undone,
    Transition(RESOLVED, UNDONE, RESOLVED): _late_undone,
}
"""Each ends with the step."""
