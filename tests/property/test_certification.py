"""Labels that trickle in, tries, suspensions: no order of them opens auto-accept without proof.

The pure rules run as the policy service runs them, by every method, with each try counted. What the
database does with them is tested beside, in `test_circuit_states`.
"""

from __future__ import annotations

import json

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from review_app.certification.bounds import upper_bound, zero_error_minimum
from review_app.certification.certificate import CertificateMethod, Shortfall
from review_app.certification.certify import certify_policy
from review_app.certification.threshold_grid import Side
from review_app.policy.policy import Policy
from review_app.policy.routing import decide_many
from storage.enums import PolicyState
from tests.certification.cases import GRIDS, PROVENANCE, Bools, Floats, draw, start

PROBE = np.linspace(0, 1, 201)
"""Scores of images that come in after every step."""


class CertificationMachine(RuleBasedStateMachine):
    """One deployment's policy and the calibration labels it has so far."""

    @initialize(seed=st.integers(0, 2**32 - 1), method=st.sampled_from(CertificateMethod))
    def begin(self, seed: int, method: CertificateMethod) -> None:
        self.rng = np.random.default_rng(seed)
        self.method = method
        self.scores: Floats = np.empty(0)
        self.fake: Bools = np.empty(0, np.bool_)
        self.policy: Policy = start(audit_probability=0.0)
        self.tries = 0

    @rule(n=st.integers(1, 250), flipped=st.sampled_from([0.0, 0.0, 0.3]))
    def labels_come(self, n: int, flipped: float) -> None:
        scores, fake = draw(self.rng, n)
        wrong = self.rng.random(n) < flipped
        self.scores = np.concatenate([self.scores, scores])
        self.fake = np.concatenate([self.fake, fake ^ wrong])

    @rule()
    def an_admin_certifies(self) -> None:
        self.tries += 1
        found = certify_policy(
            self.scores,
            self.fake,
            *GRIDS,
            risk_limit=self.policy.risk_limit,
            delta=self.policy.delta,
            provenance=PROVENANCE,
            attempt=self.tries,
            method=self.method,
        )
        self.policy = self.policy.with_certificates(found)
        share = self.policy.delta / 2 / 2**self.tries
        assert all(held.level <= share for held in self.policy.certificates)
        for shortfall in (found.real, found.fake):
            if isinstance(shortfall, Shortfall) and shortfall.labels_expected is not None:
                assert shortfall.labels_expected > 0

    @rule()
    def an_alarm_suspends(self) -> None:
        self.policy = self.policy.suspended("too many audits were wrong")

    @rule()
    def the_program_starts_again(self) -> None:
        self.policy = Policy.from_json(json.loads(json.dumps(self.policy.to_json())))

    @invariant()
    def only_a_certified_policy_accepts(self) -> None:
        decisions = decide_many(PROBE, PROBE, self.policy, np.full(PROBE.size, 0.5))
        if self.policy.state is not PolicyState.CERTIFIED:
            assert not decisions.auto_accepted.any()
        assert not (decisions.accept_real & decisions.accept_fake).any()

    @invariant()
    def every_certificate_can_be_counted_again_on_enough_labels(self) -> None:
        for held in self.policy.certificates:
            least = zero_error_minimum(held.risk_limit, held.level)
            assert held.accepted >= least
            assert upper_bound(held.errors, held.accepted, held.level) <= held.risk_limit
            # Labels only come, so what a certificate counted is among those there are now.
            now = held.side.accepts(self.scores, held.threshold)
            wrong = self.fake if held.side is Side.REAL else ~self.fake
            assert held.n_calibration <= self.scores.size
            assert held.accepted <= now.sum()
            assert held.errors <= (now & wrong).sum()


def test_no_sequence_of_labels_tries_and_alarms_opens_auto_accept_without_proof() -> None:
    run_state_machine_as_test(
        CertificationMachine,
        settings=settings(max_examples=20, stateful_step_count=20, deadline=None),
    )
