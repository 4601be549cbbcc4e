"""Any sequence of images, answers, certificates, alarms and crashes keeps auto-accept honest.

After every step: whatever was accepted was accepted by a certified policy that was the newest at
that moment; every certificate rests on enough labels, none of them from before an alarm; and no
alarm is ever left without being acted on once the program has looked. In the end every item is in
one state, the one that its log ends in.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
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

from review_app.audits.reader import audit_report
from review_app.certification.bounds import zero_error_minimum
from review_app.core.errors import CalibrationError
from review_app.policy.policy import Policy
from storage.enums import AuditKind, LabelValue, PolicyState
from storage.models import DecisionRow, Item, PolicyRow
from tests.audits.audited import Audited, audited
from tests.history import last_states

SCORES = st.sampled_from([0.0, 0.5, 1.0, 1.0])
PLACES: list[Audited] = []
"""The one deployment under test; a fresh one takes seconds, so a run goes on where another ended:
that is one more sequence of events."""


class CircuitMachine(RuleBasedStateMachine):
    """A deployment, and everything that can happen to its certificates."""

    @initialize(audit=st.sampled_from([0.5, 1.0]))
    def open_place(self, audit: float) -> None:
        self.place = PLACES[0]
        self.crashed = False
        self.labels_come_in(6)
        self._certify(audit)

    @rule(n=st.integers(1, 6))
    def labels_come_in(self, n: int) -> None:
        self.place.place.calibrated(n)

    @rule(n=st.integers(1, 5), score=SCORES)
    def images_come_in(self, n: int, score: float) -> None:
        self.place.accept(n, score)
        self.crashed = False

    @rule(n=st.integers(1, 6), wrong=st.booleans())
    def people_answer(self, n: int, wrong: bool) -> None:
        for _ in range(n):
            self.place.answer(LabelValue.REAL if wrong else LabelValue.FAKE)

    @rule()
    def the_stream_turns_bad(self) -> None:
        self.images_come_in(10, 1.0)
        self.people_answer(14, wrong=True)

    @rule(n=st.integers(1, 6))
    def people_answer_and_the_power_goes_each_time(self, n: int) -> None:
        with self.place.power_goes_after_answers():
            self.people_answer(n, wrong=True)
        self.crashed = True

    @rule()
    def the_policy_is_applied_to_what_waits(self) -> None:
        self.place.app.triage.retriage("test")
        self.crashed = False

    @rule(audit=st.sampled_from([0.5, 1.0]))
    def an_admin_certifies(self, audit: float) -> None:
        self._certify(audit)

    @rule()
    def an_admin_suspends(self) -> None:
        self.place.app.policies.suspend(self.place.admin, "to be sure")

    @rule()
    def the_program_starts_again(self) -> None:
        self.place.app.breaker.check()
        self.crashed = False

    def teardown(self) -> None:
        """Every item is in the one state that its log ends in; the log tells of all steps."""
        with self.place.app.database.read() as repos:
            stored = dict(repos.session.execute(select(Item.id, Item.state)).all())
            assert last_states(repos) == stored

    @invariant()
    def only_a_certified_policy_accepts_and_only_while_it_is_the_newest(self) -> None:
        with self.place.app.database.read() as repos:
            versions = list(repos.session.scalars(select(PolicyRow).order_by(PolicyRow.version)))
            accepted = repos.session.execute(
                select(DecisionRow.policy_version, DecisionRow.decided_at).where(
                    DecisionRow.route.in_(["accept_real", "accept_fake"])
                )
            ).all()
        ends = {old.version: new.created_at for old, new in pairwise(versions)}
        state = {row.version: row.state for row in versions}
        for version, at in accepted:
            assert state[version] == PolicyState.CERTIFIED
            assert version not in ends or at <= ends[version]

    @invariant()
    def every_certificate_rests_on_enough_labels(self) -> None:
        policy = self.place.app.policies.current()
        for certificate in policy.certificates:
            least = zero_error_minimum(certificate.risk_limit, certificate.level)
            assert certificate.accepted >= least

    @invariant()
    def no_certificate_rests_on_labels_from_before_an_alarm(self) -> None:
        with self.place.app.database.read() as repos:
            alarms = [event.at for event in repos.event_history.of_kind(AuditKind.ALARM)]
            items = repos.session.scalars(select(Item.created_at)).all()
        for certificate in self.place.app.policies.current().certificates:
            at = certificate.provenance.certified_at
            before = max((alarm for alarm in alarms if alarm < at), default=None)
            fresh = [item for item in items if before is None or before <= item < at]
            assert certificate.n_calibration <= len(fresh)

    @invariant()
    def an_alarm_never_stands_beside_an_open_auto_accept(self) -> None:
        report = audit_report(self.place.app.database)
        assert report is not None
        if report.standing and not self.crashed:
            assert report.state is PolicyState.SUSPENDED

    def _certify(self, audit: float) -> Policy | None:
        """A try spends confidence; after some, nothing can be certified, which is an outcome."""
        try:
            self.place.certify(audit)
        except CalibrationError:
            return None
        return self.place.app.policies.current()


def test_no_sequence_of_events_accepts_while_suspended_or_leaves_an_item_in_two_states() -> None:
    with tempfile.TemporaryDirectory() as folder, audited(Path(folder)) as place:
        PLACES[:] = [place]
        run_state_machine_as_test(
            CircuitMachine,
            settings=settings(
                max_examples=12,
                stateful_step_count=10,
                deadline=None,
                database=None,
                derandomize=True,
            ),
        )
        with place.app.database.read() as repos:
            alarms = repos.event_history.of_kind(AuditKind.ALARM)
            certified = [row for row in repos.policies.history() if row.state == "certified"]
        assert alarms, "no sequence got as far as an alarm"
        assert any(row.created_at > alarms[0].at for row in certified), "none opened it again"
        assert place.place.chain_holds()
