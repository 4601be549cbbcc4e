"""Any sequence of moves by three people leaves the queue whole.

A model of the queue runs beside the real service on a real database file; after every step the two
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
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from review_app.core.errors import ClaimLostError, ConflictError, NotFoundError
from review_app.core.permissions import Person
from review_app.review.consensus import settle
from review_app.review.tasks import AnswerChange, AnswerInput, Queue
from storage.database import Database
from storage.enums import AuditKind, ClaimOutcome, ItemState, LabelValue
from storage.models import AuditEvent, Claim, Item, Label
from storage.repositories.items import Move
from storage.repositories.triage_candidates import TriageCandidates
from tests.factories import Factory
from tests.review.bench import FAKE, Bench

N_ITEMS = 6
MOVES = [
    *["take"] * 4,
    *["adjudicate"] * 3,
    *["label"] * 6,
    *["undo"] * 3,
    *["change"] * 2,
    *["escalate"] * 2,
    *["skip", "send_again", "label_anything"],
    *["release", "heartbeat", "time_passes", "triage"],
]
LABELS = AuditKind.LABELLED, AuditKind.UNDONE, AuditKind.CHANGED


class ReviewMachine(RuleBasedStateMachine):
    """Two reviewers and an admin, a few items, and everything that can happen to them."""

    folder: Path
    template: Path

    @initialize(
        needed=st.sampled_from([1, 1, 2, 3]),
        gold_share=st.sampled_from([0, 0.5]),
        undo_minutes=st.sampled_from([1, 5, 60]),
    )
    def open_desk(self, needed: int, gold_share: float, undo_minutes: float) -> None:
        path = Path(tempfile.mkdtemp(dir=self.folder)) / "review.db"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}")
        factory = Factory(self.database)
        self.bench = Bench(self.database)
        self.people = [factory.person("ada"), factory.person("ben"), factory.admin("root")]
        self.items = factory.items(N_ITEMS - 1, needed_labels=needed)
        self.items += factory.items(1, ItemState.PENDING, needed_labels=needed)
        self.gold = set(factory.items(3, ItemState.RESOLVED, known=FAKE, verdict=FAKE))
        for item in self.gold:
            factory.decision(item)
        self.bench.options(
            self.people[2],
            needed_labels=needed,
            gold_share=gold_share,
            undo_minutes=undo_minutes,
        )
        self.final: list[tuple[int, LabelValue | None]] = []
        self.sent: list[tuple[Person, AnswerInput]] = []
        self.changes: list[tuple[Person, AnswerInput]] = []
        self.escalated: set[int] = set()
        self.answered_late: set[int] = set()
        self.skipped: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()

    @rule(
        move=st.sampled_from(MOVES),
        who=st.integers(0, 2),
        pick=st.integers(0, 9),
        value=st.sampled_from(list(LabelValue)),
    )
    def move(self, move: str, who: int, pick: int, value: LabelValue) -> None:
        """One rule for all moves: each then comes as often in every run as ``MOVES`` says."""
        act = getattr(self, move)
        act(self.people[who], pick, value)

    def take(self, person: Person, pick: int, _: LabelValue) -> None:
        self._take(person, Queue.WAITING, 1 + pick % 3)

    def adjudicate(self, _person: Person, pick: int, _: LabelValue) -> None:
        self._take(self.people[2], Queue.ESCALATED, 1 + pick % 3)

    def label(self, _person: Person, pick: int, value: LabelValue) -> None:
        """By somebody who was handed the item: held still, or given up, or run out."""
        if handed_out := self._handed_out():
            user_id, item_id = handed_out[pick % len(handed_out)]
            self._label(self._person(user_id), item_id, value)

    def label_anything(self, person: Person, pick: int, value: LabelValue) -> None:
        self._label(person, self.items[pick % N_ITEMS], value)

    def escalate(self, _person: Person, pick: int, value: LabelValue) -> None:
        if handed_out := self._handed_out():
            user_id, item_id = handed_out[pick % len(handed_out)]
            self.escalated.add(item_id)
            self._label(self._person(user_id), item_id, value, escalation="too much at stake")

    def change(self, person: Person, pick: int, value: LabelValue) -> None:
        own = self.bench.review.recent(person)
        if not own:
            return
        old, before = own[pick % len(own)], self._labels()
        new = AnswerChange(client_id=self.bench.new_id(), of=old.client_id, value=value)
        try:
            self.bench.review.change(person, new)
        except ConflictError:
            assert not old.changeable
            return
        assert old.changeable
        assert {(x[1], x[2]) for x in before} == {(x[1], x[2]) for x in self._labels()}
        assert len(before - self._labels()) == 1
        said = AnswerInput(client_id=new.client_id, item_id=old.item_id, value=value)
        self.changes.append((person, said))

    def send_again(self, _person: Person, pick: int, _: LabelValue) -> None:
        if not self.sent:
            return
        person, answer = self.sent[-1 - pick % len(self.sent)]
        before = self._labels()
        assert self.bench.review.label(person, answer).client_id == answer.client_id
        assert self._labels() == before

    def skip(self, _person: Person, pick: int, _: LabelValue) -> None:
        if handed_out := self._handed_out():
            user_id, item_id = handed_out[pick % len(handed_out)]
            self.bench.skip(self._person(user_id), item_id)
            self.skipped.add((user_id, item_id))

    def undo(self, person: Person, pick: int, _: LabelValue) -> None:
        client_id, before = self.bench.new_id(), self._labels()
        try:
            task = self.bench.review.undo(person, client_id)
        except (NotFoundError, ConflictError):
            return
        if pick % 2:
            assert self.bench.review.undo(person, client_id) == task
        newest = max(label for label in before if label[1] == person.id)
        assert before - self._labels() == {newest}
        (item_id,) = self.bench.items([task.item_id])
        assert item_id == newest[2]
        # Whoever skips as an adjudicator what they answered as a reviewer may ask for it back so.
        self.skipped.discard((person.id, item_id))

    def release(self, person: Person, _pick: int, _: LabelValue) -> None:
        self.bench.review.release(person)
        assert not any(user_id == person.id for _, user_id in self._live())

    def heartbeat(self, person: Person, _pick: int, _: LabelValue) -> None:
        self.bench.review.heartbeat(person)

    def time_passes(self, _person: Person, pick: int, _: LabelValue) -> None:
        self.bench.clock.pass_minutes((1, 4, 11)[pick % 3])

    def triage(self, _person: Person, pick: int, _: LabelValue) -> None:
        """As the pipeline does: pending items, and those in review that nobody has touched."""
        state = ItemState.IN_REVIEW if pick % 2 else ItemState.AUTO_ACCEPTED
        item_id = self.items[pick % N_ITEMS]
        with self.database.write() as repos:
            free = [
                number
                for before in (ItemState.PENDING, ItemState.IN_REVIEW)
                for number in TriageCandidates(repos.session, before, 2, "none", "none", (0, 1))
                .of([item_id])
                .item_id.tolist()
            ]
            if free and self.bench.state(item_id) is not state:
                repos.items.move("triage", [Move(item_id, state, AuditKind.TRIAGED)])

    def _take(self, person: Person, queue: Queue, n: int) -> None:
        for item_id in self.bench.take(person, queue, n):
            assert (person.id, item_id) not in self.skipped
            assert item_id in self.gold or self.bench.state(item_id) is queue.state

    def _label(
        self, person: Person, item_id: int, value: LabelValue, escalation: str | None = None
    ) -> None:
        answer = AnswerInput(
            client_id=self.bench.new_id(),
            item_id=self.bench.handle(item_id, person),
            value=value,
            escalation=escalation,
        )
        held = (item_id, person.id) in self._live()
        try:
            receipt = self.bench.review.label(person, answer)
        except (ClaimLostError, ConflictError):
            return
        undisturbed = item_id not in self.answered_late | self.escalated
        assert not (held and receipt.extra and undisturbed)
        if not held:
            self.answered_late.add(item_id)
        self.sent.append((person, answer))

    # What may never break

    @invariant()
    def no_answer_is_lost(self) -> None:
        with self.database.read() as repos:
            rows = repos.session.scalars(select(Label).where(Label.value.is_not(None)))
            stored = {row.client_id: (row.user_id, row.item_id, row.value) for row in rows}
        assert stored == {
            answer.client_id: (person.id, *self.bench.items([answer.item_id]), answer.value)
            for person, answer in self.sent + self.changes
        }

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
                decisions = sum(label.adjudicates for label in counted)
                assert len(counted) - decisions <= item.needed_labels
                slots = (
                    1 if item.state is ItemState.ESCALATED else item.needed_labels - len(counted)
                )
                if item.state in (ItemState.IN_REVIEW, ItemState.ESCALATED):
                    assert item.open_slots == slots - len(live)
                    disturbed = self.answered_late | self.escalated
                    assert item.open_slots >= 0 or item.id in disturbed

    @invariant()
    def each_item_is_where_its_answers_put_it(self) -> None:
        with self.database.read() as repos:
            for item in repos.session.scalars(select(Item)):
                counted = [label for label in repos.labels.in_force(item.id) if not label.extra]
                if item.id in self.gold:
                    assert (item.state, item.verdict, counted) == (ItemState.RESOLVED, FAKE, [])
                    continue
                if not counted:
                    assert item.verdict is None
                    assert item.state not in (ItemState.RESOLVED, ItemState.ESCALATED)
                    continue
                decisions = [label.value for label in counted if label.adjudicates]
                if decisions:
                    assert (item.state, item.verdict) == (ItemState.RESOLVED, decisions[-1])
                else:
                    escalated = any(label.escalation for label in counted)
                    said = [label.value for label in counted if label.value]
                    expected = settle(said, item.needed_labels, escalated)
                    assert (item.state, item.verdict) == (expected.state, expected.verdict)

    @invariant()
    def what_is_final_stays_and_comes_before_what_becomes_so_later(self) -> None:
        with self.database.read() as repos:
            query = (
                select(Item.id, Item.verdict)
                .where(Item.final_at <= self.bench.clock.now)
                .order_by(Item.final_at, Item.id)
            )
            final = [(item_id, verdict) for item_id, verdict in repos.session.execute(query)]
        assert final[: len(self.final)] == self.final
        self.final = final

    @invariant()
    def the_log_tells_every_change_and_is_whole(self) -> None:
        with self.database.read() as repos:
            assert repos.audit.first_broken() is None
            events = list(repos.session.scalars(select(AuditEvent).order_by(AuditEvent.id)))
            states = {item.id: item.state for item in repos.session.scalars(select(Item))}
            n_labels = len(list(repos.session.scalars(select(Label.id))))
        told: dict[int, ItemState | None] = {}
        for event in events:
            if event.item_id is not None and event.kind is not AuditKind.KNOWN_LABEL:
                assert event.from_state == told.get(event.item_id)
                told[event.item_id] = event.to_state
        assert told == states
        assert sum(event.kind in LABELS for event in events) == n_labels

    def _labels(self) -> set[tuple[int, int, int, LabelValue | None]]:
        """Labels in force: id, user, item, value."""
        with self.database.read() as repos:
            return {
                (label.id, label.user_id, label.item_id, label.value)
                for item_id in [*self.items, *self.gold]
                for label in repos.labels.in_force(item_id)
            }

    def _person(self, user_id: int) -> Person:
        return next(person for person in self.people if person.id == user_id)

    def _handed_out(self) -> list[tuple[int, int]]:
        """User and item of every newest claim that was neither answered nor skipped."""
        with self.database.read() as repos:
            claims = repos.session.scalars(select(Claim).order_by(Claim.id))
            newest = {(claim.user_id, claim.item_id): claim.outcome for claim in claims}
        final = (ClaimOutcome.LABELLED, ClaimOutcome.SKIPPED)
        return sorted(pair for pair, outcome in newest.items() if outcome not in final)

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
        ReviewMachine, settings=settings(max_examples=12, stateful_step_count=50, deadline=None)
    )
