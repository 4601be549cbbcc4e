"""The policy in force: who changes it, on which labels, and that nobody overwrites anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from review_app.certification.certificate import Shortfall
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.errors import (
    CalibrationError,
    ChangedSinceError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SettingsError,
)
from review_app.core.permissions import Person
from review_app.policy.governance import DetectorFacts, PolicyService
from review_app.policy.policy import Policy
from storage.enums import AuditKind, ItemState, LabelValue, PolicyState
from tests.applications import LOOSE, Deployment, deployment


def tries(place: Deployment) -> int:
    with place.app.database.read() as repos:
        return len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED))


# --- The start, and who may change anything


def test_a_new_deployment_learns_with_the_checkpoint_of_the_settings(place: Deployment) -> None:
    policy = place.app.policies.current()
    assert (policy.version, policy.state) == (1, PolicyState.LEARNING)
    assert (policy.checkpoint, policy.head) == place.app.detectors.start()
    assert place.app.policies.current() == policy
    (line,) = place.app.policies.history()
    assert (line.created_by, line.note) == ("system", "cold start")


def test_asked_for_by_many_at_once_there_is_still_one_first_policy(place: Deployment) -> None:
    together = Barrier(6)

    def ask(_: int) -> int:
        together.wait()
        return place.app.policies.current().version

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {1}
    assert len(place.app.policies.history()) == 1


def test_only_admins_touch_the_policy(place: Deployment, policies: PolicyService) -> None:
    place.calibrated()
    reviewer = place.factory.person()
    before = policies.current()
    for attempt in (
        lambda: policies.preview(reviewer, *LOOSE),
        lambda: policies.certify(reviewer, *LOOSE, audit_probability=0.1),
        lambda: policies.suspend(reviewer, "because"),
        lambda: policies.adopt(reviewer, before.checkpoint, before.head, "mine"),
    ):
        with pytest.raises(NotAllowedError):
            attempt()
    assert policies.current() == before
    assert tries(place) == 0


# --- Certifying


def test_a_preview_applies_nothing_and_spends_nothing(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    before = policies.current()
    assert "What the labels say is not looked at" in policies.preview(admin, *LOOSE)
    assert policies.current() == before
    assert tries(place) == 0


def test_nothing_that_is_free_tells_what_the_labels_say(
    place: Deployment, admin: Person, tmp_path: Path
) -> None:
    """Of two deployments one has a detector that is always right, the other one that is always
    wrong."""

    def free(place: Deployment, admin: Person) -> tuple[object, ...]:
        forecasts = place.app.forecasts
        question = replace(forecasts.usual(), risk_limit=LOOSE[0], delta=LOOSE[1])
        return (
            forecasts.preview(admin, *LOOSE),
            forecasts.progress(),
            forecasts.answer(admin, question),
            forecasts.price(admin, *LOOSE),
        )

    place.calibrated()
    with deployment(tmp_path / "wrong") as wrong:
        other = wrong.factory.admin("ada")
        wrong.scored_alike(15, 0.0, LabelValue.FAKE)
        wrong.scored_alike(15, 1.0, LabelValue.REAL)
        assert free(place, admin) == free(wrong, other)
        with pytest.raises(CalibrationError):
            wrong.certify(other)
    place.certify(admin)


def test_enough_labels_certify_both_sides(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    policy = policies.certify(admin, *LOOSE, audit_probability=0.2, note="first proof")
    assert (policy.version, policy.state) == (2, PolicyState.CERTIFIED)
    assert policy.audit_probability == 0.2
    assert {certificate.n_calibration for certificate in policy.certificates} == {30}
    assert policies.current() == policy
    newest, _ = policies.history()
    assert (newest.version, newest.state, newest.created_by) == (2, "certified", "ada")
    assert (newest.note, newest.text) == ("first proof", policies.text())


def test_labels_that_prove_nothing_change_nothing_but_count_as_a_try(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated(40)
    with pytest.raises(CalibrationError, match=r"80 known labels .* more random labels"):
        policies.certify(admin, 0.05, 0.1, 0.1)
    assert policies.current().version == 1
    assert tries(place) == 1


def test_each_try_leaves_less_confidence_to_the_next(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    levels = []
    for _ in range(3):
        real = policies.certify(admin, *LOOSE, audit_probability=0.0).real
        assert real is not None
        assert not isinstance(real, Shortfall)
        levels.append(real.level)
    assert levels == [0.125, 0.0625, 0.03125]  # half of delta a side, then half for each try


def test_targets_out_of_range_are_refused_and_are_no_try(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    for risk_limit, delta, audit in ((0, 0.1, 0.1), (0.6, 0.1, 0.1), (0.05, 0, 0), (0.05, 0.1, 2)):
        with pytest.raises(SettingsError):
            policies.certify(admin, risk_limit, delta, audit)
    assert tries(place) == 0


# --- Suspending and adopting


def test_a_suspension_closes_both_sides_and_keeps_its_reason(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    place.certify(admin)
    policy = policies.suspend(admin, "  odd batch from the new camera ")
    assert (policy.version, policy.state) == (3, PolicyState.SUSPENDED)
    assert "odd batch from the new camera" in policies.text()
    assert policies.history()[0].note == "odd batch from the new camera"
    item_id = place.scored(1.0)
    place.app.triage.run("tester")
    assert place.states()[item_id] is ItemState.IN_REVIEW


def test_a_suspension_without_a_reason_names_who_closed_it(
    policies: PolicyService, admin: Person
) -> None:
    assert policies.suspend(admin, " ").reason == "closed by ada"


def test_another_detector_starts_learning(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    place.certify(admin)
    now = policies.current()
    adopted = policies.adopt(admin, now.checkpoint, "linear", "trying the linear head")
    assert (adopted.version, adopted.state) == (3, PolicyState.LEARNING)
    assert (adopted.head, adopted.certificates) == ("linear", ())
    assert adopted.risk_limit == now.risk_limit


def test_a_detector_that_is_not_there_cannot_be_adopted(
    policies: PolicyService, admin: Person
) -> None:
    checkpoint = policies.current().checkpoint
    with pytest.raises(NotFoundError, match="no head 'oracle', only: "):
        policies.adopt(admin, checkpoint, "oracle", "")
    with pytest.raises(NotFoundError, match="never been used here"):
        policies.adopt(admin, "elsewhere-1234", "linear", "")
    assert policies.current().version == 1


# --- Several admins at once


def test_a_suspension_during_certification_stays_in_force(place: Deployment, admin: Person) -> None:
    """The suspension comes after the labels were read, at the worst moment."""
    place.calibrated()
    other = place.factory.admin("bo")

    class Facts:
        def start(self) -> tuple[str, str]:
            return place.app.detectors.start()

        def threshold_grids(
            self, checkpoint_id: str, head: str
        ) -> tuple[ThresholdGrid, ThresholdGrid]:
            place.app.policies.suspend(other, "alarm")
            return place.app.detectors.threshold_grids(checkpoint_id, head)

        def engine(self, checkpoint_id: str) -> str | None:
            return place.app.detectors.engine(checkpoint_id)

        def has_seen(self, checkpoint_id: str) -> object:
            return place.app.detectors.has_seen(checkpoint_id)

    facts: DetectorFacts = Facts()  # type: ignore[assignment]
    policies = PolicyService(place.app.database, facts)
    with pytest.raises(ChangedSinceError, match=r"version 2 \(suspended\), by bo, at .* UTC"):
        policies.certify(admin, *LOOSE, audit_probability=0.0)
    assert policies.current().state is PolicyState.SUSPENDED
    assert tries(place) == 1


def test_two_certifications_at_once_spend_two_shares_and_one_wins(
    place: Deployment, policies: PolicyService, admin: Person
) -> None:
    place.calibrated()
    policies.current()
    together = Barrier(4)

    def certify(_: int) -> Policy | ConflictError:
        together.wait()
        try:
            return policies.certify(admin, *LOOSE, audit_probability=0.0)
        except ConflictError as conflict:
            return conflict

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(certify, range(4)))
    won = [outcome for outcome in outcomes if isinstance(outcome, Policy)]
    levels = [policy.real.level for policy in won if policy.real]
    assert len(won) >= 1
    assert len(set(levels)) == len(levels), "a share of the confidence was spent twice"
    assert tries(place) == 4
    versions = [line.version for line in policies.history()]
    assert versions == list(range(len(won) + 1, 0, -1))
    assert place.chain_holds()
