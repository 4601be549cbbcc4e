"""Any sequence of moves by three people leaves the queue whole.

A model of the queue runs beside the real desk on a real database file; after every step the two
are compared, and the rules that may never break are checked on what is stored.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from review_app.errors import ClaimLostError, ConflictError, NotFoundError
from review_app.permissions import Person
from review_app.review.consensus import settle
from review_app.review.tasks import Queue, Submission
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import AuditEvent, Claim, Item, Label
from storage.repositories.items import Move
from tests.factories import Factory
from tests.review.desks import Bench

PEOPLE = st.integers(0, 2)
N_ITEMS = 4
ITEMS = st.integers(0, N_ITEMS - 1)
VALUES = st.sampled_from(list(LabelValue))
LABELS = AuditKind.LABELLED, AuditKind.UNDONE


class ReviewMachine(RuleBasedStateMachine):
    """Two reviewers and an admin, a few items, and everything that can happen to them."""

    folder: Path
    template: Path

    @initialize(needed=st.integers(1, 3))
    def open_desk(self, needed: int) -> None:
        path = Path(tempfile.mkdtemp(dir=self.folder)) / "review.db"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}")
        factory = Factory(self.database)
        self.bench = Bench(self.database)
        self.people = [factory.person("ada"), factory.person("ben"), factory.admin("root")]
        self.items = factory.items(N_ITEMS, ItemState.PENDING, needed_labels=needed)
        self.needed = needed
        self.sent: dict[str, tuple[Person, Submission]] = {}
        self.acknowledged: dict[str, tuple[int, int, LabelValue]] = {}
        self.answered_late: set[int] = set()
        self.skipped: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()

    # What people do

    @rule(who=PEOPLE, n=st.integers(1, 3))
    def take(self, who: int, n: int) -> None:
        person = self.people[who]
        for item_id in self.bench.take(person, n=n):
            assert (person.id, item_id) not in self.skipped
            assert self.bench.state(item_id) is ItemState.IN_REVIEW

    @rule(n=st.integers(1, 3))
    def adjudicate(self, n: int) -> None:
        admin = self.people[2]
        for item_id in self.bench.take(admin, Queue.ESCALATED, n):
            assert (admin.id, item_id) not in self.skipped
            assert self.bench.state(item_id) is ItemState.ESCALATED

    @rule(who=PEOPLE, which=ITEMS, value=VALUES)
    def label(self, who: int, which: int, value: LabelValue) -> None:
        person, item_id = self.people[who], self.items[which]
        answer = Submission(client_id=self.bench.new_id(), item_id=item_id, value=value)
        held = (item_id, person.id) in self._live()
        try:
            receipt = self.bench.desk.label(person, answer)
        except (ClaimLostError, ConflictError):
            return
        assert not (held and receipt.extra and item_id not in self.answered_late)
        if not held:
            self.answered_late.add(item_id)
        self.sent[answer.client_id] = (person, answer)
        self.acknowledged[answer.client_id] = (person.id, item_id, value)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        person, answer = self.sent[data.draw(st.sampled_from(sorted(self.sent)))]
        before = self._labels()
        assert self.bench.desk.label(person, answer).client_id == answer.client_id
        assert self._labels() == before

    @rule(who=PEOPLE, which=ITEMS)
    def skip(self, who: int, which: int) -> None:
        person, item_id = self.people[who], self.items[which]
        try:
            self.bench.desk.skip(person, item_id)
        except (ClaimLostError, ConflictError):
            return
        self.skipped.add((person.id, item_id))

    @rule(who=PEOPLE, twice=st.booleans())
    def undo(self, who: int, twice: bool) -> None:
        person, client_id = self.people[who], self.bench.new_id()
        mine = [label for label in self._labels() if label[1] == person.id]
        try:
            task = self.bench.desk.undo(person, client_id)
        except (NotFoundError, ConflictError):
            return
        if twice:
            assert self.bench.desk.undo(person, client_id) == task
        left = [label for label in self._labels() if label[1] == person.id]
        assert len(left) == len(mine) - 1
        assert task.item_id in {item_id for _, _, item_id, _ in set(mine) - set(left)}

    @rule(who=PEOPLE)
    def release(self, who: int) -> None:
        self.bench.desk.release(self.people[who])
        assert not any(user == self.people[who].id for _, user in self._live())

    @rule(who=PEOPLE)
    def heartbeat(self, who: int) -> None:
        self.bench.desk.heartbeat(self.people[who])

    # What happens around them

    @rule(minutes=st.sampled_from([1, 5, 10, 30]))
    def time_passes(self, minutes: int) -> None:
        self.bench.clock.pass_minutes(minutes)

    @rule(which=ITEMS, state=st.sampled_from([ItemState.IN_REVIEW, ItemState.AUTO_ACCEPTED]))
    def triage(self, which: int, state: ItemState) -> None:
        """As the pipeline does: pending items, and those in review that nobody has touched."""
        with self.database.write() as repos:
            free = repos.items.in_state(ItemState.PENDING, N_ITEMS)
            free += repos.items.untouched_in_review(N_ITEMS)
            if self.items[which] in {item.id for item in free}:
                repos.items.move("triage", [Move(self.items[which], state, AuditKind.TRIAGED)])

    # What may never break

    @invariant()
    def no_answer_is_lost(self) -> None:
        with self.database.read() as repos:
            rows = repos.session.scalars(select(Label).where(Label.value.is_not(None)))
            stored = {row.client_id: (row.user_id, row.item_id, row.value) for row in rows}
        assert stored == self.acknowledged

    @invariant()
    def nobody_holds_an_item_twice(self) -> None:
        assert max(Counter(self._live()).values(), default=0) <= 1

    @invariant()
    def no_slot_is_given_twice(self) -> None:
        """Unless somebody answered late, when the item was in other hands already."""
        with self.database.read() as repos:
            for item in repos.session.scalars(select(Item)):
                counted = [label for label in repos.labels.in_force(item.id) if not label.extra]
                live = repos.claims.live_on(item.id)
                decided = any(label.adjudicates for label in counted)
                assert len(counted) <= item.needed_labels + decided
                slots = (
                    1 if item.state is ItemState.ESCALATED else item.needed_labels - len(counted)
                )
                if item.state in (ItemState.IN_REVIEW, ItemState.ESCALATED):
                    assert item.open_slots == slots - len(live)
                    assert item.open_slots >= 0 or item.id in self.answered_late

    @invariant()
    def each_item_is_where_its_answers_put_it(self) -> None:
        with self.database.read() as repos:
            for item in repos.session.scalars(select(Item)):
                counted = [label for label in repos.labels.in_force(item.id) if not label.extra]
                if not counted:
                    assert item.verdict is None
                    assert item.state not in (ItemState.RESOLVED, ItemState.ESCALATED)
                    continue
                decisions = [label.value for label in counted if label.adjudicates]
                if decisions:
                    assert (item.state, item.verdict) == (ItemState.RESOLVED, decisions[-1])
                else:
                    expected = settle([x.value for x in counted if x.value], item.needed_labels)
                    assert (item.state, item.verdict) == (expected.state, expected.verdict)

    @invariant()
    def the_log_tells_every_change_and_is_whole(self) -> None:
        with self.database.read() as repos:
            assert repos.audit.first_broken() is None
            events = list(repos.session.scalars(select(AuditEvent).order_by(AuditEvent.id)))
            states = {item.id: item.state for item in repos.session.scalars(select(Item))}
            n_labels = len(list(repos.session.scalars(select(Label.id))))
        told: dict[int, ItemState | None] = {}
        for event in events:
            if event.item_id is not None:
                assert event.from_state == told.get(event.item_id)
                told[event.item_id] = event.to_state
        assert told == states
        assert sum(event.kind in LABELS for event in events) == n_labels

    def _labels(self) -> set[tuple[int, int, int, LabelValue | None]]:
        """Labels in force: id, user, item, value."""
        with self.database.read() as repos:
            return {
                (label.id, label.user_id, label.item_id, label.value)
                for item_id in self.items
                for label in repos.labels.in_force(item_id)
            }

    def _live(self) -> list[tuple[int, int]]:
        """Item and user of every claim whose lease runs."""
        with self.database.read() as repos:
            query = select(Claim.item_id, Claim.user_id).where(
                Claim.ended_at.is_(None), Claim.expires_at > self.bench.clock.now
            )
            return [(item_id, user_id) for item_id, user_id in repos.session.execute(query)]


def test_no_sequence_of_moves_breaks_the_queue(migrated_file: Path, tmp_path: Path) -> None:
    ReviewMachine.folder, ReviewMachine.template = tmp_path, migrated_file
    run_state_machine_as_test(
        ReviewMachine, settings=settings(max_examples=30, stateful_step_count=40, deadline=None)
    )
